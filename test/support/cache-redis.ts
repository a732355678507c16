/** A Redis for caches of servers: looked into, written to and cut off behind their backs. */
import { createClient, RESP_TYPES } from 'redis'
import { vi } from 'vitest'
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts'
import { type RedisServer, startRedis } from './redis-server.ts'
import type { TestServer } from './test-server.ts'

export interface CacheRedis extends AsyncDisposable {
  readonly server: RedisServer
  /** Between the servers and Redis. */
  readonly proxy: CuttingProxy
  /** Of a cache of its own. */
  place(): CachePlace
  /** While `work` is done, nothing more can be put there. */
  whileFull<T>(work: () => Promise<T>): Promise<T>
}

export interface CachePlace {
  /** The setting `cache`. */
  readonly cache: string
  /** Of receipts (`r`) or counts (`q`). */
  keys(kind: 'r' | 'q'): Promise<readonly string[]>
  /** Resolves once at least so many are there; nobody waits for what is put. */
  until(kind: 'r' | 'q', count: number): Promise<readonly string[]>
  get(key: string): Promise<Buffer>
  set(key: string, value: Buffer): Promise<unknown>
  /** A list takes the place of the value. */
  setList(key: string): Promise<unknown>
  clear(): Promise<void>
}

const PATIENCE = { timeout: 20_000, interval: 20 }

export async function startCacheRedis(): Promise<CacheRedis> {
  const server = await startRedis()
  const proxy = await startCuttingProxy(server.port)
  const client = createClient({ url: server.url, RESP: 2 })
  client.on('error', () => undefined) // it is killed
  await client.connect()
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  let places = 0
  const place = (): CachePlace => {
    const prefix = `cached-${places++}`
    const keys = (kind: 'r' | 'q') => client.keys(`${prefix}:cache:*:${kind}:*`)
    return {
      cache: `redis://127.0.0.1:${proxy.port}/0?prefix=${prefix}`,
      keys,
      until: (kind, count) =>
        vi.waitUntil(async () => {
          const found = await keys(kind)
          return found.length >= count && found
        }, PATIENCE),
      get: async (key) => (await bytes.get(key))!,
      set: (key, value) => client.set(key, value, { expiration: { type: 'EX', value: 600 } }),
      setList: async (key) => {
        await client.del(key)
        await client.lPush(key, 'x')
      },
      clear: async () => {
        const found = await client.keys(`${prefix}:*`)
        if (found.length > 0) await client.del(found)
      },
    }
  }
  return {
    server,
    proxy,
    place,
    async whileFull(work) {
      await client.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' })
      try {
        return await work()
      } finally {
        await client.configSet({ maxmemory: '0' })
      }
    },
    async [Symbol.asyncDispose]() {
      client.destroy()
      await proxy[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** What /metrics counts of a cache, by name and labels. */
export async function cacheFigure(server: TestServer, family: string, labels: string): Promise<number> {
  const text = await (await server.fetch('/metrics')).text()
  const line = text
    .split('\n')
    .find((candidate) => candidate.startsWith(`trailproof_cache_${family}{${labels}}`))
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}

export function hits(server: TestServer, cache: 'receipts' | 'counts'): Promise<number> {
  return cacheFigure(server, 'lookups_total', `cache="${cache}",outcome="hit"`)
}
