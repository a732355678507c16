/** Two servers on one database: the same ledgers, whichever is asked, and one that ends is missed by nobody. */
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type KafkaBroker, startKafka } from '../support/kafka-broker.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { serverCluster } from '../support/server-cluster.ts'
import type { TestServer } from '../support/test-server.ts'

const PATIENCE = { timeout: 40_000, interval: 50 }

let postgres: PostgresServer
let kafka: KafkaBroker
let redis: RedisServer
beforeAll(async () => {
  ;[postgres, kafka, redis] = await Promise.all([startPostgres(), startKafka(), startRedis()])
}, 120_000)
afterAll(() => Promise.all([postgres, kafka, redis].map((service) => service[Symbol.asyncDispose]())))

const cluster = async (intake: (place: string) => string) => (await serverCluster(postgres.url, intake)).start

const sizeOf = async (server: TestServer): Promise<number> =>
  (await server.get<{ size: number }>('/v1/ledgers/main')).size

/** Of the checkpoint for witnesses. */
async function servedSize(server: TestServer): Promise<number> {
  return Number((await (await server.fetch('/ledgers/main/checkpoint')).text()).split('\n')[1])
}

/** Sent until it is answered, as the SDK does. */
async function record(server: TestServer, action: string): Promise<void> {
  const id = uuidv7()
  await vi.waitUntil(async () => (await server.post('/v1/events', { id, action })).status === 200, PATIENCE)
}

const numbered = (id: string, seq: number, action = 'a.b') => JSON.stringify({ action, stream: { id, seq } })

const gaps = async (server: TestServer) => JSON.stringify(await server.get('/v1/search?q=action:stream.gap'))

describe('without a broker', { timeout: 90_000 }, () => {
  test('the second server stands by, and goes on where the first one ended', async () => {
    const start = await cluster(() => 'direct')
    const first = await start()
    await record(first, 'order.placed')
    let isUp = false
    const starting = start().then((server) => {
      isUp = true
      return server
    })
    await record(first, 'order.paid')
    expect(isUp).toBe(false)
    await first.running.stop()
    const second = await starting
    await record(second, 'order.sent')
    expect(await sizeOf(second)).toBe(3)
    expect(JSON.stringify(await second.get('/v1/search?min_index=2'))).toContain('order.placed')
  })
})

describe.each([
  [
    'kafka',
    (place: string) => `kafka://${kafka.address}/${place}?group=${place}&partitions=4&session_ms=6000`,
  ],
  ['redis', (place: string) => `${redis.url}/0?prefix=${place}&shards=4&lease_ms=1000`],
])('through %s', (_, intake) => {
  test('what is written to either is found on both', { timeout: 90_000 }, async () => {
    const start = await cluster(intake)
    const servers = [await start(), await start()] as const
    await Promise.all(Array.from({ length: 30 }, (__, i) => record(servers[i % 2]!, `order.placed-${i % 2}`)))
    for (const server of servers) {
      await vi.waitUntil(async () => (await sizeOf(server)) === 30, PATIENCE)
      const found = await server.get<{ entries: unknown[] }>('/v1/search?min_index=29&limit=100')
      expect(JSON.stringify(found).match(/order\.placed-[01]/g)?.length).toBeGreaterThanOrEqual(30)
    }
  })

  test('a checkpoint that one has signed the other serves soon after, whoever wrote before', {
    timeout: 90_000,
  }, async () => {
    const start = await cluster(intake)
    const servers = [await start(), await start()] as const
    for (let size = 1; size <= 4; size++) {
      await record(servers[size % 2]!, 'order.placed')
      for (const server of servers)
        await vi.waitUntil(async () => (await servedSize(server)) === size, PATIENCE)
    }
  })

  test('a ledger and a key that one makes are the other’s too', { timeout: 90_000 }, async () => {
    const start = await cluster(intake)
    const [one, other] = [await start(), await start()]
    expect((await one.post('/v1/ledgers', { name: 'acme' })).status).toBe(201)
    const made = await one.post('/v1/keys', { name: 'till', ledger: 'acme', scopes: ['ingest'] })
    const token = made.body['token'] as string
    const send = async (): Promise<number> => {
      const init = { method: 'POST', body: '{"action":"order.placed"}', token }
      return (await other.fetch('/v1/events', init)).status
    }
    await vi.waitUntil(async () => (await send()) === 200, PATIENCE)
    const prefix = token.split('_')[1]!
    expect((await one.fetch(`/v1/keys/${prefix}`, { method: 'DELETE' })).status).toBeLessThan(300)
    await vi.waitUntil(async () => (await send()) === 401, PATIENCE)
  })

  test('what one erases, the other finds no more', { timeout: 90_000 }, async () => {
    const start = await cluster(intake)
    const [one, other] = [await start(), await start()]
    const { body } = await one.post('/v1/events', {
      action: 'user.joined',
      actor: { type: 'user', id: 'u-77' },
    })
    const find = async (): Promise<string> =>
      JSON.stringify(await other.get(`/v1/search?q=${encodeURIComponent('actor:u-77')}`))
    await vi.waitUntil(async () => (await find()).includes('user.joined'), PATIENCE)
    const request = {
      ledger: 'main',
      ids: [body.receipts[0]!.id],
      authority: 'GDPR Art. 17',
      reason: 'asked for',
    }
    expect((await one.post('/v1/erasures', request)).status).toBe(200)
    await vi.waitUntil(async () => !(await find()).includes('user.joined'), PATIENCE)
    await record(other, 'order.placed')
  })

  test('a number that one has put into quarantine is missing for neither', { timeout: 90_000 }, async () => {
    const start = await cluster(intake)
    const settings = { gap_quiet_seconds: 1 }
    const [one, other] = [await start(settings), await start(settings)]
    const batch = [
      numbered('kept', 1),
      numbered('kept', 2, 'no action of this kind'),
      numbered('kept', 3),
      numbered('lost', 1),
      numbered('lost', 3),
    ].join('\n')
    const headers = { 'content-type': 'application/x-ndjson' }
    await vi.waitUntil(async () => (await one.post('/v1/events', batch, headers)).status === 200, PATIENCE)
    for (const server of [one, other])
      await vi.waitUntil(async () => (await gaps(server)).includes('lost'), PATIENCE)
    expect(await gaps(other)).not.toContain('kept')
  })

  test('one ends under load: every record that was answered is there, once', {
    timeout: 120_000,
  }, async () => {
    const start = await cluster(intake)
    const [one, other] = [await start(), await start()]
    const ids: string[] = []
    let isStopping = false
    const client = async (name: number): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        const id = `01890a5d-ac96-774b-bc${String(name).padStart(2, '0')}-${String(i).padStart(12, '0')}`
        await vi.waitUntil(async () => {
          const { status } = await (name % 2 === 0 && !isStopping ? one : other)
            .post('/v1/events', { id, action: 'order.placed' })
            .catch(() => ({ status: 0 }))
          return status === 200
        }, PATIENCE)
        ids.push(id)
      }
    }
    const clients = Array.from({ length: 8 }, (__, name) => client(name))
    await vi.waitUntil(() => ids.length > 40, PATIENCE)
    isStopping = true
    await one.running.stop()
    await Promise.all(clients)
    expect(new Set(ids).size).toBe(160)
    await vi.waitUntil(async () => (await sizeOf(other)) >= 160, PATIENCE)
    expect(await sizeOf(other)).toBe(160)
  })
})
