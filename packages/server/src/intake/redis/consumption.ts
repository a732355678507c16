/** A member of the group: takes the entries of the streams it holds, and acknowledges and deletes those that are done. */
import type { ConsumeOptions, Consumption, Delivery } from '../intake-broker.ts'
import { connectInTime, type RedisClient, unavailable } from './redis-client.ts'
import { ShardLeases, type ShardOptions, streamOf } from './shards.ts'
import { claimPending, GROUP, makeGroup, readNew, type StreamEntry } from './stream-entries.ts'

export interface RedisConsumptionOptions extends ShardOptions {
  /** Streams of JSON records that others write, `log <json>`, such as the `logs-stream` of old logging services. */
  readonly foreignStreams: readonly string[]
}

/** Entries taken by one read. */
const READ_ENTRIES = 64
const BLOCK_MS = 250
/** How often what is done is told to Redis. */
const ACKNOWLEDGE_INTERVAL_MS = 50

export class RedisConsumption implements Consumption {
  readonly #redis: RedisClient
  /** Its reads block the connection. */
  readonly #reader: RedisClient
  readonly #options: RedisConsumptionOptions
  readonly #consume: ConsumeOptions
  readonly #leases: ShardLeases
  #streams: readonly string[] = []
  /** Entries that are done and not acknowledged, by stream. */
  #done = new Map<string, string[]>()
  #acknowledging: Promise<void> = Promise.resolve()
  #timers: NodeJS.Timeout[] = []
  #reading: Promise<void> | undefined
  #isClosed = false

  private constructor(redis: RedisClient, options: RedisConsumptionOptions, consume: ConsumeOptions) {
    this.#redis = redis
    this.#reader = redis.duplicate()
    this.#reader.on('error', () => undefined) // its commands tell
    this.#options = options
    this.#consume = consume
    this.#leases = new ShardLeases(redis, options)
  }

  static async open(
    redis: RedisClient,
    options: RedisConsumptionOptions,
    consume: ConsumeOptions,
  ): Promise<RedisConsumption> {
    const consumption = new RedisConsumption(redis, options, consume)
    try {
      await consumption.#begin()
      return consumption
    } catch (error) {
      await consumption[Symbol.asyncDispose]()
      throw unavailable(error)
    }
  }

  async #begin(): Promise<void> {
    await connectInTime(this.#reader)
    await this.#settleLeases()
    this.#every(this.#options.leaseMs / 3, () => this.#settleLeases())
    this.#every(ACKNOWLEDGE_INTERVAL_MS, () => this.settled())
    this.#reading = this.#read()
  }

  /** Streams that came to us are read from what their last holder left unacknowledged. */
  async #settleLeases(): Promise<void> {
    const { prefix, foreignStreams } = this.#options
    const held = [...(await this.#leases.settle())]
    // Streams of others belong to whoever holds the first of ours.
    const streams = held.map((shard) => streamOf(prefix, shard))
    if (held.includes(0)) streams.push(...foreignStreams)
    for (const stream of streams) if (!this.#streams.includes(stream)) await makeGroup(this.#redis, stream)
    this.#streams = streams
  }

  async #read(): Promise<void> {
    const begun = new Set<string>()
    try {
      while (!this.#isClosed) {
        const streams = this.#streams
        for (const stream of begun) if (!streams.includes(stream)) begun.delete(stream)
        for (const stream of streams)
          if (!begun.has(stream)) {
            begun.add(stream)
            await this.#takePending(stream)
          }
        if (streams.length === 0) await new Promise((resolve) => setTimeout(resolve, BLOCK_MS))
        else await this.#takeAll(await readNew(this.#reader, streams, READ))
      }
    } catch (error) {
      this.#failed(error)
    }
  }

  async #takePending(stream: string): Promise<void> {
    for (let start = '0-0'; ; ) {
      const claim = { start, count: READ_ENTRIES }
      const { entries, next } = await claimPending(this.#reader, stream, claim)
      await this.#takeAll(entries)
      if (next === '0-0') return
      start = next
    }
  }

  async #takeAll(entries: readonly StreamEntry[]): Promise<void> {
    for (const entry of entries) {
      if (this.#isClosed) return
      const delivery = this.#delivery(entry)
      if (delivery === undefined) this.#isDone(entry)
      else await this.#consume.take(delivery)
    }
  }

  #delivery(entry: StreamEntry): Delivery | undefined {
    const { fields, stream, id } = entry
    if (fields === undefined) return undefined
    const place = `${stream} ${id}`
    const done = (): void => this.#isDone(entry)
    const message = fields.get('message')
    if (message !== undefined)
      return { key: fields.get('key')?.toString() ?? '', bytes: message, place, done }
    const json = fields.get('log') ?? Buffer.from(JSON.stringify(textsOf(fields)))
    return { key: fields.get('ledger')?.toString() ?? '', bytes: json, place, done }
  }

  #isDone({ stream, id }: StreamEntry): void {
    const ids = this.#done.get(stream)
    if (ids === undefined) this.#done.set(stream, [id])
    else ids.push(id)
  }

  settled(): Promise<void> {
    this.#acknowledging = this.#acknowledging.then(() => this.#acknowledge())
    return this.#acknowledging
  }

  async #acknowledge(): Promise<void> {
    if (this.#done.size === 0) return
    const done = this.#done
    this.#done = new Map()
    const commands = this.#redis.multi()
    for (const [stream, ids] of done) commands.xAck(stream, GROUP, ids).xDel(stream, ids)
    await commands.exec()
  }

  #every(ms: number, work: () => Promise<void>): void {
    this.#timers.push(setInterval(() => void work().catch(this.#failed), ms))
  }

  readonly #failed = (error: unknown): void => {
    if (!this.#isClosed) this.#consume.onFailure(unavailable(error))
  }

  async lag(): Promise<number | undefined> {
    try {
      const lengths = await Promise.all(this.#streams.map((stream) => this.#redis.xLen(stream)))
      return lengths.reduce((sum, length) => sum + length, 0)
    } catch {
      return undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) clearInterval(timer)
    // Redis may not be reachable any more: what is not acknowledged comes again, and a lease ends by itself.
    this.#reader.destroy()
    await this.#reading
    await this.#acknowledging.catch(() => undefined)
    await this.#leases.releaseAll().catch(() => undefined)
  }
}

const READ = { count: READ_ENTRIES, blockMs: BLOCK_MS }

function textsOf(fields: ReadonlyMap<string, Buffer>): Record<string, string> {
  return Object.fromEntries([...fields].map(([name, value]) => [name, value.toString()]))
}
