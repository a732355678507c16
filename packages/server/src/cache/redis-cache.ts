/** CacheStore on Redis: within a deadline, or left alone for a while; how much it holds is the business of its `maxmemory`. */
import { RESP_TYPES } from 'redis'
import { type RedisClient, redisClient } from '../intake/redis/redis-client.ts'
import type { Tally } from '../limits/shared-rates.ts'
import type { CacheEntry, CacheOperation, CacheStore } from './cache-store.ts'
import { Circuit } from './circuit.ts'

export interface RedisCacheOptions {
  readonly url: string
  /** Begins every key. */
  readonly prefix: string
  /** How long a value is kept. Default 600,000. */
  readonly keepMs?: number
  /** An answer that takes longer is none. Default 50. */
  readonly deadlineMs?: number
  /** After a failure it is left alone for so long. Default 3,000. */
  readonly restMs?: number
  /** Forgetting a ledger may take so long; an erasure waits for it. Default 5,000. */
  readonly forgetMs?: number
  /** Adding to the tally of rates; no request waits for it. Default 1,000. */
  readonly tallyMs?: number
  /** Told of everything that went wrong. */
  readonly onFailure: (operation: CacheOperation, error: Error) => void
}

/** One command, however many keys; nothing else runs in Redis meanwhile. */
const KEYS_A_WRITE = 500
/** Beyond, what is to be written is dropped. */
const WRITES_IN_FLIGHT_MAX = 64
const KEYS_A_SCAN = 1_000
/** A server starts without its cache, too. */
const CONNECT_PATIENCE_MS = 1_000

/** ARGV[1] ms, then a value for each of KEYS. */
const WRITE = `for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[i + 1], 'PX', ARGV[1]) end`
/**
 * ARGV: for each of KEYS what was taken, ms. A value is the time, by the clock of this Redis, when all that was taken is paid for; it
 * ends by itself then.
 */
const TALLY = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ahead = {}
for i, key in ipairs(KEYS) do
  local paid = math.max(now, tonumber(redis.call('GET', key)) or 0) + tonumber(ARGV[i])
  ahead[i] = math.ceil(paid - now)
  redis.call('SET', key, string.format('%.3f', paid), 'PX', math.max(1, ahead[i]))
end
return ahead`
const BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } }

export class RedisCache implements CacheStore {
  readonly #redis: RedisClient
  readonly #options: Required<RedisCacheOptions>
  /** Apart: a Redis that is full can be read. */
  readonly #reads: Circuit
  readonly #writes: Circuit
  #writesInFlight = 0
  #isClosed = false
  /** Why there is no connection, while there is none. */
  #away: Error | undefined

  private constructor(options: RedisCacheOptions) {
    this.#options = {
      keepMs: 600_000,
      deadlineMs: 50,
      restMs: 3_000,
      forgetMs: 5_000,
      tallyMs: 1_000,
      ...options,
    }
    this.#reads = new Circuit(() => performance.now(), this.#options.restMs)
    this.#writes = new Circuit(() => performance.now(), this.#options.restMs)
    this.#redis = redisClient(options.url)
    this.#redis.on('error', (error: Error) => (this.#away = error))
    this.#redis.on('ready', () => (this.#away = undefined))
  }

  /** Resolves once it is connected, or soon: it goes on trying by itself. */
  static async open(options: RedisCacheOptions): Promise<RedisCache> {
    const cache = new RedisCache(options)
    const connecting = cache.#redis.connect()
    connecting.catch(() => undefined) // told to whoever is in need of it
    await within(CONNECT_PATIENCE_MS, connecting).catch((error: unknown) => cache.#failed('read', error))
    return cache
  }

  async read(names: readonly string[]): Promise<readonly (Buffer | undefined)[] | undefined> {
    if (!this.#reads.admits()) return undefined
    try {
      const asked = this.#redis.sendCommand<unknown>(['MGET', ...names.map((name) => this.#key(name))], BYTES)
      const values = await within(this.#options.deadlineMs, asked)
      if (!Array.isArray(values) || values.length !== names.length)
        throw new Error('MGET: no answer to what was asked')
      this.#reads.succeeded()
      return values.map((value) => (value instanceof Buffer ? value : undefined))
    } catch (error) {
      this.#reads.failed()
      this.#failed('read', error)
      return undefined
    }
  }

  write(entries: readonly CacheEntry[]): void {
    for (let from = 0; from < entries.length; from += KEYS_A_WRITE)
      void this.#write(entries.slice(from, from + KEYS_A_WRITE)) // it tells of its failures
  }

  async #write(entries: readonly CacheEntry[]): Promise<void> {
    if (!this.#writes.admits()) return
    this.#writesInFlight++
    try {
      if (this.#writesInFlight > WRITES_IN_FLIGHT_MAX)
        throw new Error(`${WRITES_IN_FLIGHT_MAX} writes wait already`)
      await this.#redis.sendCommand([
        'EVAL',
        WRITE,
        String(entries.length),
        ...entries.map(({ name }) => this.#key(name)),
        String(this.#options.keepMs),
        ...entries.map(({ value }) => Buffer.from(value.buffer, value.byteOffset, value.byteLength)),
      ])
      this.#writes.succeeded()
    } catch (error) {
      this.#writes.failed()
      this.#failed('write', error)
    } finally {
      this.#writesInFlight--
    }
  }

  readonly tally: Tally = async (taken) => {
    if (!this.#writes.admits()) return undefined
    try {
      const told = this.#redis.sendCommand<number[]>([
        'EVAL',
        TALLY,
        String(taken.length),
        ...taken.map(({ name }) => `${this.#options.prefix}:rate:${name}`),
        ...taken.map(({ costMs }) => String(costMs)),
      ])
      const aheadMs = await within(this.#options.tallyMs, told)
      this.#writes.succeeded()
      return aheadMs
    } catch (error) {
      this.#writes.failed()
      this.#failed('tally', error)
      return undefined
    }
  }

  async forget(beginnings: readonly string[]): Promise<boolean> {
    try {
      await within(this.#options.forgetMs, this.#forget(beginnings))
      return true
    } catch (error) {
      this.#failed('forget', error)
      return false
    }
  }

  /** All names are looked at once, however many beginnings there are. */
  async #forget(beginnings: readonly string[]): Promise<void> {
    const keys = beginnings.map((beginning) => this.#key(beginning))
    const MATCH = keys.length === 1 ? `${keys[0]!}*` : this.#key('*')
    const end = performance.now() + this.#options.forgetMs
    for (let cursor = '0'; ; ) {
      const scanned = await this.#redis.scan(cursor, { MATCH, COUNT: KEYS_A_SCAN })
      const found = scanned.keys.filter((key) => keys.some((beginning) => key.startsWith(beginning)))
      if (found.length > 0) await this.#redis.unlink(found)
      cursor = scanned.cursor
      if (cursor === '0') return
      if (performance.now() > end) return // nobody waits for it any more
    }
  }

  #failed(operation: CacheOperation, error: unknown): void {
    if (!this.#isClosed) this.#options.onFailure(operation, this.#away ?? (error as Error))
  }

  #key(name: string): string {
    return `${this.#options.prefix}:cache:${name}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#redis.destroy()
  }
}

/** What has arrived by then counts, though a busy process has not looked at it yet. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => setImmediate(() => late.reject(new Error(`no answer in ${ms} ms`))), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
