import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mapRecord } from '../record/map-record.ts'
import { QUERY_FIELDS } from './field-list.ts'
import { fieldValues } from './field-values.ts'
import { resolveField, suggestField } from './fields.ts'
import { recordMatcher } from './match-record.ts'
import { parseQuery } from './parse-query.ts'

test('every name means one field', () => {
  const names = QUERY_FIELDS.flatMap(({ name, aliases }) => [name, ...aliases])
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  for (const field of QUERY_FIELDS)
    for (const name of [field.name, ...field.aliases]) {
      expect(resolveField(name), name).toBe(field)
      expect(resolveField(name.toUpperCase()), name).toBe(field)
    }
})

test('spec/query.md lists every field', () => {
  const page = readFileSync('spec/query.md', 'utf8')
  for (const { name, type, aliases } of QUERY_FIELDS)
    expect(page).toContain(
      `| \`${name}\` | ${type} | ${aliases.map((alias) => `\`${alias}\``).join(' ')} |\n`,
    )
})

test.each([
  ['labels.Team', 'labels.Team'],
  ['LABEL.Team', 'labels.Team'],
  ['target.id', 'targets.id'],
  ['Target.ID', 'targets.id'],
  ['step.name', 'internal_steps.name'],
  ['details.reason', 'metadata.details.reason'],
  ['metadata.__proto__.x', 'metadata.__proto__.x'],
  ['constructor', undefined],
  ['labels.', undefined],
  ['.labels', undefined],
  ['service.name', undefined],
  ['', undefined],
])('%j names the field %j', (name, canonical) => {
  expect(resolveField(name)?.name).toBe(canonical)
})

test.each([
  ['actoor', 'actor'],
  ['Outcom', 'outcome'],
  ['lable.team', 'label.team'],
  ['timestmap', 'timestamp'],
  ['lats', 'last'],
  ['zzz', undefined],
])('for %j it suggests %j', (name, near) => {
  expect(suggestField(name)).toBe(near)
})

/** What the replaced systems send (reference of their fields: spec/record.md, "Aliases"). */
const AUDIT_EVENT = {
  timestamp: '2026-08-01T12:00:00Z',
  event_type: 'auth_attempt',
  service: 'auth-service',
  user_id: 'u-1',
  entity_id: 'e-2',
  request_id: 'r-3',
  ip_address: '10.0.0.1',
  user_agent: 'curl/8',
  resource: 'authentication',
  action: 'login',
  result: 'blocked',
  trace_id: 't-4',
  span_id: 's-5',
  details: { reason: 'mfa' },
  error: 'invalid password',
}
const REQUEST_LOG = {
  service: 'gateway',
  level: 'warning',
  message: 'GET /users',
  method: 'GET',
  path: '/users',
  status: 404,
  duration_ms: 12,
  email: 'a@example.com',
  operation: 'list',
}
const GOTRAIL = {
  trace_id: 't-1',
  service_name: 'orders',
  environment: 'prod',
  request: { method: 'POST', path: '/orders' },
  response: { status: 201 },
  latency_ms: 40,
  internal_steps: [{ name: 'validate' }],
  integrations: [{ type: 'http', name: 'GET bank/rates' }],
  errors: [{ message: 'slow' }],
  metadata: { cart: 'c-1' },
  hash: 'abcd',
  prev_hash: '0123',
}

test.each([
  [
    AUDIT_EVENT,
    'event_type:auth_attempt service:auth-service user_id:u-1 entity_id:e-2 request_id:r-3 ip_address:10.0.0.1',
  ],
  [AUDIT_EVENT, 'user_agent:curl resource:authentication result:blocked trace_id:t-4 span_id:s-5'],
  [AUDIT_EVENT, 'details.reason:mfa error:password event_type:authentication.login timestamp:2026-08-01'],
  [
    { service: 's', event_type: 'user_creation', result: 'success' },
    'event_type:user_creation result:success',
  ],
  [{ service: 's', level: 'error', message: 'User login attempt' }, 'level:error message:login service:s'],
  [
    REQUEST_LOG,
    'level:warning method:get path:/users status:404 duration_ms:12 email:a@example.com operation:list',
  ],
  [
    GOTRAIL,
    'service_name:orders method:POST path:/orders status:201 step:validate integration:http error:slow',
  ],
  [GOTRAIL, 'environment:prod latency_ms:40 metadata.cart:c-1 hash:abcd prev_hash:0123 request.method:post'],
])('%o is found by its old names', (sent, query) => {
  const mapped = mapRecord(sent)
  if (mapped.kind === 'problem') throw new Error(mapped.problems[0]!.message)
  const { core, personal } = mapped.record
  for (const term of query.split(' ')) {
    const matches = recordMatcher(parseQuery(term).filter, { nowMs: 0 })
    expect(matches({ core, personal, recordedAt: 0 }), term).toBe(true)
  }
})

test('the values of a field are its texts, numbers and truth values, wherever they stand', () => {
  const record = {
    core: { stream: { id: 's' } },
    personal: {
      labels: { a: null, 'b.c': true },
      metadata: { x: [[1], { y: 2 }, 'z'], stream: { id: 'm' } },
    },
    recordedAt: 1_500_000,
  }
  const values = (name: string) => fieldValues(record, resolveField(name)!)
  expect(values('labels.a')).toEqual([])
  expect(values('labels.b.c')).toEqual([true])
  expect(values('metadata.x')).toEqual([1, 'z'])
  expect(values('metadata.x.y')).toEqual([2])
  expect(values('stream.id')).toEqual(['s'])
  expect(values('recorded_at')).toEqual(['1970-01-01T00:00:01.500Z'])
})
