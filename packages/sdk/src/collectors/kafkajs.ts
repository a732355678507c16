/** Messages sent with kafkajs. */
import { currentTrail } from '../recorder/current-trail.ts'
import type { Integration, IntegrationResult } from '../recorder/step.ts'
import type { Trail } from '../recorder/trail.ts'
import { beginCall, endCall, endWhenSettled, isThenable } from './call.ts'
import { isFirstCollected, type Method, watch } from './collected.ts'
import { contained } from './contained.ts'
import { kafkaCall, messageCarrier, type ProducedMessage, withHeaders } from './kafka-messages.ts'

/** What is read of what is sent. */
interface TopicMessages {
  readonly topic: string
  readonly messages: readonly ProducedMessage[]
}

/** Producers have `send`, Kafka itself makes them. */
interface KafkaJs {
  producer?(options?: never): object
  send?(record: never): PromiseLike<unknown>
}

/**
 * Each `send`, and each topic of a `sendBatch`, is an integration, and the messages carry the trail on to their consumers. Takes
 * a producer, or the Kafka that makes them; gives the same back.
 *
 *     const kafka = collectKafkaJs(new Kafka({ brokers }))
 */
export function collectKafkaJs<Client extends KafkaJs>(kafkaOrProducer: Client): Client {
  if (!isFirstCollected(kafkaOrProducer)) return kafkaOrProducer
  watch(kafkaOrProducer, 'producer', (make) => watchedProducer(make))
  watchSends(kafkaOrProducer)
  return kafkaOrProducer
}

/** @internal What a Kafka makes is collected. */
export function watchedProducer(make: Method): Method {
  return function (...args) {
    return collectKafkaJs(make.apply(this, args) as KafkaJs)
  }
}

function watchSends(producer: object, metadata?: object): void {
  watch(producer, 'send', (send) =>
    watched(
      send,
      (record) => [record as TopicMessages],
      (_record, [topic]) => topic,
      metadata,
    ),
  )
  watch(producer, 'sendBatch', (sendBatch) =>
    watched(
      sendBatch,
      (batch) => (batch as { readonly topicMessages: readonly TopicMessages[] }).topicMessages,
      (batch, topicMessages) => ({ ...(batch as object), topicMessages }),
      metadata,
    ),
  )
  watch(producer, 'transaction', (begin) => {
    return function (...args) {
      const transaction = begin.apply(this, args)
      if (!isThenable(transaction)) return transaction
      return transaction.then((made) => {
        contained('kafkajs collector', () => watchSends(made as object, { transaction: ++transactions }))
        return made
      })
    }
  })
}

/** Of all producers: two transactions of one trail are told apart. */
let transactions = 0

function watched(
  send: Method,
  topicsOf: (given: unknown) => readonly TopicMessages[],
  withTopics: (given: unknown, topics: readonly TopicMessages[]) => unknown,
  metadata: object | undefined,
): Method {
  return function (given, ...rest) {
    const trail = currentTrail()
    if (trail === undefined || !trail.isOpen) return send.call(this, given, ...rest)
    const calls: [topic: string, call: Integration | undefined][] = []
    let carried = given
    contained('kafkajs collector', () => {
      const topics = topicsOf(given)
      for (const { topic, messages } of topics)
        calls.push([topic, beginCall(() => kafkaCall(topic, messages, metadata), trail)])
      carried = withTopics(
        given,
        topics.map((each) => carrying(each, trail)),
      )
    })
    const end = (error: unknown, result?: unknown): void => {
      for (const [topic, call] of calls)
        endCall(call, () => (error === undefined ? placesOf(topic, result) : { error }))
    }
    const sent = send.call(this, carried, ...rest)
    return isThenable(sent) ? endWhenSettled(sent, end) : sent
  }
}

function carrying(given: TopicMessages, trail: Trail): TopicMessages {
  const carried = messageCarrier(trail)
  return {
    ...given,
    messages: given.messages.map((message) =>
      withHeaders(message, { ...carried, ...(message.headers as object | undefined) }),
    ),
  }
}

/** What is read of kafkajs' RecordMetadata. */
interface Place {
  readonly topicName: string
  readonly partition: number
  readonly baseOffset?: string
}

function placesOf(topic: string, result: unknown): IntegrationResult {
  const places = (result as readonly Place[])
    .filter(({ topicName }) => topicName === topic)
    .map(({ partition, baseOffset }) => ({ partition, offset: baseOffset }))
  if (places.length === 0) return {} // acks: 0
  return { response: places.length === 1 ? places[0] : { offsets: places } }
}
