import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  canonicalJson,
  compileRedaction,
  type Item,
  parseBody,
  READ_LIMITS,
  readRecord,
} from '@trailproof/core'
import { prepareRecord } from '@trailproof/core/schema'
import { expect, test } from 'vitest'
import { sha256 } from '../../process/sha256.ts'
import { itemOfEvent } from './event-item.ts'
import { AuditEventSchema } from './gen/audit/v1/audit_pb.ts'
import { eventOfRecord } from './record-event.ts'

const ID = '0198319c-2a3d-7abc-8def-0123456789ab'
const base = { id: ID, service: 'shop', timestamp: '2026-01-31T12:00:00.123Z', action: 'order.placed' }

/** The item of an event as it comes over the wire. */
function received(event: MessageInitShape<typeof AuditEventSchema>): Item {
  const bytes = toBinary(AuditEventSchema, create(AuditEventSchema, event))
  return itemOfEvent(fromBinary(AuditEventSchema, bytes), 0, READ_LIMITS)
}

const context = {
  receivedAt: '2026-01-31T12:00:01.000Z',
  redaction: compileRedaction(),
  sha256,
  dedupeKey: new Uint8Array(32),
  idKey: new Uint8Array(32),
  position: 0,
  newId: () => ID,
}

function prepared(item: Item) {
  const record = prepareRecord(item, context)
  if (record.kind === 'problem') throw new Error(JSON.stringify(record.problems))
  return record
}

const RECORDS: Record<string, object> = {
  'the least there is': base,
  'a time in another zone': { ...base, timestamp: '2026-01-31T14:00:00+02:00' },
  nanoseconds: { ...base, timestamp: '2026-01-31T12:00:00.123456789Z' },
  'zeros after the second': { ...base, timestamp: '2026-01-31T12:00:00.000Z' },
  'a leap second': { ...base, timestamp: '2016-12-31T23:59:60Z' },
  'a time before 1970': { ...base, timestamp: '1969-12-31T23:59:59.5Z' },
  'every field': {
    ...base,
    kind: 'trail',
    outcome: 'denied',
    environment: 'production',
    service_version: '1.2.3',
    host: 'pod-7',
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    span_id: '00f067aa0ba902b7',
    parent_span_id: '00f067aa0ba902b8',
    request_id: 'r-1',
    session_id: 's-1',
    causation_id: 'c-1',
    reason: 'no right to',
    severity: 'warn',
    message: 'Größe',
    latency_ms: 12.5,
    actor: {
      type: 'user',
      id: 'u-1',
      name: 'Ada',
      email: 'ada@example.com',
      roles: ['admin', 'member'],
      auth: { method: 'oidc', mfa: true, key_id: 'k-1' },
      on_behalf_of: { id: 'u-2' },
      department: 7,
    },
    targets: [
      { type: 'order', id: 'o-1', name: 'First', parent: { type: 'shop', id: 's' } },
      { type: 'order', id: null },
    ],
    changes: [
      { path: '/status', old: null, new: { a: [1, 2.5] }, redacted: false, by: 'rule' },
      { path: '' },
    ],
    source: { ip: '10.0.0.1', forwarded: ['1.1.1.1'], user_agent: 'x', port: 8 },
    labels: { team: 'a', level: 3, hot: true, none: null },
    metadata: { note: 'text', n: 1, deep: { list: [null, 'x'] }, empty: '' },
    request: { method: 'POST', path: '/orders', headers: { accept: '*/*' } },
    response: { status: 403 },
    internal_steps: [{ name: 'check', ms: 1 }],
    integrations: [{ system: 'db' }],
    errors: [{ message: 'no' }],
    stream: { id: 'p-1', seq: 9_007_199_254_740_991, prev_hash: 'aa', hash: 'bb' },
    redacted: ['/request/headers/x'],
    truncated: [{ path: '/message', size: 100_000, sha256: 'ab' }],
  },
  'what a message cannot say': {
    ...base,
    host: '',
    actor: { id: null, roles: [], auth: null, name: 'x' },
    source: { forwarded: null },
    labels: {},
    metadata: {},
  },
  'an auth with members of its own': { ...base, actor: { auth: { method: 'x', level: 3 } } },
  'an auth with null': { ...base, actor: { auth: { method: null } } },
  'a trail that says little': { ...base, kind: 'trail', environment: 'test' },
  'a log line': { id: ID, service: 'shop', timestamp: base.timestamp, message: 'hello', severity: 'info' },
}

test.each(Object.entries(RECORDS))(
  '%s: read as an event and sent again, it is the same record',
  (_, record) => {
    const body = parseBody(Buffer.from(JSON.stringify(record)), 'json')
    if (body.kind === 'refused') throw new Error(body.problem.message)
    const first = prepared(body.items[0]!)
    const place = { ledger: 'main', index: 7, recordedAt: '2026-01-31T12:00:02.000000Z' }
    const event = eventOfRecord(readRecord(first.core, first.personal, place))
    const again = prepared(received(event))
    expect(JSON.parse(again.personal)).toEqual(JSON.parse(first.personal))
    expect(again.core).toBe(first.core)
    expect(again.digest).toEqual(first.digest)
  },
)

test('numbers that a double would change stay exact, and are named', () => {
  const item = received({ action: 'a.b', metadataJson: '{"n":12345678901234567890,"list":[0.1,1e400]}' })
  expect(item).toMatchObject({
    kind: 'problem',
    problems: [{ field: '/metadata/list/1', code: 'number_overflow' }],
  })
  const exact = received({ action: 'a.b', metadataJson: '{"n":12345678901234567890}' })
  expect(exact).toMatchObject({
    coerced: ['/metadata/n'],
    value: { metadata: { n: '12345678901234567890' } },
  })
})

test('the old fields fill in ids, or say the same', () => {
  expect(received({ actor: 'u-1', resource: 'o-1', action: 'a.b' })).toMatchObject({
    value: { actor: { id: 'u-1' }, targets: [{ id: 'o-1' }] },
  })
  const both = { action: 'a.b', actorDetails: { name: 'Ada' }, targets: [{ type: 'order' }] }
  expect(received({ ...both, actor: 'u-1', resource: 'o-1' })).toMatchObject({
    value: { actor: { id: 'u-1', name: 'Ada' }, targets: [{ id: 'o-1', type: 'order' }] },
  })
  expect(received({ action: 'a.b', actor: 'u-1', actorDetails: { id: 'u-2' } })).toMatchObject({
    problems: [{ field: '/actor/id', code: 'value' }],
  })
  expect(received({ action: 'a.b', resource: 'o-1', targets: [{ id: 'o-2' }] })).toMatchObject({
    problems: [{ field: '/targets/0/id', code: 'value' }],
  })
})

const deep = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)

test.each<[string, MessageInitShape<typeof AuditEventSchema>, string]>([
  ['text that is not JSON', { metadataJson: '{"a":' }, '/metadata json'],
  ['nothing for JSON', { requestJson: '' }, '/request json'],
  ['JSON that is no object', { metadataJson: '[1]' }, '/metadata type'],
  ['a key twice', { labelsJson: '{"a":1,"a":2}' }, '/labels/a duplicate_key'],
  ['a member in both places', { metadata: { a: '1' }, metadataJson: '{"a":2}' }, '/metadata/a duplicate_key'],
  ['an id in both places', { actorDetails: { id: 'x', moreJson: '{"id":"y"}' } }, '/actor/id duplicate_key'],
  [
    '__proto__ as a key of JSON',
    { metadataJson: '{"__proto__":{"admin":true}}' },
    '/metadata/__proto__ forbidden_key',
  ],
  ['too much nesting', { requestJson: deep(64) }, ''],
  ['a time beyond the year 9999', { timestamp: { seconds: 253_402_300_800n } }, '/timestamp value'],
  ['a negative nanosecond', { timestamp: { nanos: -1 } }, '/timestamp value'],
  ['a text that is no time', { timestampText: 'noon' }, '/timestamp value'],
  ['NaN for a duration', { latencyMs: NaN }, '/latency_ms'],
  ['no end of a duration', { latencyMs: Infinity }, '/latency_ms'],
  ['a number no schema has', { kind: 99 as never }, '/kind'],
  ['an outcome no schema has', { outcome: -1 as never }, '/outcome'],
  ['a number beyond 2^53 in a stream', { stream: { id: 'p', seq: 2n ** 60n } }, '/stream/seq'],
  ['a label that is an object', { labelsJson: '{"a":{}}' }, '/labels/a'],
])('names %s', (_, event, named) => {
  const item = received({ action: 'a.b', ...event })
  const record = item.kind === 'problem' ? item : prepareRecord(item, context)
  if (record.kind !== 'problem') throw new Error('it was taken')
  const [problem] = record.problems
  expect(`${problem!.field} ${problem!.code}`).toContain(named)
  expect(item.source.length).toBeGreaterThan(10)
})

test('__proto__ as a key of a map is refused, and never a prototype', () => {
  // map entry {key "__proto__", value "x"} of field 6, and of field 27
  for (const tag of [0x32, 0xda]) {
    const entry = Buffer.concat([
      Buffer.from([0x0a, 9]),
      Buffer.from('__proto__'),
      Buffer.from([0x12, 1, 0x78]),
    ])
    const bytes = Buffer.concat([
      Buffer.from(tag === 0x32 ? [tag] : [tag, 1]),
      Buffer.from([entry.length]),
      entry,
    ])
    const item = itemOfEvent(fromBinary(AuditEventSchema, bytes), 0, READ_LIMITS)
    expect(item).toMatchObject({ kind: 'problem', problems: [{ code: 'forbidden_key' }] })
  }
})

test('the same record has the same bytes over HTTP and over gRPC', () => {
  const json =
    '{"id":"' + ID + '","action":"a.b","timestamp":"2026-01-31T12:00:00.123Z","metadata":{"a":"1","n":2}}'
  const body = parseBody(Buffer.from(json), 'json')
  if (body.kind === 'refused') throw new Error(body.problem.message)
  const overGrpc = received({
    id: ID,
    action: 'a.b',
    timestamp: { seconds: 1_769_860_800n, nanos: 123_000_000 },
    metadata: { a: '1' },
    metadataJson: '{"n":2}',
  })
  expect(prepared(overGrpc).digest).toEqual(prepared(body.items[0]!).digest)
  expect(canonicalJson(JSON.parse(overGrpc.source))).toBe(canonicalJson(JSON.parse(json)))
})
