/** The streams of the intake, and which of them this process consumes: as many as its share, each under a lease. */
import { createHash, randomUUID } from 'node:crypto'
import type { RedisClient } from './redis-client.ts'

export interface ShardOptions {
  readonly prefix: string
  /** How many streams there are. */
  readonly shards: number
  /** A process that is silent for so long loses its streams. */
  readonly leaseMs: number
}

export function streamOf(prefix: string, shard: number): string {
  return `${prefix}:intake:${shard}`
}

export function shardOf(key: string, shards: number): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) % shards
}

/** KEYS[1] lease, ARGV[1] holder, ARGV[2] ms. 1 when it is still ours. */
const RENEW = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

/**
 * A stream is read by one process at a time, which keeps the order of its messages. Should two believe that they hold it, the
 * epoch of the ledger lets only one of them write.
 */
export class ShardLeases {
  readonly #redis: RedisClient
  readonly #options: ShardOptions
  readonly #id = randomUUID()
  readonly #held = new Set<number>()

  constructor(redis: RedisClient, options: ShardOptions) {
    this.#redis = redis
    this.#options = options
  }

  /** Renews what is held, gives up what is too much, takes what is free. Returns what is held now. */
  async settle(): Promise<ReadonlySet<number>> {
    const { shards } = this.#options
    const share = Math.ceil(shards / (await this.#members()))
    for (const shard of this.#held) if (!(await this.#renew(shard))) this.#held.delete(shard)
    for (const shard of [...this.#held].slice(share)) await this.#release(shard)
    const first = Math.floor(Math.random() * shards)
    for (let i = 0; i < shards && this.#held.size < share; i++) {
      const shard = (first + i) % shards
      if (!this.#held.has(shard) && (await this.#take(shard))) this.#held.add(shard)
    }
    return this.#held
  }

  async releaseAll(): Promise<void> {
    for (const shard of this.#held) await this.#release(shard)
    await this.#redis.zRem(this.#name('members'), this.#id)
  }

  /** Processes that consume, this one included. */
  async #members(): Promise<number> {
    const now = Date.now()
    const members = this.#name('members')
    const [, , count] = await this.#redis
      .multi()
      .zAdd(members, { score: now, value: this.#id })
      .zRemRangeByScore(members, 0, now - 2 * this.#options.leaseMs)
      .zCard(members)
      .exec()
    return Math.max(1, Number(count))
  }

  async #take(shard: number): Promise<boolean> {
    const expiration = { type: 'PX', value: this.#options.leaseMs } as const
    return (
      (await this.#redis.set(this.#name(`lease:${shard}`), this.#id, { condition: 'NX', expiration })) !==
      null
    )
  }

  async #renew(shard: number): Promise<boolean> {
    const args = [this.#id, String(this.#options.leaseMs)]
    return (await this.#redis.eval(RENEW, { keys: [this.#name(`lease:${shard}`)], arguments: args })) === 1
  }

  async #release(shard: number): Promise<void> {
    this.#held.delete(shard)
    await this.#redis.eval(RELEASE, { keys: [this.#name(`lease:${shard}`)], arguments: [this.#id] })
  }

  #name(of: string): string {
    return `${this.#options.prefix}:${of}`
  }
}
