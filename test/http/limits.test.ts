import { expect, test } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const record = { action: 'limit.tested' }
const TOO_MANY = { type: 'urn:trailproof:problem:too-many-requests', status: 429 }

/** Requests until one is answered 429; the statuses of those before. */
async function untilLimited(ask: () => Promise<Response>, atMost: number) {
  const statuses = new Set<number>()
  for (let i = 0; i < atMost; i++) {
    const response = await ask()
    if (response.status === 429) return { response, statuses: [...statuses] }
    statuses.add(response.status)
    await response.arrayBuffer()
  }
  throw new Error(`${atMost} requests, and none was answered 429`)
}

test('a key above its rate is told to come again in 1 to 3 s; other keys, probes and those who wait are served', async () => {
  const server = await testServer({ key_requests_per_second: 5 })
  const made = await server.post('/v1/keys', { name: 'other', scopes: ['read'] })
  const { token } = made.body as unknown as { token: string }
  const { response, statuses } = await untilLimited(() => server.fetch('/v1/search'), 100)
  expect(statuses).toEqual([200])
  expect(await response.json()).toMatchObject({
    ...TOO_MANY,
    detail: 'this caller: more than key_requests_per_second (5) allows',
  })
  expect(Number(response.headers.get('retry-after'))).toBeOneOf([1, 2, 3])
  expect((await server.fetch('/v1/search', { token })).status).toBe(200)
  for (const probe of ['/healthz', '/readyz', '/metrics'])
    expect((await server.fetch(probe)).status).toBe(200)
  await expect.poll(async () => (await server.fetch('/v1/search')).status, { timeout: 10_000 }).toBe(200)
})

test('an address whose keys are refused again and again is answered 429 for them, and 200 for a valid key', async () => {
  const server = await testServer({ address_failures_per_minute: 10 })
  const guess = () => server.fetch('/v1/search', { token: `tp_guess_${Math.random()}` })
  const { response, statuses } = await untilLimited(guess, 20)
  expect(statuses).toEqual([401])
  expect(await response.json()).toMatchObject(TOO_MANY)
  expect(response.headers.has('www-authenticate')).toBe(false)
  const sent = await server.fetch('/v1/events', { method: 'POST', token: 'wrong', body: '{}' })
  expect(sent.status).toBe(429)
  expect((await server.post('/v1/events', record)).status).toBe(200)
})

test('a ledger above its rate refuses whole requests, of which nothing is recorded, until they are paid for', async () => {
  const server = await testServer({ ledger_records_per_second: 100 })
  const batch = Array.from({ length: 250 }, () => record)
  expect((await server.post('/v1/events', batch)).status).toBe(200)
  const refused = await server.post('/v1/events', [record, record])
  expect(refused.body).toMatchObject({
    ...TOO_MANY,
    detail: expect.stringContaining('ledger main') as string,
  })
  expect(await sizeOf(server)).toBe(250)
  await expect
    .poll(async () => (await server.post('/v1/events', record)).status, { timeout: 10_000 })
    .toBe(200)
  expect(await sizeOf(server)).toBe(251)
})

test('calls of gRPC are counted as requests are', async () => {
  const settings = {
    key_requests_per_second: 1,
    address_failures_per_minute: 1,
    ledger_records_per_second: 1,
  }
  const server = await testServer(settings)
  const { logEvents, search } = AuditService.method
  const limited = {
    code: 8,
    info: { reason: 'TOO_MANY_REQUESTS' },
    retry: { retryDelay: expect.anything() as unknown },
  }
  const stranger = new GrpcClient(server.url, { token: 'wrong' })
  const failures = []
  for (let i = 0; i < 3; i++) failures.push(await failureOf(stranger.call(search, {})))
  expect(failures.map(({ code }) => code)).toEqual([16, 16, 8])
  expect(failures[2]).toMatchObject(limited)

  const client = new GrpcClient(server.url)
  const events = Array.from({ length: 10 }, () => record)
  await client.call(logEvents, { events })
  expect(await failureOf(client.call(logEvents, { events }))).toMatchObject({
    ...limited,
    message: expect.stringContaining('ledger main') as string,
  })
  const answers = await Promise.allSettled(Array.from({ length: 5 }, () => client.call(search, {})))
  const refused = answers.find(({ status }) => status === 'rejected') as PromiseRejectedResult
  expect(await failureOf(Promise.reject(refused.reason as Error))).toMatchObject({
    ...limited,
    message: expect.stringContaining('this caller') as string,
  })
})

async function sizeOf(server: TestServer): Promise<number> {
  return (await server.get<{ size: number }>('/v1/ledgers/main')).size
}
