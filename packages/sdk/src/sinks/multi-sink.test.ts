import { expect, test } from 'vitest'
import { fakeClock } from '../../../../test/sdk/delivery/fake-clock.ts'
import { scriptedSink, sealed, seqsOf } from '../../../../test/sdk/delivery/scripted-sink.ts'
import { createDelivery } from '../delivery/delivery.ts'
import { multiSink } from './multi-sink.ts'

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n)

test('every sink gets every record, once, however often the first one is tried', async () => {
  const clock = fakeClock()
  const [first, copy, slow] = [
    scriptedSink(['fail', 'fail', 'take-half']),
    scriptedSink(),
    scriptedSink([], { last: 'hang' }),
  ]
  const sink = multiSink([first, copy, slow], { clock })
  const delivery = createDelivery({ sink, clock })
  for (const seq of range(1, 10)) delivery.deliver(sealed(seq))
  await clock.advance(400)
  expect(seqsOf(copy.taken), 'it does not wait for the others').toEqual(range(1, 10))
  await clock.advance(5_000)
  expect(seqsOf(first.taken)).toEqual(range(1, 10))
  expect(seqsOf(copy.taken)).toEqual(range(1, 10))
  slow.script = Array.from({ length: 100 }, () => 'take')
  await clock.advance(60_000)
  expect(seqsOf(slow.taken), 'it goes on by itself').toEqual(range(1, 10))
  expect(delivery.counters.written).toBe(10)
  expect(sink.copies.map(({ name, counters }) => [name, counters.written])).toEqual([
    ['scripted', 10],
    ['scripted', 10],
  ])
})

test('the first one decides what is refused and acknowledged', async () => {
  const clock = fakeClock()
  const delivery = createDelivery({
    sink: multiSink([scriptedSink(['refuse']), scriptedSink()], { clock }),
    clock,
  })
  const safe = delivery.deliverSafely(sealed(1), 'ack')
  await clock.advance(10)
  expect(await safe).toMatchObject({ kind: 'failed' })
})

test('a copy that falls behind is bounded, and its drops are counted as its own', async () => {
  const clock = fakeClock()
  const sink = multiSink([scriptedSink(), scriptedSink([], { last: 'hang-for-ever' })], {
    clock,
    queueRecordsMax: 10,
  })
  const delivery = createDelivery({ sink, clock, batchRecordsMax: 50 })
  for (const seq of range(1, 200)) delivery.deliver(sealed(seq))
  await clock.advance(1_000)
  expect(delivery.counters).toMatchObject({ written: 200, dropped: { queue_full: 0 } })
  expect(sink.copies[0]!.counters).toMatchObject({ waitingRecords: 10, dropped: { queue_full: 190 } })
})

test('closes all, with what still waits for the copies', async () => {
  const clock = fakeClock()
  const [first, copy] = [scriptedSink(), scriptedSink()]
  const delivery = createDelivery({ sink: multiSink([first, copy], { clock }), clock })
  for (const seq of range(1, 5)) delivery.deliver(sealed(seq))
  const closed = delivery.close()
  await clock.advance(3_000)
  await closed
  expect(seqsOf(first.taken)).toEqual(range(1, 5))
  expect(seqsOf(copy.taken)).toEqual(range(1, 5))
  expect([first.closed, copy.closed]).toEqual([true, true])
})

test('at the exit the copies that can take what is left, also when the first cannot', () => {
  const clock = fakeClock()
  const copy = scriptedSink()
  const left: number[] = []
  copy.writeSync = (batch) => void left.push(...seqsOf(batch))
  const delivery = createDelivery({ sink: multiSink([scriptedSink(), copy], { clock }), clock })
  for (const seq of range(1, 5)) delivery.deliver(sealed(seq))
  delivery.drainSync()
  expect(left).toEqual(range(1, 5))
  expect(delivery.counters.dropped.closed, 'the authority has none of them').toBe(5)
})

test('takes at least one sink', () => {
  expect(() => multiSink([] as never)).toThrow(RangeError)
})
