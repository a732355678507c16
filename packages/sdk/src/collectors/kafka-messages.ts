/** Messages that a service produces, whichever client sends them. */
import { bodyOf, textOf } from '../capture/message-content.ts'
import { type Carrier, carrier } from '../recorder/carrier.ts'
import type { IntegrationInit } from '../recorder/step.ts'
import type { Trail } from '../recorder/trail.ts'

/** What is read of a message. */
export interface ProducedMessage {
  readonly key?: unknown
  readonly value?: unknown
  readonly headers?: unknown
}

/** Messages of one call that are kept; all are counted. */
const MESSAGES_MAX = 10

/** One call that sends to one topic. */
export function kafkaCall(
  topic: string,
  messages: readonly ProducedMessage[],
  metadata?: object,
): IntegrationInit {
  const [first] = messages
  const content =
    messages.length === 1
      ? contentOf(first!)
      : { messages: messages.slice(0, MESSAGES_MAX).map(contentOf), count: messages.length }
  return {
    type: 'kafka',
    name: `kafka ${topic}`,
    request: { action: 'send', topic, ...content },
    ...(metadata !== undefined && { metadata }),
  }
}

/** What the messages carry on, for those that their producer has not given it itself; nothing when the recorder is told not to. */
export function messageCarrier(trail: Trail): Carrier {
  return trail.owner.options.propagate ? carrier(trail) : {}
}

/** A copy of the message with these headers. Messages of a class of the application's own stay what they are. */
export function withHeaders<Message extends object>(message: Message, headers: unknown): Message {
  const prototype: unknown = Object.getPrototypeOf(message)
  if (prototype === Object.prototype || prototype === null) return { ...message, headers }
  return Object.create(message, { headers: { value: headers, enumerable: true } }) as Message // it inherits the rest
}

function contentOf({ key, value }: ProducedMessage): object {
  return { key: isBytes(key) ? textOf(key) : key, value: isBytes(value) ? bodyOf(value) : value }
}

function isBytes(value: unknown): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array
}
