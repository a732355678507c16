/** kafkajs and @platformatic/kafka against a real broker. */

import * as platformatic from '@platformatic/kafka'
import { stringDeserializers, stringSerializers } from '@platformatic/kafka'
import { createRecorder, memorySink, runTrail } from '@trailproof/sdk'
import { collectKafkaJs } from '@trailproof/sdk/collectors'
import { trailMessages } from '@trailproof/sdk/kafka-consumer'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KafkaBroker, startKafka } from '../../support/kafka-broker.ts'
import { callsOf, trailOf, type View } from './recorded-calls.ts'

let broker: KafkaBroker
let kafka: Kafka
beforeAll(async () => {
  broker = await startKafka()
  kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
}, 300_000)
afterAll(() => broker[Symbol.asyncDispose]())

interface Sent {
  readonly key?: string
  readonly value: string
  readonly headers?: Record<string, string>
}

/** Both clients, called alike. */
interface Producer extends AsyncDisposable {
  send(topic: string, messages: Sent[]): Promise<unknown>
}

const bytes = ({ key, value, headers }: Sent) => ({
  ...(key !== undefined && { key: Buffer.from(key) }),
  value: Buffer.from(value),
  headers: new Map(Object.entries(headers ?? {}).map(([k, v]) => [Buffer.from(k), Buffer.from(v)])),
})

const PRODUCERS: Readonly<Record<string, () => Promise<Producer>>> = {
  kafkajs: async () => {
    const producer = collectKafkaJs(
      kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, retry: { retries: 2 } }),
    )
    await producer.connect()
    return {
      send: (topic, messages) => producer.send({ topic, messages }),
      [Symbol.asyncDispose]: () => producer.disconnect(),
    }
  },
  '@platformatic/kafka': () => {
    const producer = new platformatic.Producer({
      clientId: 'test',
      bootstrapBrokers: [broker.address],
      serializers: stringSerializers,
      autocreateTopics: true,
      retries: 2,
    })
    return Promise.resolve({
      send: (topic, messages) => producer.send({ messages: messages.map((each) => ({ topic, ...each })) }),
      [Symbol.asyncDispose]: () => producer.close(),
    })
  },
  '@platformatic/kafka of bytes': () => {
    const producer = new platformatic.Producer({
      clientId: 'test',
      bootstrapBrokers: [broker.address],
      autocreateTopics: true,
      retries: 2,
    })
    return Promise.resolve({
      send: (topic, messages) =>
        producer.send({ messages: messages.map((each) => ({ topic, ...bytes(each) })) }),
      [Symbol.asyncDispose]: () => producer.close(),
    })
  },
}

/** The first message of a topic, consumed in a trail of its own. */
async function consumed(topic: string): Promise<View> {
  const sink = memorySink()
  const recorder = createRecorder({ service: 'mailer', sink })
  const consumer = kafka.consumer({ groupId: `of-${topic}` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const done = Promise.withResolvers<void>()
  await consumer.run({ eachMessage: trailMessages(() => done.resolve(), { recorder }) })
  await done.promise
  await consumer.disconnect()
  await recorder.close()
  return sink.records[0]!
}

describe.each(Object.entries(PRODUCERS))('%s', (name, start) => {
  const topicOf = (last: string): string => `${name.replaceAll(/[^a-z]/g, '')}.${last}`
  const created = async (last: string): Promise<string> => {
    const topic = topicOf(last)
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic }], waitForLeaders: true })
    await admin.disconnect()
    return topic
  }

  test('a message is recorded, and its consumer goes on with the trail of its producer', async () => {
    const topic = await created('orders')
    await using producer = await start()
    const record = await trailOf(() =>
      producer.send(topic, [{ key: 'k-1', value: '{"id":1,"token":"t"}', headers: { mine: 'stays' } }]),
    )
    expect(record['integrations'].filter(({ type }: View) => type === 'kafka')).toMatchObject([
      {
        name: `kafka ${topic}`,
        request: { action: 'send', topic, key: 'k-1', value: { id: 1, token: '***' } },
        response: { partition: 0, offset: '0' },
      },
    ])
    expect(await consumed(topic)).toMatchObject({
      action: `${topic}.consumed`,
      trace_id: record['trace_id'],
      parent_span_id: record['span_id'],
      causation_id: record['id'],
      request: { headers: { mine: 'stays' }, body: { id: 1 } },
    })
  })

  test('of many messages the first ten are kept, and all are counted', async () => {
    const topic = await created('many')
    await using producer = await start()
    const messages = Array.from({ length: 25 }, (_, i) => ({ value: String(i) }))
    const [call] = (await callsOf(() => producer.send(topic, messages))).filter(
      ({ type }) => type === 'kafka',
    )
    expect(call).toMatchObject({ request: { count: 25 }, response: { partition: 0, offset: '0' } })
    expect(call!['request'].messages).toHaveLength(10)
    expect(messages[0]).toEqual({ value: '0' }) // the caller's own are not written to
  })

  test('a message that the application gave a trace of its own keeps it', async () => {
    const topic = await created('traced')
    await using producer = await start()
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    await callsOf(() => producer.send(topic, [{ value: 'v', headers: { traceparent } }]))
    expect((await consumed(topic))['trace_id']).toBe('4bf92f3577b34da6a3ce929d0e0e4736')
  })

  test('outside of any trail a message carries nothing', async () => {
    const topic = await created('outside')
    await using producer = await start()
    await producer.send(topic, [{ value: 'v' }])
    expect((await consumed(topic))['causation_id']).toBeUndefined()
  })

  test('an error is recorded, and reaches the caller', async () => {
    const topic = await created('large')
    await using producer = await start()
    const calls = await callsOf(async () => {
      await expect(producer.send(topic, [{ value: 'x'.repeat(2_000_000) }])).rejects.toThrow()
    })
    expect(calls.filter(({ type }) => type === 'kafka')).toMatchObject([
      { name: `kafka ${topic}`, error: { message: expect.any(String) } },
    ])
  })
})

test('kafkajs: each topic of a batch, and what a transaction sends, is recorded', async () => {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'a' }, { topic: 'b' }], waitForLeaders: true })
  await admin.disconnect()
  const collected = collectKafkaJs(new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }))
  const producer = collected.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    transactionalId: 't',
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await producer.connect()
  const topicMessages = [
    { topic: 'a', messages: [{ value: '1' }] },
    { topic: 'b', messages: [{ value: '2' }] },
  ]
  const calls = await callsOf(async () => {
    await producer.sendBatch({ topicMessages })
    const transaction = await producer.transaction()
    await transaction.send({ topic: 'a', messages: [{ value: '3' }] })
    await transaction.commit()
  })
  await producer.disconnect()
  expect(calls).toMatchObject([
    { name: 'kafka a', response: { partition: 0, offset: '0' } },
    { name: 'kafka b', response: { partition: 0, offset: '0' } },
    { name: 'kafka a', metadata: { transaction: expect.any(Number) } },
  ])
})

test('@platformatic/kafka: options that are sent again carry the trail that sends them', async () => {
  const producer = new platformatic.Producer({
    clientId: 'test',
    bootstrapBrokers: [broker.address],
    serializers: stringSerializers,
    autocreateTopics: true,
  })
  const options = { messages: [{ topic: 'again', value: 'v' }] }
  const { messages } = options
  await callsOf(() => producer.send(options))
  expect(options.messages).toEqual(messages)
  const second = await trailOf(() => producer.send(options))
  await producer.close()
  const consumer = new platformatic.Consumer({
    groupId: 'again',
    clientId: 'test',
    bootstrapBrokers: [broker.address],
    deserializers: stringDeserializers,
  })
  const sink = memorySink()
  const recorder = createRecorder({ service: 'mailer', sink })
  const stream = await consumer.consume({
    topics: ['again'],
    mode: 'earliest',
    sessionTimeout: 10_000,
    heartbeatInterval: 500,
  })
  let count = 0
  for await (const message of stream) {
    await trailMessages(() => undefined, { recorder })(message)
    if (++count === 2) break
  }
  await consumer.close(true)
  await recorder.close()
  expect(sink.records[1]).toMatchObject({ trace_id: second['trace_id'], causation_id: second['id'] })
})

test('a job that sends a message is its cause', async () => {
  const sink = memorySink()
  const recorder = createRecorder({ service: 'job', sink })
  const producer = collectKafkaJs(kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner }))
  await producer.connect()
  await runTrail(
    { action: 'reports.made' },
    () => producer.send({ topic: 'reports', messages: [{ value: 'v' }] }),
    recorder,
  )
  await producer.disconnect()
  await recorder.close()
  expect((await consumed('reports'))['causation_id']).toBe(sink.records[0]!['id'])
})
