/** Messages sent with @platformatic/kafka, as it tells of them on its channel; nothing is patched. */
import type { IntegrationResult } from '../recorder/step.ts'
import type { Trail } from '../recorder/trail.ts'
import { kafkaCall, messageCarrier, type ProducedMessage, withHeaders } from './kafka-messages.ts'
import { onTracingChannel, type Settled } from './tracing-channel.ts'

interface TopicMessage extends ProducedMessage {
  readonly topic: string
}

/** What is read of its message; `options` is the object that the client goes on to read. */
interface Message {
  readonly client: object
  readonly options: { messages: readonly TopicMessage[] }
}

/** The application's messages, by those that stand in for them: its object may be sent again, by another trail. */
const originals = new WeakMap<object, TopicMessage>()

export function collectPlatformaticKafka(): void {
  onTracingChannel<Message>('plt:kafka:producer:sends', {
    begin(message, trail) {
      const { options } = message
      const messages = options.messages.map((each) => originals.get(each) ?? each)
      const topics = [...new Set(messages.map(({ topic }) => topic))]
      const init = kafkaCall(topics.join(','), messages)
      options.messages = carrying(messages, message.client, trail)
      return init
    },
    end: ({ result }) => partitionsOf(result),
    settled: ({ options }) => {
      options.messages = options.messages.map((each) => originals.get(each) ?? each)
    },
  })
}

function carrying(messages: readonly TopicMessage[], client: object, trail: Trail): readonly TopicMessage[] {
  const carried = Object.entries(messageCarrier(trail))
  if (carried.length === 0) return messages
  return messages.map((message) => {
    const copy = withHeaders(message, headersWith(message.headers, carried, client))
    originals.set(copy, message)
    return copy
  })
}

/** Headers are an object or a Map, of texts where the producer has a serializer for them, else of bytes. */
function headersWith(
  given: unknown,
  carried: readonly (readonly [string, string])[],
  client: object,
): unknown {
  if (typeof given === 'object' && given !== null && !(given instanceof Map))
    return { ...Object.fromEntries(carried), ...given }
  const headers = new Map<unknown, unknown>(given as ReadonlyMap<unknown, unknown> | undefined) // as the client takes it
  const names = new Set(Array.from(headers.keys(), String))
  const { headerKey, headerValue } = serializersOf(client)
  for (const [name, value] of carried)
    if (!names.has(name))
      headers.set(
        headerKey === undefined ? Buffer.from(name) : name,
        headerValue === undefined ? Buffer.from(value) : value,
      )
  return headers
}

function serializersOf(client: object): { headerKey?: unknown; headerValue?: unknown } {
  for (const symbol of Object.getOwnPropertySymbols(client))
    if (symbol.description === 'plt.kafka.base.options') {
      const { serializers } = (client as Record<symbol, { readonly serializers?: object }>)[symbol]!
      return serializers ?? {}
    }
  return {}
}

/** Where the messages went; with several, each place. */
function partitionsOf(result: Settled['result']): IntegrationResult {
  const { offsets = [] } = (result ?? {}) as {
    readonly offsets?: readonly { readonly partition: number; readonly offset: bigint }[]
  }
  const [first] = offsets
  if (first === undefined) return {}
  const { partition, offset } = first
  return { response: offsets.length === 1 ? { partition, offset } : { offsets } }
}
