/** Records to a topic of Kafka, through the application's own producer of kafkajs or @platformatic/kafka. */
import { outsideRequests } from '../delivery/outside-requests.ts'
import type { SealedRecord } from '../delivery/sealed-record.ts'
import { reasonOf } from './error-reason.ts'
import { kafkaVerdict } from './kafka-verdict.ts'
import { Misdirection } from './misdirection.ts'
import { type Delivered, type Sink, SinkError } from './sink.ts'

/** A producer of either library; connecting and closing it are the application's. */
export interface KafkaProducer {
  send(request: never): Promise<unknown>
}

export interface KafkaSinkOptions {
  /**
   * Idempotent ones repeat nothing by themselves. One of @platformatic/kafka has no serializers, or those for texts; one of kafkajs is
   * connected.
   */
  readonly producer: KafkaProducer
  readonly topic: string
  /** By which Kafka chooses the partition. Default: the id of the record's stream, so that a stream stays in one, in order. */
  readonly key?: ((record: SealedRecord) => string) | undefined
}

/** All replicas that are in sync. */
const ACKS_ALL = -1

interface Message {
  readonly key: string
  readonly value: string
}

/**
 * Each record is a message, its line the value. A write resolves when all replicas have it; what was sent twice because an answer
 * was lost has the same `id`. Throws a TypeError for a producer whose serializers would change the lines.
 */
export function kafkaSink({ producer, topic, key = streamOf }: KafkaSinkOptions): Sink {
  const requestOf = 'sendBatch' in producer ? kafkaJsRequest : platformaticRequest(producer)
  const name = `kafka ${topic}`
  const misdirection = new Misdirection()
  const write = async (batch: readonly SealedRecord[], signal: AbortSignal): Promise<Delivered[]> => {
    const messages = batch.map((record) => ({ key: key(record), value: record.line }))
    const request = requestOf(topic, messages) as never // as the library of the producer takes it
    try {
      await orAborted(
        outsideRequests(() => producer.send(request)),
        signal,
      )
      misdirection.mended()
      return batch.map(() => ({ kind: 'written' }))
    } catch (cause) {
      const message = `${name}: ${reasonOf(cause)}`
      switch (kafkaVerdict(cause)) {
        case 'too large':
          if (batch.length === 1) return [{ kind: 'refused', status: 'refused', reason: reasonOf(cause) }]
          // The other half comes again by itself.
          return write(batch.slice(0, batch.length >> 1), signal)
        case 'misdirected':
          throw misdirection.error(message, { cause })
        case 'later':
          throw new SinkError(message, { retryable: true, cause })
        case 'never':
          throw new SinkError(message, { retryable: false, cause })
      }
    }
  }
  return { name, write, close: () => Promise.resolve() }
}

/** Of whichever process: a spool holds records of earlier ones, too. */
function streamOf({ id, line }: SealedRecord): string {
  const { stream } = JSON.parse(line) as { stream?: { id?: unknown } }
  return typeof stream?.id === 'string' ? stream.id : id
}

function kafkaJsRequest(topic: string, messages: readonly Message[]): object {
  return { topic, acks: ACKS_ALL, messages }
}

/** Without serializers it takes bytes, with them texts. */
function platformaticRequest(producer: object): (topic: string, messages: readonly Message[]) => object {
  const serializers = serializersOf(producer)
  const takesTexts = { key: serializers.key !== undefined, value: serializers.value !== undefined }
  for (const serialize of [serializers.key, serializers.value])
    if (serialize !== undefined && String(serialize('a')) !== 'a')
      throw new TypeError('the serializers of the producer change texts: give the sink a producer of its own')
  return (topic, messages) => ({
    acks: ACKS_ALL,
    messages: messages.map(({ key, value }) => ({
      topic,
      key: takesTexts.key ? key : Buffer.from(key),
      value: takesTexts.value ? value : Buffer.from(value),
    })),
  })
}

interface Serializers {
  readonly key?: (text: string) => unknown
  readonly value?: (text: string) => unknown
}

/** The library keeps its options under a symbol. */
function serializersOf(producer: object): Serializers {
  for (const symbol of Object.getOwnPropertySymbols(producer))
    if (symbol.description === 'plt.kafka.base.options') {
      const options = (producer as Record<symbol, { readonly serializers?: Serializers } | undefined>)[symbol]
      return options?.serializers ?? {}
    }
  return {}
}

/** A message under way cannot be taken back, but it may come twice: its id is the same. */
async function orAborted(sent: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([sent, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
