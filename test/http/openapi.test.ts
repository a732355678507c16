import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { type FuzzedRequest, type Operation, operationsOf, RequestFuzzer } from '../support/fuzz-requests.ts'
import { seededRandom } from '../support/random.ts'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'

/** TRAILPROOF_FUZZ_REQUESTS asks for more of them, TRAILPROOF_FUZZ_SEED for the same ones again. */
const REQUESTS = Number(process.env['TRAILPROOF_FUZZ_REQUESTS'] ?? 10_000)
const AT_ONCE = 16
/**
 * They take what opens something once, the digest of what somebody else has asked for, or a provider that is not there:
 * test/identity and test/approvals have them.
 */
const NEVER_FINE = new Set([
  'POST /v1/session',
  'DELETE /v1/session',
  'POST /v1/session/refresh',
  'DELETE /v1/sessions/{id}',
  'PUT /v1/me/password',
  'POST /v1/invitations/accept',
  'POST /v1/approvals/{id}/approve',
  'GET /v1/oidc/login',
  'GET /v1/oidc/callback',
])
const HASH = '$2b$05$kEsCTd7oXXKcqZKDX3kJ5Oz9zygOAKyaN931wkXa3D838LX3CmL4y'
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

async function filled(server: TestServer): Promise<string[]> {
  const records = Array.from({ length: 300 }, (_, i) => ({
    action: i % 2 === 0 ? 'payment.created' : 'order.placed',
    service: 'shop',
    outcome: i % 5 === 0 ? 'failure' : 'success',
    actor: { type: 'user', id: `u-${i % 7}` },
    targets: [{ type: 'order', id: `o-${i % 9}` }],
    message: `said ${i}`,
    ...(i < 5 && {
      trace_id: TRACE,
      kind: 'trail',
      span_id: `${i}`,
      parent_span_id: `${i - 1}`,
      latency_ms: i,
    }),
  }))
  const { body } = await server.post('/v1/events?wait=index', records)
  await server.post('/v1/ledgers', { name: 'tenant-a' })
  return body.receipts.slice(0, 20).map(({ id }) => id)
}

/** Approvals that wait, by their ids. */
async function askedFor(server: TestServer, ids: readonly string[]): Promise<string[]> {
  const asked = ids.map(async (id) => {
    const { body } = await server.post('/v1/erasures', { ids: [id], authority: 'a', reason: 'r' })
    return (body['approval'] as { id: string }).id
  })
  return await Promise.all(asked)
}

/** Holds of no record, by their names. */
async function held(server: TestServer): Promise<string[]> {
  const names = Array.from({ length: 30 }, (_, i) => `hold-${i}`)
  for (const name of names)
    await server.post('/v1/holds', { name, authority: 'a', reason: 'r', query: 'action:nothing' })
  return names
}

async function tokenFor(server: TestServer, ...scopes: string[]): Promise<string> {
  const { body } = await server.post('/v1/keys', { name: scopes.join(), scopes })
  return body['token'] as string
}

test('every operation answers 10,000 generated requests as its description says, and none with a fault of its own', {
  timeout: 600_000,
}, async () => {
  const random = seededRandom('TRAILPROOF_FUZZ_SEED')
  const asking = await testServer({ approvals: 'two' })
  const ids = await filled(asking)
  const approvals = await askedFor(asking, ids)
  const server = await asking.restart({ approvals: 'one' })
  const holds = await held(server)
  const bad = await server.post(
    '/v1/events',
    Array.from({ length: 50 }, (_, no) => ({ no })),
  )
  const quarantined = bad.body.receipts.map((receipt) => receipt.quarantine_id!)
  const users: string[] = []
  const invitations: string[] = []
  const keys: string[] = []
  for (let i = 0; i < 30; i++) {
    const email = `to-be-removed-${i}@example.com`
    const user = { email, name: 'N', password_hash: HASH, roles: ['viewer'] }
    users.push((await server.post('/v1/users', user)).body['id'] as string)
    const invited = await server.post('/v1/invitations', {
      email: `invited-${i}@example.com`,
      roles: ['viewer'],
    })
    invitations.push(invited.body['id'] as string)
    const made = await server.post('/v1/keys', { name: 'to be revoked', scopes: ['ingest'] })
    keys.push(made.body['prefix'] as string)
  }
  const tokens = [
    ADMIN_TOKEN,
    ADMIN_TOKEN,
    ADMIN_TOKEN,
    await tokenFor(server, 'read'),
    await tokenFor(server, 'ingest'),
  ]
  const description = await server.get('/docs/json')
  const operations = operationsOf(description)
  const fuzzer = new RequestFuzzer(
    random,
    {
      id: [...ids, 'u-1', 'o-1'],
      'quarantine.id': quarantined,
      'approvals.id': approvals,
      'holds.name': holds,
      'saved.name': ['mine', 'yours'],
      'keys.prefix': keys,
      'users.id': users,
      'invitations.id': invitations,
      email: Array.from({ length: 300 }, (_, i) => `fuzzed-${i}@example.com`),
      password_hash: [HASH],
      roles: ['viewer', 'producer'],
      ids,
      name: ['main', 'main', 'main.access', 'tenant-a', 'fuzz-1', 'fuzz-2', 'nope'],
      ledger: ['main', 'main', 'tenant-a', 'main.access'],
      index: ['0', '1', '299', '300'],
      field: ['actor', 'action', 'service', 'latency_ms', 'labels.a', 'nope'],
      fields: ['actor,action', 'service', 'message,labels.a', 'nope'],
      by: ['outcome', 'service', 'actor', 'target', 'trace', 'ip'],
      trace_id: [TRACE, 'ff'.repeat(16)],
      type: ['order', 'payment'],
      prefix: ['u', 'pay', '00000000'],
      cursor: ['abc', ''],
      from: ['0', '2026-01-01T00:00:00Z', 'yesterday'],
      to: ['2030-01-01T00:00:00Z', '299'],
      last: ['15m', '7d', '1y', '0s'],
      tz: ['UTC', 'Europe/Berlin', 'Mars/Olympus'],
      at: ['2026-01-01T00:00:00Z', 'now'],
      q: [
        'actor:u-1',
        'action:payment.* outcome:failure last:15m',
        'said "said 1" -service:x (a OR b)',
        'latency_ms:>1 | sort latency_ms desc',
        'actor:u-1 | top 3 action',
        '| timeline 1h by outcome',
        '| count by service,outcome',
        'has:message | fields id,message',
        '$saved',
        'message:/sa.d/',
        'actr:u-1',
        'a:(b',
      ],
      query: [
        'sum by (outcome) (rate(trailproof_events[5m]))',
        'topk(3, sum by (actor) (trailproof_events{service="shop"})) > 1',
        'trailproof_events{actor="u-1"} offset 1m',
        'trailproof_events{q="said"}',
        '1 + 1',
        'sum(',
        'up',
      ],
      'match[]': ['trailproof_events{service="shop"}', 'trailproof_events', 'up{'],
      // Mostly such as go together: a range must come out of them now and then.
      start: ['1790000000', '1790000000', '1790000000', '2026-01-01T00:00:00Z'],
      end: ['1790003600', '1790003600', '1790003600', '2026-01-01T01:00:00Z', '2030-01-01T00:00:00Z'],
      step: ['60', '60', '5m', '1', '0'],
      time: ['1790000000', '2026-01-01T00:00:00Z', 'noon'],
      timeout: ['5s', '30s', '0.1', 'x'],
      '*': ['0/000', '0/000.p/3', 'entries/000.p/200', '0/001', '9/000', 'x/y', '0/000.p/999', '../../x'],
    },
    tokens,
  )
  const judge = judgeOf(description)
  const faults: string[] = []
  const answered = new Map<string, Set<number>>()
  const wasFine = (operation: Operation): boolean =>
    [...(answered.get(nameOf(operation)) ?? [])].some((status) => status < 300)
  // It would prove little if requests only ever failed: those that did by chance have as many once more.
  const unlucky = (): readonly Operation[] =>
    operations.filter((operation) => !NEVER_FINE.has(nameOf(operation)) && !wasFine(operation))
  let sent = 0
  const worker = async (): Promise<void> => {
    while (sent < 2 * REQUESTS && faults.length < 5) {
      const candidates = sent < REQUESTS ? operations : unlucky()
      if (candidates.length === 0) return
      const operation = candidates[sent++ % candidates.length]!
      const request = fuzzer.request(operation)
      const { status, fault } = await ask(server, request, judge)
      const name = nameOf(operation)
      answered.set(name, (answered.get(name) ?? new Set()).add(status))
      if (fault && !isOwnTimeout(fault, request))
        faults.push(
          `${fault}\n${request.init.method} ${request.path.slice(0, 500)} ${request.init.body?.slice(0, 300)}`,
        )
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  expect(faults, `seed ${random.seed}`).toEqual([])
  expect(unlucky().map((operation) => [nameOf(operation), answered.get(nameOf(operation))])).toEqual([])
  expect(answered.size).toBe(operations.length)
  expect((await server.get<{ size: number }>('/v1/ledgers/main')).size).toBeGreaterThanOrEqual(300)
})

function nameOf({ method, path }: Operation): string {
  return `${method} ${path}`
}

/** A time of its own was asked for, and on a busy machine a short one is over: 503, as Prometheus says it. */
function isOwnTimeout(fault: string, { path, init }: FuzzedRequest): boolean {
  return fault.includes('"errorType":"timeout"') && `${path} ${init.body ?? ''}`.includes('timeout')
}

type Judge = (
  request: FuzzedRequest,
  status: number,
  type: string,
  body: string | undefined,
) => string | undefined

async function ask(server: TestServer, { operation, path, init }: FuzzedRequest, judge: Judge) {
  const abort = new AbortController()
  const response = await fetch(server.url + path, { ...init, signal: abort.signal })
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  const isEndless = type === 'text/event-stream'
  const body = isEndless ? undefined : await response.text()
  if (isEndless) abort.abort()
  return { status: response.status, fault: judge({ operation, path, init }, response.status, type, body) }
}

/** What is wrong with an answer, when something is. */
function judgeOf(description: unknown): Judge {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false })
  ajv.addSchema(description as object, 'api')
  return ({ operation: { method, path, responses } }, status, type, body) => {
    if (status >= 500 && status !== 503) return `${status} ${body}`
    if (status === 503 && path !== '/readyz') return `503 ${body}`
    const declared = [String(status), `${Math.floor(status / 100)}XX`].find((name) => name in responses)
    if (declared === undefined) return `status ${status} is not described: ${body?.slice(0, 500)}`
    const content = responses[declared]!.content
    if (content === undefined) return body === '' ? undefined : `${status} should have no body: ${body}`
    if (!(type in content)) return `${status} as ${type} is not described: ${body?.slice(0, 500)}`
    if (!/^application\/(?:problem\+)?json$/.test(type) || body === undefined) return undefined
    const place = ['paths', path, method.toLowerCase(), 'responses', declared, 'content', type, 'schema']
    const validate = ajv.getSchema(`api#/${place.map(escaped).join('/')}`)!
    let value: unknown
    try {
      value = JSON.parse(body)
    } catch {
      return `${status} is not JSON: ${body}`
    }
    return validate(value)
      ? undefined
      : `${status} ${ajv.errorsText(validate.errors)}: ${body.slice(0, 1000)}`
  }
}

/** A step of a JSON Pointer in the fragment of an address. */
function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
