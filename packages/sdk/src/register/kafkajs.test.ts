import { expect, test } from 'vitest'
import { trailMessages } from '../middleware/kafka-consumer.ts'
import { createRecorder } from '../recorder/default-recorder.ts'
import { memorySink } from '../sinks/memory-sink.ts'
import { watchedConsumer } from './kafkajs.ts'

const sink = memorySink()
const recorder = createRecorder({ service: 'stock', sink, collect: false })

/** As kafkajs makes one, of what is used. */
function consuming() {
  const before = sink.records.length
  let given: { eachMessage?: (payload: object) => Promise<void> } = {}
  const make = watchedConsumer(() => ({
    run: (config: typeof given) => {
      given = config
      return 'running'
    },
  }))
  const consumer = make.call({}, {}) as { run: (config: unknown) => unknown }
  const consume = async (value: string) => {
    await given.eachMessage!({
      topic: 'orders',
      partition: 0,
      message: { value: Buffer.from(value), offset: '7' },
    })
    return await records()
  }
  const records = async () => {
    await recorder.flush()
    return sink.records.slice(before)
  }
  return { consumer, consume, records, given: () => given }
}

test('each message is a trail, and what the handler throws goes on to the client', async () => {
  const { consumer, consume, records } = consuming()
  const seen: string[] = []
  const config = {
    eachMessage: ({ message }: { message: { value: Buffer } }) => {
      seen.push(message.value.toString())
      return message.value.length > 1 ? Promise.reject(new Error('boom')) : Promise.resolve()
    },
  }
  expect(consumer.run(config)).toBe('running')
  expect(await consume('a')).toMatchObject([
    { action: 'orders.consumed', outcome: 'success', request: { offset: '7' } },
  ])
  await expect(consume('bb')).rejects.toThrow('boom')
  expect((await records())[1]).toMatchObject({ outcome: 'failure', errors: [{ message: 'boom' }] })
  expect(seen).toEqual(['a', 'bb'])
})

test('a message that the application makes a trail of itself is one all the same', async () => {
  const { consumer, consume } = consuming()
  consumer.run({ eachMessage: trailMessages(() => Promise.resolve(), { action: 'its.own' }) })
  expect(await consume('a')).toHaveLength(1)
})

test.each([undefined, {}, { eachBatch: () => undefined }, { eachMessage: 1 }])(
  'a consumer that is run with %j is left alone',
  (config) => {
    const { consumer, given } = consuming()
    consumer.run(config)
    expect(given()).toBe(config)
  },
)
