/** IntakeBroker on Redis Streams: ledgers shared out over some streams, a consumer group, replies by publish and subscribe. */
import { randomUUID } from 'node:crypto'
import { TrailproofError } from '../../trailproof-error.ts'
import type { ConsumeOptions, Consumption, IntakeBroker } from '../intake-broker.ts'
import { RedisConsumption } from './consumption.ts'
import { connectInTime, type RedisClient, redisClient, unavailable } from './redis-client.ts'
import { shardOf, streamOf } from './shards.ts'

export interface RedisBrokerOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string
  /** Begins the name of every key. Default `trailproof`. */
  readonly prefix?: string
  /** At most so many sequencers work side by side. The same in every process; fixed once there are messages. Default 8. */
  readonly shards?: number
  /** Default 10,000. */
  readonly leaseMs?: number
  /** Messages in one stream; beyond, new ones are refused with OVERLOADED. Default 100,000. */
  readonly waitingMessagesMax?: number
  /** See `RedisConsumptionOptions.foreignStreams`. Default none. */
  readonly foreignStreams?: readonly string[]
}

/** How many messages may be published on what was last known of a stream's length. */
const LENGTH_EVERY = 64

export class RedisBroker implements IntakeBroker {
  readonly name = 'redis-streams'
  readonly #redis: RedisClient
  readonly #options: Required<RedisBrokerOptions>
  /** Of each stream: its length when last asked, and messages published since. */
  readonly #lengths = new Map<string, { length: number; since: number }>()
  #subscriber: RedisClient | undefined

  private constructor(options: RedisBrokerOptions) {
    this.#options = {
      prefix: 'trailproof',
      shards: 8,
      leaseMs: 10_000,
      waitingMessagesMax: 100_000,
      foreignStreams: [],
      ...options,
    }
    this.#redis = redisClient(options.url)
  }

  /** Rejects with BROKER_UNAVAILABLE when Redis cannot be reached. */
  static async open(options: RedisBrokerOptions): Promise<RedisBroker> {
    const broker = new RedisBroker(options)
    try {
      await connectInTime(broker.#redis)
      return broker
    } catch (error) {
      throw unavailable(error)
    }
  }

  async publish(key: string, bytes: Uint8Array): Promise<void> {
    const { prefix, shards } = this.#options
    const stream = streamOf(prefix, shardOf(key, shards))
    const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    try {
      await this.#assertRoom(stream)
      await this.#redis.xAdd(stream, '*', { key, message })
    } catch (error) {
      throw error instanceof TrailproofError ? error : unavailable(error)
    }
  }

  /** Asked once in a while: the bound holds to within what all receivers publish meanwhile. */
  async #assertRoom(stream: string): Promise<void> {
    let known = this.#lengths.get(stream)
    if (
      known === undefined ||
      known.since >= LENGTH_EVERY ||
      known.length >= this.#options.waitingMessagesMax
    ) {
      known = { length: await this.#redis.xLen(stream), since: 0 }
      this.#lengths.set(stream, known)
    }
    known.since++
    if (known.length < this.#options.waitingMessagesMax) return
    const message = `${known.length} messages wait in the stream ${stream} already`
    throw new TrailproofError('OVERLOADED', message, { retryable: true })
  }

  consume(options: ConsumeOptions): Promise<Consumption> {
    return RedisConsumption.open(this.#redis, this.#options, options)
  }

  async listen(onReply: (bytes: Uint8Array) => void): Promise<string> {
    const address = `${this.#options.prefix}:reply:${randomUUID()}`
    const subscriber = this.#redis.duplicate()
    subscriber.on('error', () => undefined) // it subscribes again by itself
    this.#subscriber = subscriber
    await connectInTime(subscriber)
    await subscriber.subscribe(address, (bytes: Buffer) => onReply(bytes), true)
    return address
  }

  async reply(address: string, bytes: Uint8Array): Promise<void> {
    await this.#redis.publish(address, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }

  async check(): Promise<void> {
    try {
      await this.#redis.ping()
    } catch (error) {
      throw unavailable(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscriber?.destroy()
    this.#redis.destroy()
  }
}
