/** The cache as the rest of the server sees it, on a real Redis in every state that it can be in. */
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { RedisCache } from '../../packages/server/src/cache/redis-cache.ts'
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'

let redis: RedisServer
let proxy: CuttingProxy
let admin: ReturnType<typeof createClient>
beforeAll(async () => {
  redis = await startRedis()
  proxy = await startCuttingProxy(redis.port)
  admin = createClient({ url: redis.url })
  admin.on('error', () => undefined) // it is killed
  await admin.connect()
})
afterAll(async () => {
  admin.destroy()
  await proxy[Symbol.asyncDispose]()
  await redis[Symbol.asyncDispose]()
})

let prefixes = 0
let prefix: string
let failures: string[]
let cache: RedisCache
beforeEach(async () => {
  prefix = `p${prefixes++}`
  failures = []
  cache = await open()
})
afterEach(() => cache[Symbol.asyncDispose]())

function open(keepMs = 600_000): Promise<RedisCache> {
  return RedisCache.open({
    url: `redis://127.0.0.1:${proxy.port}`,
    prefix,
    keepMs,
    restMs: 500,
    onFailure: (operation, { message }) => failures.push(`${operation}: ${message}`),
  })
}

const PATIENCE = { timeout: 20_000, interval: 20 }
const entry = (name: string, text = name) => ({ name, value: Buffer.from(text) })
const told = (name: string, costMs: number) => ({ name, costMs })
const texts = (values: readonly (Buffer | undefined)[] | undefined) =>
  values?.map((value) => value?.toString())

/** Until what was written can be read. */
async function written(name: string): Promise<void> {
  await vi.waitUntil(async () => (await admin.exists(`${prefix}:cache:${name}`)) === 1, PATIENCE)
}

describe('a Redis that is there', () => {
  test('gives back what was put, in the order asked for', async () => {
    expect(await cache.read(['a', 'b'])).toEqual([undefined, undefined])
    cache.write([entry('a'), entry('b', 'bytes \0\xff')])
    await written('b')
    expect(texts(await cache.read(['b', 'none', 'a']))).toEqual(['bytes \0\xff', undefined, 'a'])
    expect(failures).toEqual([])
  })

  test('keeps nothing for ever', async () => {
    cache.write(Array.from({ length: 1_200 }, (_, i) => entry(`n${i}`)))
    await written('n1199')
    const left = await admin.pTTL(`${prefix}:cache:n1199`)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(600_000)
  })

  test('forgets what begins so, and nothing else', async () => {
    cache.write([entry('main:1'), entry('main:2'), entry('main-2:1')])
    cache.write(Array.from({ length: 3_000 }, (_, i) => entry(`main:n${i}`)))
    await written('main:n2999')
    await admin.set('main:1', 'of others')
    expect(await cache.forget(['main:'])).toBe(true)
    expect(await admin.keys(`${prefix}:cache:*`)).toEqual([`${prefix}:cache:main-2:1`])
    expect(await admin.get('main:1')).toBe('of others')
    cache.write([entry('main:1'), entry('acme:1'), entry('acm:1')])
    await written('acm:1')
    expect(await cache.forget(['main:', 'acme:'])).toBe(true)
    expect((await admin.keys(`${prefix}:cache:*`)).toSorted()).toEqual([
      `${prefix}:cache:acm:1`,
      `${prefix}:cache:main-2:1`,
    ])
  })

  test.each([
    ['a list', (key: string) => admin.lPush(key, 'x')],
    ['a hash', (key: string) => admin.hSet(key, 'x', '1')],
  ])('%s under a name of ours is nothing', async (_, put) => {
    await put(`${prefix}:cache:a`)
    cache.write([entry('b')])
    await written('b')
    expect(texts(await cache.read(['a', 'b']))).toEqual([undefined, 'b'])
    cache.write([entry('a')])
    await vi.waitUntil(async () => texts(await cache.read(['a']))?.[0] === 'a', PATIENCE)
  })
})

describe('a tally of rates', () => {
  test('is what everybody took, and runs off with time', async () => {
    await using other = await open()
    const [first] = (await cache.tally([told('k', 60_000.5)]))!
    expect(first).toBe(60_001)
    const [both, another] = (await other.tally([told('k', 30_000), told('j', 5)]))!
    expect(both).toBeLessThanOrEqual(90_001)
    expect(both).toBeGreaterThan(60_000)
    expect(another).toBe(5)
    expect(await admin.pTTL(`${prefix}:rate:k`)).toBeLessThanOrEqual(both!)
    await vi.waitUntil(async () => (await admin.exists(`${prefix}:rate:j`)) === 0, PATIENCE)
  })

  test('that holds something else is told of, and none', async () => {
    await admin.set(`${prefix}:rate:k`, 'text')
    expect(await cache.tally([told('k', 60_000)])).toEqual([60_000])
    await admin.del(`${prefix}:rate:k`)
    await admin.lPush(`${prefix}:rate:k`, 'text')
    expect(await cache.tally([told('k', 60_000)])).toBeUndefined()
    expect(failures).toEqual([expect.stringMatching(/^tally: .*WRONGTYPE/)])
  })
})

describe('a Redis that cannot be used', () => {
  test('that is slow is not waited for, and left alone until one question is answered again', async () => {
    cache.write([entry('a')])
    await written('a')
    proxy.stall()
    expect(await cache.read(['a'])).toBeUndefined()
    expect(failures).toEqual(['read: no answer in 50 ms'])
    expect(await cache.read(['a'])).toBeUndefined()
    expect(failures).toHaveLength(1) // it was not asked
    proxy.resume()
    await vi.waitUntil(async () => texts(await cache.read(['a']))?.[0] === 'a', PATIENCE)
  })

  test('that is full says so of what is put, and goes on to be read', async () => {
    cache.write([entry('a')])
    await written('a')
    await admin.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' })
    try {
      cache.write([entry('b')])
      await vi.waitUntil(() => failures.length > 0, PATIENCE)
      expect(failures[0]).toMatch(/^write: .*OOM/)
      expect(texts(await cache.read(['a', 'b']))).toEqual(['a', undefined])
    } finally {
      await admin.configSet({ maxmemory: '0' })
    }
  })

  test('that is cut off after it was asked is an answer that is not there', async () => {
    proxy.at('MGET', 'after')
    expect(await cache.read(['a'])).toBeUndefined()
    expect(failures).toHaveLength(1)
    await vi.waitUntil(async () => (await cache.read(['a'])) !== undefined, PATIENCE)
  })

  test('that is away and comes back empty is used again', async () => {
    await redis.kill()
    expect(await cache.read(['a'])).toBeUndefined()
    cache.write([entry('a')])
    expect(await cache.forget(['a'])).toBe(false)
    await redis.start()
    await vi.waitUntil(async () => (await cache.read(['a'])) !== undefined, PATIENCE)
    await vi.waitUntil(async () => {
      cache.write([entry('a')])
      return texts(await cache.read(['a']))?.[0] === 'a'
    }, PATIENCE)
  })

  test('that lets nobody in is told with its reason', async () => {
    await admin.sendCommand(['ACL', 'SETUSER', 'cached', 'on', '>right', '~*', '+@all'])
    const said: string[] = []
    await using locked = await RedisCache.open({
      url: `redis://cached:wr0ng@127.0.0.1:${redis.port}`,
      prefix,
      onFailure: (_, { message }) => said.push(message),
    })
    expect(await locked.read(['a'])).toBeUndefined()
    expect(said.join()).toMatch(/WRONGPASS/)
    expect(said.join()).not.toContain('wr0ng')
  })
})
