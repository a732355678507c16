/** Two servers of a cluster with one cache: what one remembers the other is told, and what one erases neither tells again. */
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type CacheRedis, hits, startCacheRedis } from '../support/cache-redis.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { serverCluster } from '../support/server-cluster.ts'
import type { TestServer } from '../support/test-server.ts'

let postgres: PostgresServer
let redis: CacheRedis
beforeAll(async () => {
  ;[postgres, redis] = await Promise.all([startPostgres(), startCacheRedis()])
}, 120_000)
afterAll(() => Promise.all([postgres, redis].map((service) => service[Symbol.asyncDispose]())))

const PATIENCE = { timeout: 40_000, interval: 50 }
const SECRET = 'a-very-personal-name'

const actors = async (server: TestServer): Promise<string> =>
  JSON.stringify(await server.get('/v1/facets?fields=actor,metadata.city'))

test('receipts and counts are shared, erasures are followed', { timeout: 90_000 }, async () => {
  const { start } = await serverCluster(
    postgres.url,
    (place) => `${redis.server.url}/1?prefix=${place}&shards=2&lease_ms=1000`,
  )
  const place = redis.place()
  const servers = [await start({ cache: place.cache }), await start({ cache: place.cache })] as const
  const [one, other] = servers
  const sent = [SECRET, 'u-2'].map((name) => ({
    id: uuidv7(),
    action: 'order.placed',
    actor: { id: name },
    metadata: { city: name },
  }))
  await vi.waitUntil(async () => (await one.post('/v1/events', sent)).status === 200, PATIENCE)

  await vi.waitUntil(async () => {
    expect((await other.post('/v1/events', sent)).body).toMatchObject({ duplicates: 2 })
    return (await hits(other, 'receipts')) > 0
  }, PATIENCE)

  await vi.waitUntil(async () => (await actors(one)).includes(SECRET), PATIENCE)
  await vi.waitUntil(async () => {
    expect(await actors(one)).toContain(SECRET)
    await vi.waitUntil(async () => (await actors(other)).includes(SECRET), PATIENCE)
    return (await hits(one, 'counts')) > 0 && (await hits(other, 'counts')) > 0
  }, PATIENCE)

  const erasure = { ids: [sent[0]!.id], authority: 'GDPR Art. 17', reason: 'request 4711' }
  expect((await one.post('/v1/erasures', erasure)).status).toBe(200)
  expect(await actors(one)).not.toContain(SECRET)
  await vi.waitUntil(async () => !(await actors(other)).includes(SECRET), PATIENCE)
  for (let i = 0; i < 20; i++)
    for (const server of servers) expect(await actors(server)).not.toContain(SECRET)
  const before = await hits(other, 'counts')
  await actors(other)
  expect(await hits(other, 'counts')).toBe(before) // it may not remember anything of the ledger yet
})

test('what was sent to one server counts at the other, too', { timeout: 90_000 }, async () => {
  const { start } = await serverCluster(
    postgres.url,
    (place) => `${redis.server.url}/1?prefix=${place}&shards=2&lease_ms=1000`,
  )
  const { cache } = redis.place()
  const settings = { cache, ledger_records_per_second: 200 }
  const [one, other] = [await start(settings), await start(settings)] as const
  const record = { action: 'order.placed' }
  await vi.waitUntil(async () => (await other.post('/v1/events', record)).status === 200, PATIENCE)
  const many = Array.from({ length: 10_000 }, () => record)
  await vi.waitUntil(async () => (await one.post('/v1/events', many)).status === 200, PATIENCE)
  // One after the other they would never be too fast for a server that counts alone.
  await vi.waitUntil(async () => (await other.post('/v1/events', record)).status === 429, PATIENCE)
})
