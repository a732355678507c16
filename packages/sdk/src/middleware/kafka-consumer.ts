/** Consumed messages, with kafkajs and @platformatic/kafka: each is a trail that goes on with its producer's. */
import { type Bytes, bodyOf, textOf } from '../capture/message-content.ts'
import type { RecorderChoice } from '../recorder/default-recorder.ts'
import { runTrail } from '../recorder/run-trail.ts'

/** What is read of a message; kafkajs keeps headers in an object, @platformatic/kafka in a Map. */
export interface ConsumedMessage {
  readonly key?: Bytes
  readonly value?: Bytes
  readonly headers?: ReadonlyMap<unknown, unknown> | Readonly<Record<string, unknown>>
  readonly offset?: string | bigint | number
}

/** kafkajs' EachMessagePayload, or @platformatic/kafka's Message. */
export type ConsumedPayload =
  | { readonly topic: string; readonly partition: number; readonly message: ConsumedMessage }
  | (ConsumedMessage & { readonly topic: string; readonly partition: number })

export interface ConsumerOptions {
  readonly recorder?: RecorderChoice | undefined
  /** Default `<topic>.consumed`. */
  readonly action?: string | undefined
  /** Whether keys and values are kept, as far as they are text. Default true. */
  readonly content?: boolean | undefined
}

/**
 * A handler whose every message is a trail:
 *
 *     await consumer.run({ eachMessage: trailMessages(handle) })
 *     for await (const message of stream) await trailMessages(handle)(message)
 *
 * The handler's promise settles before the trail does, and an error goes on to the client, which then does not commit.
 */
export function trailMessages<Payload extends ConsumedPayload, Result>(
  handle: (payload: Payload) => Promise<Result> | Result,
  { recorder, action, content = true }: ConsumerOptions = {},
): (payload: Payload) => Promise<Result> {
  return async (payload) => {
    const message: ConsumedMessage = 'message' in payload ? payload.message : payload
    // The automatic mode may have found it before: one message is one trail.
    if (underWay.has(message)) return await handle(payload)
    underWay.add(message)
    try {
      return await handled(payload, message)
    } finally {
      underWay.delete(message) // the client may try again
    }
  }

  function handled(payload: Payload, message: ConsumedMessage): Promise<Result> {
    const { topic, partition } = payload
    const carrier = headersOf(message)
    const request = {
      headers: carrier,
      offset: message.offset === undefined ? undefined : String(message.offset),
      partition,
      topic,
      ...(content && { key: textOf(message.key), body: bodyOf(message.value) }),
    }
    return runTrail(
      { action: action ?? `${topic}.consumed`, carrier, request },
      () => handle(payload),
      recorder,
    )
  }
}

/** Messages whose trail is open. */
const underWay = new WeakSet<ConsumedMessage>()

function headersOf({ headers }: ConsumedMessage): Record<string, string> {
  const pairs = headers instanceof Map ? headers : Object.entries(headers ?? {})
  const named: Record<string, string> = {}
  for (const [name, value] of pairs as Iterable<readonly [Bytes, Bytes | readonly Bytes[]]>) {
    const text = textOf(Array.isArray(value) ? (value as readonly Bytes[])[0] : value)
    if (text !== undefined) named[(textOf(name) ?? '').toLowerCase()] = text
  }
  return named
}
