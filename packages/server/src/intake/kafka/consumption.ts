/** A member of the consumer group: takes messages of its partitions, and commits their offsets once they are done. */
import { type BaseOptions, Consumer, type Message, type MessagesStream } from '@platformatic/kafka'
import type { ConsumeOptions, Consumption } from '../intake-broker.ts'
import { DoneOffsets } from './done-offsets.ts'
import { unavailable } from './producer.ts'

export interface KafkaGroupOptions {
  readonly topic: string
  readonly group: string
  /** The same after a restart: a member that comes back within the session keeps its partitions. */
  readonly instanceId?: string | undefined
  /** A member that is silent for so long loses its partitions. */
  readonly sessionTimeoutMs: number
}

/** How often offsets are committed: what is done meanwhile comes again after a crash, and is found as a duplicate. */
const COMMIT_INTERVAL_MS = 200

export class KafkaConsumption implements Consumption {
  readonly #consumer: Consumer
  readonly #options: ConsumeOptions
  readonly #topic: string
  #stream: MessagesStream<Buffer, Buffer, Buffer, Buffer> | undefined
  #partitions = new Map<number, DoneOffsets>()
  /** What was committed last, by partition. */
  #committed = new Map<number, bigint>()
  #epochs = new Map<number, number>()
  #committing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  private constructor(client: BaseOptions, group: KafkaGroupOptions, options: ConsumeOptions) {
    this.#options = options
    this.#topic = group.topic
    this.#consumer = new Consumer({
      ...client,
      groupId: group.group,
      ...(group.instanceId !== undefined && { groupInstanceId: group.instanceId }),
      sessionTimeout: group.sessionTimeoutMs,
      rebalanceTimeout: group.sessionTimeoutMs,
      heartbeatInterval: Math.max(100, Math.floor(group.sessionTimeoutMs / 6)),
      autocommit: false,
      maxWaitTime: 250,
      minBytes: 1,
    })
    // Partitions come back at what is committed for them: whatever was counted for them before is over.
    this.#consumer.on('consumer:group:rebalance', () => this.#forget())
    // It could not join again after a heartbeat that failed: it says so here and nowhere else.
    this.#consumer.on('error', this.#failed)
  }

  static async open(
    client: BaseOptions,
    group: KafkaGroupOptions,
    options: ConsumeOptions,
  ): Promise<KafkaConsumption> {
    const consumption = new KafkaConsumption(client, group, options)
    try {
      await consumption.#begin()
      return consumption
    } catch (error) {
      await consumption[Symbol.asyncDispose]()
      throw unavailable(error)
    }
  }

  async #begin(): Promise<void> {
    this.#stream = await this.#consumer.consume({
      topics: [this.#topic],
      mode: 'committed',
      fallbackMode: 'earliest',
      highWaterMark: 256,
    })
    this.#timer = setInterval(() => void this.#commit().catch(this.#failed), COMMIT_INTERVAL_MS)
    void this.#read(this.#stream)
  }

  async #read(stream: MessagesStream<Buffer, Buffer, Buffer, Buffer>): Promise<void> {
    try {
      for await (const message of stream) await this.#options.take(this.#delivery(message))
      if (!this.#isClosed) this.#failed(new Error('the stream of messages ended'))
    } catch (error) {
      this.#failed(error)
    }
  }

  #delivery({ key, value, partition, offset, leaderEpoch, topic }: Message) {
    let offsets = this.#partitions.get(partition)
    if (offsets === undefined) this.#partitions.set(partition, (offsets = new DoneOffsets()))
    offsets.take(offset)
    if (leaderEpoch !== undefined) this.#epochs.set(partition, leaderEpoch)
    const taken = offsets
    return {
      key: key?.toString() ?? '',
      bytes: value ?? Buffer.alloc(0),
      place: `${topic} partition ${partition} offset ${offset}`,
      done: () => taken.done(offset),
    }
  }

  #forget(): void {
    this.#partitions = new Map()
    this.#committed = new Map()
  }

  /** One commit after the other. */
  async #commit(): Promise<void> {
    await this.#committing
    const offsets = [...this.#partitions].flatMap(([partition, { next }]) =>
      next === undefined || next === this.#committed.get(partition)
        ? []
        : [{ topic: this.#topic, partition, offset: next, leaderEpoch: this.#epochs.get(partition) ?? -1 }],
    )
    if (offsets.length === 0) return
    const committed = this.#committed
    this.#committing = this.#consumer.commit({ offsets }).then(() => {
      for (const { partition, offset } of offsets) committed.set(partition, offset)
    })
    try {
      await this.#committing
    } finally {
      this.#committing = undefined
    }
  }

  readonly #failed = (error: unknown): void => {
    if (!this.#isClosed) this.#options.onFailure(unavailable(error))
  }

  settled(): Promise<void> {
    return this.#commit()
  }

  async lag(): Promise<number | undefined> {
    try {
      const lags = await this.#consumer.getLag({ topics: [this.#topic] })
      // -1 stands for partitions of others.
      return [...lags.values()].flat().reduce((sum, lag) => sum + (lag > 0n ? Number(lag) : 0), 0)
    } catch {
      return undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    // It may not be reachable any more; what was not committed comes again.
    await this.#stream?.close().catch(() => undefined)
    await this.#consumer.close(true).catch(() => undefined)
  }
}
