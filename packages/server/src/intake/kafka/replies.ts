/** Receipts on their way back: one partition of the topic of replies, read by this process alone and from where it ends now. */
import { randomUUID } from 'node:crypto'
import { type BaseOptions, Consumer, type MessagesStream, stringDeserializers } from '@platformatic/kafka'

export interface KafkaRepliesOptions {
  readonly topic: string
  readonly onReply: (bytes: Uint8Array) => void
}

type Replies = Consumer<string, Buffer, string, string>

const RETRY_DELAY_MS = 250

export class KafkaReplies {
  readonly #client: BaseOptions
  readonly #options: KafkaRepliesOptions
  /** Several processes may share a partition; the key of a reply is the id of the one it is for. */
  readonly #id = randomUUID()
  #consumer: Replies | undefined
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(client: BaseOptions, options: KafkaRepliesOptions) {
    this.#client = client
    this.#options = options
  }

  /** Resolves with the address for `reply`, once what is sent to it arrives. */
  async begin(): Promise<string> {
    const { topic } = this.#options
    const consumer: Replies = new Consumer({
      ...this.#client,
      groupId: `trailproof-replies-${randomUUID()}`,
      deserializers: { key: stringDeserializers.key },
      maxWaitTime: 250,
    })
    this.#consumer = consumer
    let isReading = false
    // Whoever waits for what is lost meanwhile sends again.
    const lost = (): void => {
      if (isReading) this.#beginAgain()
      isReading = false
    }
    // It could not join its group again after a heartbeat that failed: the stream does not say so.
    consumer.on('error', lost)
    const ends = (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? []
    const partition = Number.parseInt(this.#id.slice(0, 8), 16) % ends.length
    const stream = await consumer.consume({
      topics: [topic],
      mode: 'manual',
      offsets: ends.map((offset, at) => ({ topic, partition: at, offset })),
      partitionAssigner: (memberId) => [
        { memberId, assignments: new Map([[topic, { topic, partitions: [partition] }]]) },
      ],
    })
    this.#read(stream, lost)
    isReading = true
    return `${partition}/${this.#id}`
  }

  #read(stream: MessagesStream<string, Buffer, string, string>, lost: () => void): void {
    stream.on('data', ({ key, value }) => {
      if (key === this.#id) this.#options.onReply(value)
    })
    stream.once('error', lost)
  }

  #beginAgain(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => {
      void this.#closeConsumer()
        .then(() => this.begin())
        .catch(() => this.#beginAgain())
    }, RETRY_DELAY_MS)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#closeConsumer()
  }

  async #closeConsumer(): Promise<void> {
    // It has nothing to lose.
    await this.#consumer?.close(true).catch(() => undefined)
  }
}
