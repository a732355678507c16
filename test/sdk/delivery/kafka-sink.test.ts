/** The Kafka sink with both libraries, against a real broker and against producers that fail as told. */
import { setImmediate } from 'node:timers/promises'
import * as platformatic from '@platformatic/kafka'
import { jsonSerializer, serializersFrom, stringDeserializers, stringSerializers } from '@platformatic/kafka'
import { createRecorder, memorySink, SinkError } from '@trailproof/sdk'
import { type KafkaProducer, kafkaSink } from '@trailproof/sdk/kafka-sink'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createDelivery } from '../../../packages/sdk/src/delivery/delivery.ts'
import type { SealedRecord } from '../../../packages/sdk/src/delivery/sealed-record.ts'
import { type KafkaBroker, startKafka } from '../../support/kafka-broker.ts'
import { sealed } from './scripted-sink.ts'

const { signal } = new AbortController()

let broker: KafkaBroker
let kafka: Kafka
beforeAll(async () => {
  broker = await startKafka()
  kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
}, 120_000)
afterAll(() => broker[Symbol.asyncDispose]())

/** Idempotent, as one that is not repeats a part of a request whose other part the broker was not yet ready for. */
const PRODUCERS: Readonly<Record<string, () => Promise<KafkaProducer>>> = {
  kafkajs: async () => {
    const producer = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    onTestFinished(() => producer.disconnect())
    return producer
  },
  '@platformatic/kafka of bytes': () => {
    const producer = new platformatic.Producer({
      clientId: 'test',
      bootstrapBrokers: [broker.address],
      idempotent: true,
    })
    onTestFinished(() => producer.close())
    return Promise.resolve(producer)
  },
  '@platformatic/kafka of texts': () => {
    const producer = new platformatic.Producer({
      clientId: 'test',
      bootstrapBrokers: [broker.address],
      idempotent: true,
      serializers: stringSerializers,
    })
    onTestFinished(() => producer.close())
    return Promise.resolve(producer)
  },
}

async function withTopic(topic: string, config: Record<string, string> = {}): Promise<string> {
  const admin = kafka.admin()
  await admin.connect()
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 4, configEntries }] })
  await admin.disconnect()
  return topic
}

interface Consumed {
  readonly partition: number
  readonly key: string
  readonly value: string
}

/** So many messages of a topic from its beginning, in the order of their partitions. */
async function consumed(topic: string, count: number): Promise<Consumed[]> {
  const consumer = new platformatic.Consumer({
    clientId: 'test',
    groupId: `of-${topic}`,
    bootstrapBrokers: [broker.address],
    deserializers: stringDeserializers,
  })
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false })
  const messages: Consumed[] = []
  for await (const { partition, key, value } of stream) {
    messages.push({ partition, key, value })
    if (messages.length === count) break
  }
  await stream.close()
  await consumer.close()
  return messages
}

function record(stream: string, seq: number, text = ''): SealedRecord {
  const line = JSON.stringify({ message: text, stream: { id: stream, seq } })
  return { ...sealed(seq), id: `${stream} ${seq}`, line }
}

describe.each(Object.entries(PRODUCERS))('a producer of %s', (name, makeProducer) => {
  const prefix = name.replaceAll(/\W+/g, '-').replace(/^-/, '')

  test('has the lines of a stream in one partition, in their order', async () => {
    const topic = await withTopic(`${prefix}-order`)
    const sink = kafkaSink({ producer: await makeProducer(), topic })
    const delivery = createDelivery({ sink, maxAgeMs: 1, batchRecordsMax: 7 })
    const streams = ['a', 'b', 'c', 'd', 'e']
    for (let seq = 1; seq <= 20; seq++)
      for (const stream of streams) delivery.deliver(record(stream, seq, 'Ünï 😀'))
    expect(await delivery.flush(60_000)).toBe(true)
    expect(delivery.counters).toMatchObject({ written: 100, retries: 0 })
    const messages = await consumed(topic, 100)
    for (const stream of streams) {
      const own = messages.filter(({ key }) => key === stream)
      expect(new Set(own.map(({ partition }) => partition)).size).toBe(1)
      expect(own.map(({ value }) => value)).toEqual(
        Array.from({ length: 20 }, (_, at) => record(stream, at + 1, 'Ünï 😀').line),
      )
    }
    await delivery.close()
  })

  test('halves what the broker finds too large, and a message alone that is too large is refused', async () => {
    const topic = await withTopic(`${prefix}-large`, { 'max.message.bytes': '5000' })
    const sink = kafkaSink({ producer: await makeProducer(), topic })
    const delivery = createDelivery({ sink, maxAgeMs: 1 })
    for (let seq = 1; seq <= 10; seq++) delivery.deliver(record('a', seq, 'x'.repeat(2_000)))
    delivery.deliver(record('a', 11, 'x'.repeat(20_000)))
    expect(await delivery.flush(60_000)).toBe(true)
    expect(delivery.counters).toMatchObject({ written: 10, dropped: { refused: 1 } })
    expect(await consumed(topic, 10)).toHaveLength(10)
    await delivery.close()
  })
})

test('trails of a recorder are messages under the id of its stream', async () => {
  const topic = await withTopic('recorder')
  const sink = kafkaSink({ producer: await PRODUCERS['kafkajs']!(), topic })
  const recorder = createRecorder({ service: 'orders', sink, delivery: 'ack' })
  expect(await recorder.openTrail().finish()).toEqual({ kind: 'acknowledged' })
  expect(await consumed(topic, 1)).toMatchObject([{ key: recorder.streamId }])
  await recorder.close()
})

test('messages to the broker are no calls of the request that they tell of', async () => {
  const topic = await withTopic('own-traffic')
  const copies = memorySink()
  const toKafka = kafkaSink({ producer: await PRODUCERS['@platformatic/kafka of bytes']!(), topic })
  const recorder = createRecorder({
    service: 'orders',
    sink: {
      ...toKafka,
      async write(batch, ...rest) {
        await copies.write(batch, ...rest)
        return toKafka.write(batch, ...rest)
      },
    },
  })
  const trail = recorder.openTrail()
  await trail.run(async () => {
    await recorder.openTrail().finish()
    await recorder.flush()
  })
  void trail.finish()
  await recorder.close()
  expect(copies.records.map(({ integrations }) => integrations)).toEqual([[], []])
})

function failing(failures: Error[]): KafkaProducer & { sent: number } {
  return {
    sent: 0,
    send() {
      this.sent++
      const failure = failures.shift()
      return failure === undefined ? Promise.resolve([]) : Promise.reject(failure)
    },
  }
}

describe('a producer that fails', () => {
  test('for a while loses nothing', async () => {
    const producer = failing([new Error('disconnected'), new Error('still')])
    const delivery = createDelivery({ sink: kafkaSink({ producer, topic: 't' }), maxAgeMs: 1 })
    delivery.deliver(record('a', 1))
    while (delivery.counters.written < 1) await delivery.flush(1_000)
    expect(delivery.counters).toMatchObject({ written: 1, retries: 2 })
    await delivery.close()
  })

  test('for good, by the word of the broker, has the batch counted as lost', async () => {
    const producer = failing([Object.assign(new Error('no'), { type: 'INVALID_RECORD', retriable: false })])
    const delivery = createDelivery({ sink: kafkaSink({ producer, topic: 't' }), maxAgeMs: 1 })
    delivery.deliver(record('a', 1))
    expect(await delivery.flush(10_000)).toBe(true)
    expect(delivery.counters).toMatchObject({ written: 0, dropped: { sink_failed: 1 } })
    await delivery.close()
  })

  test('for want of rights waits for people', async () => {
    const denied = Object.assign(new Error('no'), { type: 'TOPIC_AUTHORIZATION_FAILED', retriable: false })
    const sink = kafkaSink({ producer: failing([denied]), topic: 't' })
    await expect(sink.write([record('a', 1)], signal)).rejects.toMatchObject({
      retryable: true,
      retryAfterMs: 30_000,
    })
  })

  test('by hanging is given up when the write is, and what it says later is nobody’s fault', async () => {
    const gate = Promise.withResolvers<never>()
    const sink = kafkaSink({ producer: { send: () => gate.promise }, topic: 't' })
    const abort = new AbortController()
    const write = sink.write([record('a', 1)], abort.signal)
    abort.abort(new Error('overdue'))
    await expect(write).rejects.toThrow(SinkError)
    gate.reject(new Error('late'))
    await setImmediate()
    await expect(sink.write([record('a', 1)], AbortSignal.abort())).rejects.toThrow(SinkError)
  })

  test('by throwing is contained', async () => {
    const throwing = {
      send: () => {
        throw new Error('at once')
      },
    }
    const write = kafkaSink({ producer: throwing, topic: 't' }).write([record('a', 1)], signal)
    await expect(write).rejects.toMatchObject({ retryable: true })
  })
})

test('the key may be another', async () => {
  const requests: unknown[] = []
  const producer = {
    sendBatch: () => undefined,
    send: (request: unknown) => {
      requests.push(request)
      return Promise.resolve()
    },
  }
  await kafkaSink({ producer, topic: 't', key: ({ id }) => id }).write([record('a', 1)], signal)
  expect(requests).toEqual([{ topic: 't', acks: -1, messages: [{ key: 'a 1', value: record('a', 1).line }] }])
})

test('serializers that would change the lines are refused at once', () => {
  const producer = new platformatic.Producer({
    clientId: 'test',
    bootstrapBrokers: ['127.0.0.1:1'],
    serializers: serializersFrom(jsonSerializer),
  })
  onTestFinished(() => producer.close())
  expect(() => kafkaSink({ producer, topic: 't' })).toThrow(TypeError)
})
