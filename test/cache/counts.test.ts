/** Counts come from the cache when they were asked for before, and are never those of another time, ledger or of what was erased. */
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  type CachePlace,
  type CacheRedis,
  cacheFigure,
  hits,
  startCacheRedis,
} from '../support/cache-redis.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

let redis: CacheRedis
beforeAll(async () => {
  redis = await startCacheRedis()
})
afterAll(() => redis[Symbol.asyncDispose]())

const FACETS = '/v1/facets?fields=actor,metadata.city'
const SECRET = 'a-very-personal-name'
const FACTS = { authority: 'GDPR Art. 17', reason: 'request 4711' }

async function cached(): Promise<{ server: TestServer; place: CachePlace }> {
  const place = redis.place()
  return { place, server: await testServer({ cache: place.cache }) }
}

const record = (server: TestServer, actor: string, id = uuidv7()) =>
  server.post('/v1/events?wait=index', {
    id,
    action: 'order.placed',
    actor: { id: actor },
    metadata: { city: actor },
  })

/** The values of the first facet. */
async function actors(server: TestServer, path = FACETS): Promise<string> {
  const { facets } = await server.get<{ facets: { values: { value: string; count: number }[] }[] }>(path)
  return facets
    .map(({ values }) => values.map(({ value, count }) => `${value} ${count}`).join(', '))
    .join('; ')
}

test('the same question is answered from the cache, until a record comes in', async () => {
  const { server, place } = await cached()
  await record(server, 'u-1')
  for (const path of [
    FACETS,
    '/v1/histogram?by=outcome&from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z',
    '/v1/search?q=*%20%7C%20count%20by%20action',
  ]) {
    const stored = (await place.keys('q')).length
    const first = await server.get(path)
    await place.until('q', stored + 1)
    const before = await hits(server, 'counts')
    expect(await server.get(path)).toEqual(first)
    expect(await hits(server, 'counts')).toBeGreaterThan(before)
  }
  expect(await actors(server)).toBe('u-1 1; u-1 1')
  await record(server, 'u-2')
  expect(await actors(server)).toBe('u-1 1, u-2 1; u-1 1, u-2 1')
})

test('another ledger, another filter, another time: another question', async () => {
  const { server, place } = await cached()
  await server.post('/v1/ledgers', { name: 'acme' })
  await record(server, 'u-1')
  expect(await actors(server)).toBe('u-1 1; u-1 1')
  await place.until('q', 2)
  expect(await actors(server, `${FACETS}&ledger=acme`)).toBe('; ')
  expect(await actors(server, `${FACETS}&q=actor:u-2`)).toBe('; ')
  expect(await actors(server, `${FACETS}&from=2999-01-01T00:00:00Z`)).toBe('; ')
  expect(await actors(server, `${FACETS}&last=1h`)).toBe('u-1 1; u-1 1')
})

test('what others wrote there is not believed', async () => {
  const { server, place } = await cached()
  await record(server, 'u-1')
  expect(await actors(server)).toBe('u-1 1; u-1 1')
  const keys = await place.until('q', 2)
  const [one, other] = [await place.get(keys[0]!), await place.get(keys[1]!)]
  for (const [first, second] of [
    [Buffer.from('{"counts":[9],"by":[]}'), Buffer.alloc(0)],
    [other, one],
    [one.subarray(0, -1), Buffer.concat([other, Buffer.of(0)])],
  ] as const) {
    await Promise.all([place.set(keys[0]!, first), place.set(keys[1]!, second)])
    expect(await actors(server)).toBe('u-1 1; u-1 1')
    // What was counted is put in their place.
    await vi.waitUntil(
      async () => (await place.get(keys[0]!)).equals(one) && (await place.get(keys[1]!)).equals(other),
    )
  }
  expect(await cacheFigure(server, 'refused_total', 'cache="counts"')).toBe(6)
  await Promise.all(keys.map(async (key) => place.setList(key)))
  expect(await actors(server)).toBe('u-1 1; u-1 1')
})

test('what is erased is gone from the cache when the erasure is acknowledged', async () => {
  const { server, place } = await cached()
  const id = uuidv7()
  await record(server, SECRET, id)
  await record(server, 'u-2')
  expect(await actors(server)).toContain(SECRET)
  await place.until('q', 2)
  expect((await server.post('/v1/erasures', { ids: [id], ...FACTS })).status).toBe(200)
  expect(await place.keys('q')).toEqual([])
  expect(await actors(server)).toBe('u-2 1; u-2 1')
  await vi.waitUntil(async () => {
    await actors(server)
    return (await place.keys('q')).length > 0 // remembered again
  })
  expect(await actors(await server.restart())).toBe('u-2 1; u-2 1')
})

test('a Redis that is silent while something is erased: what it held is not told afterwards', async () => {
  const { server, place } = await cached()
  const id = uuidv7()
  await record(server, SECRET, id)
  expect(await actors(server)).toContain(SECRET)
  const keys = await place.until('q', 2)
  redis.proxy.stall()
  expect((await server.post('/v1/erasures', { ids: [id], ...FACTS })).status).toBe(200)
  expect(await place.keys('q')).toEqual(keys) // they end by themselves
  expect(await actors(server)).toBe('; ')
  redis.proxy.resume()
  await vi.waitUntil(
    async () => {
      expect(await actors(server)).toBe('; ')
      return (await hits(server, 'counts')) > 0 // it is used again
    },
    { timeout: 20_000, interval: 100 },
  )
})

test('away: the same answers', async () => {
  const { server } = await cached()
  await record(server, 'u-1')
  await redis.server.kill()
  expect(await actors(server)).toBe('u-1 1; u-1 1')
  expect(await actors(server)).toBe('u-1 1; u-1 1')
  await redis.server.start()
})
