import { Readable } from 'node:stream'
import { Consumer, type MessagesStream } from '@platformatic/kafka'
import { afterEach, expect, test, vi } from 'vitest'
import { KafkaConsumption } from './consumption.ts'
import { KafkaReplies } from './replies.ts'

const CLIENT = { clientId: 'test', bootstrapBrokers: ['127.0.0.1:1'] }

type Stream = MessagesStream<unknown, unknown, unknown, unknown>

const close = (): Promise<void> => Promise.resolve()
const take = (): Promise<void> => Promise.resolve()

/** Consumers that were made, which take nothing and reach no broker. */
function withoutBroker(): Consumer[] {
  const made: Consumer[] = []
  vi.spyOn(Consumer.prototype, 'listOffsets').mockResolvedValue(new Map([['replies', [0n]]]))
  vi.spyOn(Consumer.prototype, 'consume').mockImplementation(function (this: unknown) {
    made.push(this as Consumer)
    // As much of a stream as is used of it.
    const stream = new Readable({ objectMode: true, read: () => undefined })
    return Promise.resolve(Object.assign(stream, { close }) as unknown as Stream)
  })
  return made
}

afterEach(() => {
  vi.restoreAllMocks()
})

/** What the client says, and would end the process with, when it cannot join its group again. */
const LOST = new Error('joinGroup failed 4 times.')

test('a consumption whose member cannot join again has failed', async () => {
  const made = withoutBroker()
  const onFailure = vi.fn<(error: Error) => void>()
  const group = { topic: 'intake', group: 'sequencers', sessionTimeoutMs: 6000 }
  const consumption = await KafkaConsumption.open(CLIENT, group, { take, onFailure })
  made[0]!.emit('error', LOST)
  expect(onFailure).toHaveBeenCalledWith(expect.objectContaining({ code: 'BROKER_UNAVAILABLE' }))
  await consumption[Symbol.asyncDispose]()
})

test('replies are read by another consumer when theirs cannot join again, however often it says so', async () => {
  const made = withoutBroker()
  const replies = new KafkaReplies(CLIENT, { topic: 'replies', onReply: () => undefined })
  const address = await replies.begin()
  made[0]!.emit('error', LOST)
  made[0]!.emit('error', LOST)
  await vi.waitUntil(() => made.length > 1)
  expect(made).toHaveLength(2)
  expect(address).toMatch(/^0\//)
  await replies.close()
})
