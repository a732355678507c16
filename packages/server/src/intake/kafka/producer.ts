/** Publishing to Kafka: everything that waits goes out together, one request after the other, acknowledged by all replicas in sync. */
import { type BaseOptions, type MessageToProduce, Producer } from '@platformatic/kafka'
import { TrailproofError } from '../../trailproof-error.ts'

type Message = MessageToProduce

interface Waiting {
  readonly message: Message
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Bytes in one request, well below the broker's default bound of 1 MiB for a batch. */
const REQUEST_BYTES_MAX = 768 * 1024

/**
 * One request at a time keeps the order of each key; those that come meanwhile share the next one. An idempotent producer repeats a
 * request by itself without writing it twice; one whose request failed for good has lost count, and another takes its place.
 */
export class KafkaPublisher {
  readonly #options: BaseOptions
  #producer: Producer | undefined
  #waiting: Waiting[] = []
  #sending: Promise<void> | undefined

  constructor(options: BaseOptions) {
    this.#options = options
  }

  publish(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, resolve, reject })
      this.#sending ??= this.#send()
    })
  }

  async close(): Promise<void> {
    await this.#sending
    await this.#producer?.close()
  }

  async #send(): Promise<void> {
    await Promise.resolve() // what is published in this turn goes together
    while (this.#waiting.length > 0) {
      const taken = this.#take()
      try {
        this.#producer ??= new Producer({ ...this.#options, idempotent: true })
        await this.#producer.send({ messages: taken.map(({ message }) => message), acks: ACKS_ALL })
        for (const { resolve } of taken) resolve()
      } catch (cause) {
        for (const { reject } of taken) reject(unavailable(cause))
        await this.#startAgain()
      }
    }
    this.#sending = undefined
  }

  #take(): Waiting[] {
    let bytes = 0
    let end = 0
    while (end < this.#waiting.length) {
      bytes += this.#waiting[end]!.message.value?.length ?? 0
      if (end > 0 && bytes > REQUEST_BYTES_MAX) break
      end++
    }
    return this.#waiting.splice(0, end)
  }

  async #startAgain(): Promise<void> {
    const failed = this.#producer
    this.#producer = undefined
    await failed?.close(true).catch(() => undefined) // it has failed already, and that was told
  }
}

const ACKS_ALL = -1

export function unavailable(cause: unknown): TrailproofError {
  const reason = reasonOf(cause)
  // Whether a broker says so before it closes is a matter of timing.
  const hint = reason.endsWith('Connection closed') ? ' (one that wants TLS closes it: kafkas://)' : ''
  return new TrailproofError('BROKER_UNAVAILABLE', `Kafka: ${reason}${hint}`, { retryable: true, cause })
}

/** The first of several errors says as much as all; what is behind one says why: a password, a certificate. */
function reasonOf(error: unknown): string {
  const { errors, message, cause } = error as Partial<AggregateError>
  const first: unknown = errors?.[0]
  if (first !== undefined) return reasonOf(first)
  const reason = (message ?? String(error)).replace(/\.$/, '')
  return cause === undefined ? reason : `${reason}: ${reasonOf(cause)}`
}
