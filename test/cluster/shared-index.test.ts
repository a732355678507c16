/** Several servers on one search index: one moves it on, all search it. */
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type OpenSearchNode, startOpenSearch } from '../support/opensearch-node.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type ServerCluster, serverCluster } from '../support/server-cluster.ts'
import type { TestServer } from '../support/test-server.ts'

const PATIENCE = { timeout: 40_000, interval: 50 }

let postgres: PostgresServer
let redis: RedisServer
let opensearch: OpenSearchNode
beforeAll(async () => {
  ;[postgres, redis, opensearch] = await Promise.all([startPostgres(), startRedis(), startOpenSearch()])
}, 120_000)
afterAll(() => Promise.all([postgres, redis, opensearch].map((service) => service[Symbol.asyncDispose]())))

const newCluster = (): Promise<ServerCluster> =>
  serverCluster(postgres.url, (place) => `${redis.url}/0?prefix=${place}&shards=4&lease_ms=1000`)

async function record(server: TestServer, event: Record<string, unknown>): Promise<string> {
  const id = uuidv7()
  await vi.waitUntil(async () => (await server.post('/v1/events', { id, ...event })).status === 200, PATIENCE)
  return id
}

const found = async (server: TestServer, q: string): Promise<number> =>
  (await server.get<{ records: unknown[] }>(`/v1/search?q=${encodeURIComponent(q)}`)).records.length

const untilFound = (server: TestServer, q: string, count: number) =>
  vi.waitUntil(async () => (await found(server, q)) === count, PATIENCE)

describe.each([
  ['postgres', ({ database }: ServerCluster) => database],
  ['opensearch', ({ place }: ServerCluster) => `${opensearch.url}/${place}`],
])('on %s', (_, urlOf) => {
  async function servers() {
    const cluster = await newCluster()
    const start = () => cluster.start({ search_index: urlOf(cluster) })
    return [await start(), await start(), start] as const
  }

  test('what is written to either is found on both', { timeout: 90_000 }, async () => {
    const both = (await servers()).slice(0, 2) as TestServer[]
    for (const server of both) await record(server, { action: 'order.placed' })
    for (const server of both) await untilFound(server, 'action:order.placed', 2)
    const waited = await both[1]!.post('/v1/events?wait=index', { action: 'order.paid' })
    expect(waited.body['indexed']).toBe(true)
  })

  test('when the one that moves it on ends, the other does', { timeout: 90_000 }, async () => {
    const [one, other, start] = await servers()
    await record(one, { action: 'order.placed' })
    await untilFound(other, 'action:order.placed', 1)
    await one.running.stop()
    await record(other, { action: 'order.placed' })
    await untilFound(other, 'action:order.placed', 2)
    await untilFound(await start(), 'action:order.placed', 2)
  })

  test('what one erases is found on neither, whichever of them moves it on', {
    timeout: 90_000,
  }, async () => {
    const both = (await servers()).slice(0, 2) as TestServer[]
    for (const [n, server] of both.entries()) {
      const id = await record(server, { action: 'user.joined', actor: { type: 'user', id: `u-7${n}` } })
      for (const each of both) await untilFound(each, `actor:u-7${n}`, 1)
      const request = { ledger: 'main', ids: [id], authority: 'GDPR Art. 17', reason: 'asked for' }
      expect((await server.post('/v1/erasures', request)).status).toBe(200)
      for (const each of both) await untilFound(each, `actor:u-7${n}`, 0)
      for (const each of both) await untilFound(each, 'action:user.joined', n + 1)
    }
  })

  test('built anew by the one that does not move it on, it finds everything again', {
    timeout: 90_000,
  }, async () => {
    const both = (await servers()).slice(0, 2) as TestServer[]
    for (const server of both) await record(server, { action: 'order.placed' })
    for (const server of both) {
      await untilFound(server, 'action:order.placed', 2)
      expect((await server.post('/v1/ledgers/main/index/rebuild', {})).status).toBeLessThan(300)
      for (const each of both) await untilFound(each, 'action:order.placed', 2)
    }
  })
})
