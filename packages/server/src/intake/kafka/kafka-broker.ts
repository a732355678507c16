/** IntakeBroker on Kafka: one topic keyed by ledger, one consumer group of sequencers, one topic for replies. */
import { Admin, type BaseOptions } from '@platformatic/kafka'
import { TrailproofError } from '../../trailproof-error.ts'
import type { ConsumeOptions, Consumption, IntakeBroker } from '../intake-broker.ts'
import { KafkaConsumption } from './consumption.ts'
import { KafkaPublisher, unavailable } from './producer.ts'
import { KafkaReplies } from './replies.ts'

export interface KafkaBrokerOptions {
  /** `host:port` of some brokers. */
  readonly brokers: readonly string[]
  /** Default `trailproof-intake`. Replies go to `<topic>-replies`. */
  readonly topic?: string
  /** Default `trailproof-sequencers`. */
  readonly group?: string
  /** Partitions of a topic that is not there yet: at most so many sequencers work side by side. Default 12. */
  readonly partitions?: number
  /** Replicas of a topic that is not there yet. Default: as many as there are brokers, at most 3. */
  readonly replicas?: number
  /** See `KafkaGroupOptions.instanceId`. */
  readonly instanceId?: string | undefined
  /** Default 10,000. */
  readonly sessionTimeoutMs?: number
  readonly tls?: BaseOptions['tls']
  readonly sasl?: BaseOptions['sasl']
  /** Told when 202 `queued` would promise less than two replicas. */
  readonly onWarning?: (message: string) => void
}

const CONNECT_TIMEOUT_MS = 5_000
const REQUEST_TIMEOUT_MS = 10_000
/** An answer is waited for as long as a request is; a broker that is away for longer is told to whoever sends. */
const RETRIES = 3
const RETRY_DELAY_MS = 250

export class KafkaBroker implements IntakeBroker {
  readonly name = 'kafka'
  readonly #client: BaseOptions
  readonly #topic: string
  readonly #replies: string
  readonly #options: KafkaBrokerOptions
  readonly #publisher: KafkaPublisher
  readonly #replier: KafkaPublisher
  readonly #admin: Admin
  #listener: KafkaReplies | undefined

  private constructor(options: KafkaBrokerOptions) {
    this.#options = options
    this.#topic = options.topic ?? 'trailproof-intake'
    this.#replies = `${this.#topic}-replies`
    this.#client = {
      clientId: 'trailproof',
      bootstrapBrokers: [...options.brokers],
      connectTimeout: CONNECT_TIMEOUT_MS,
      timeout: REQUEST_TIMEOUT_MS,
      retries: RETRIES,
      retryDelay: RETRY_DELAY_MS,
      ...(options.tls !== undefined && { tls: options.tls }),
      ...(options.sasl !== undefined && { sasl: options.sasl }),
    }
    this.#publisher = new KafkaPublisher(this.#client)
    this.#replier = new KafkaPublisher(this.#client)
    this.#admin = new Admin(this.#client)
  }

  /** Makes the topics that are not there; rejects with BROKER_UNAVAILABLE when no broker can be reached. */
  static async open(options: KafkaBrokerOptions): Promise<KafkaBroker> {
    const broker = new KafkaBroker(options)
    try {
      await broker.#makeTopics()
      return broker
    } catch (error) {
      await broker[Symbol.asyncDispose]()
      throw error instanceof TrailproofError ? error : unavailable(error)
    }
  }

  async #makeTopics(): Promise<void> {
    const { partitions = 12, onWarning } = this.#options
    const known = new Set(await this.#admin.listTopics())
    const missing = [this.#topic, this.#replies].filter((topic) => !known.has(topic))
    const { brokers } = await this.#admin.metadata({ topics: [] })
    const replicas = this.#options.replicas ?? Math.min(3, brokers.size)
    for (const topic of missing) await this.#makeTopic(topic, partitions, replicas)
    if (replicas < 2) onWarning?.(`one replica of ${this.#topic}: what is only queued is lost with its disk`)
  }

  async #makeTopic(topic: string, partitions: number, replicas: number): Promise<void> {
    const isReplies = topic === this.#replies
    const configs = [
      { name: 'min.insync.replicas', value: String(isReplies ? 1 : Math.min(2, replicas)) },
      // Nobody waits for a reply for longer; what is taken in stays until it is recorded, and a week for people to look at.
      { name: 'retention.ms', value: String(isReplies ? 600_000 : 7 * 86_400_000) },
    ]
    try {
      await this.#admin.createTopics({ topics: [topic], partitions, replicas, configs })
    } catch (error) {
      if (!isThere(error)) throw error // another process was as quick
    }
  }

  publish(key: string, bytes: Uint8Array): Promise<void> {
    return this.#publisher.publish({ topic: this.#topic, key: Buffer.from(key), value: asBuffer(bytes) })
  }

  consume(options: ConsumeOptions): Promise<Consumption> {
    const { group = 'trailproof-sequencers', instanceId, sessionTimeoutMs = 10_000 } = this.#options
    return KafkaConsumption.open(
      this.#client,
      { topic: this.#topic, group, instanceId, sessionTimeoutMs },
      options,
    )
  }

  /** Replies come in one partition of the topic, which this process reads from its end; their key says whose they are. */
  async listen(onReply: (bytes: Uint8Array) => void): Promise<string> {
    const replies = new KafkaReplies(this.#client, { topic: this.#replies, onReply })
    this.#listener = replies
    return replies.begin()
  }

  reply(address: string, bytes: Uint8Array): Promise<void> {
    const [partition, id] = address.split('/')
    return this.#replier.publish({
      topic: this.#replies,
      partition: Number(partition),
      key: Buffer.from(id ?? ''),
      value: asBuffer(bytes),
    })
  }

  async check(): Promise<void> {
    try {
      await this.#admin.metadata({ topics: [this.#topic], forceUpdate: true })
    } catch (error) {
      throw unavailable(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#publisher.close()
    await this.#replier.close()
    // Whatever is still open of them has nothing to lose.
    await this.#listener?.close()
    await this.#admin.close().catch(() => undefined)
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function isThere(error: unknown): boolean {
  const { errors = [], apiId } = error as { readonly errors?: readonly unknown[]; readonly apiId?: string }
  return apiId === 'TOPIC_ALREADY_EXISTS' || errors.some(isThere)
}
