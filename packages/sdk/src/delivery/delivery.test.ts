import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FakeClock, fakeClock } from '../../../../test/sdk/delivery/fake-clock.ts'
import {
  type ScriptedSink,
  type Step,
  scriptedSink,
  sealed,
  seqsOf,
  trap,
} from '../../../../test/sdk/delivery/scripted-sink.ts'
import { DIAGNOSTICS_CHANNEL, type Diagnostic } from '../recorder/diagnostics.ts'
import type { Sink } from '../sinks/sink.ts'
import { SinkError } from '../sinks/sink.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import type { DeliveryOptions } from './delivery-options.ts'
import type { Loss } from './loss-log.ts'

const thrower = (): never => {
  throw new Error('no')
}

interface Fixture {
  readonly clock: FakeClock
  readonly sink: ScriptedSink
  readonly delivery: Delivery
}

function fixture(script: Step[] = [], options: Partial<DeliveryOptions> & { last?: Step } = {}): Fixture {
  const clock = fakeClock()
  const sink = scriptedSink(script, options)
  return { clock, sink, delivery: createDelivery({ sink, clock, ...options }) }
}

function give(delivery: Delivery, from: number, to: number): void {
  for (let seq = from; seq <= to; seq++) delivery.deliver(sealed(seq))
}

function diagnostics(): Diagnostic[] {
  const said: Diagnostic[] = []
  const listen = (message: unknown): void => void said.push(message as Diagnostic)
  subscribe(DIAGNOSTICS_CHANNEL, listen)
  onTestFinished(() => void unsubscribe(DIAGNOSTICS_CHANNEL, listen))
  return said
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n)

/** A loss record whose line is the loss itself. */
function lossRecords(): { losses: Loss[]; makeLossRecord: (loss: Loss) => ReturnType<typeof sealed> } {
  const losses: Loss[] = []
  let seq = 1_000_000
  return {
    losses,
    makeLossRecord(loss) {
      losses.push(loss)
      return sealed(seq++, { action: 'stream.dropped' })
    },
  }
}

describe('batches', () => {
  test('leave when the oldest record is old enough, not before', async () => {
    const { clock, sink, delivery } = fixture()
    give(delivery, 1, 3)
    await clock.advance(199)
    expect(sink.offered).toEqual([])
    await clock.advance(1)
    expect(sink.offered).toEqual([3])
  })

  test('leave as soon as they are full, in number or bytes', async () => {
    const { clock, sink, delivery } = fixture([], { batchRecordsMax: 10 })
    give(delivery, 1, 25)
    await clock.settle()
    expect(sink.offered).toEqual([10, 10])
    const bytes = fixture([], { batchBytesMax: 1_000 })
    bytes.delivery.deliver(sealed(1, { text: 'x'.repeat(2_000) }))
    bytes.delivery.deliver(sealed(2))
    await bytes.clock.settle()
    expect(bytes.sink.offered, 'a record larger than a batch goes alone').toEqual([1])
  })

  test('are sent one at a time, in order, while others collect', async () => {
    const { clock, sink, delivery } = fixture(['late'])
    give(delivery, 1, 2)
    await clock.advance(200)
    give(delivery, 3, 8)
    await clock.advance(10_000)
    expect(sink.offered).toEqual([2])
    sink.answer()
    await clock.settle()
    expect(sink.offered).toEqual([2, 6])
    expect(seqsOf(sink.taken)).toEqual(range(1, 8))
  })

  test('are not started in the middle of the code that delivers', () => {
    const { sink, delivery } = fixture([], { batchRecordsMax: 1 })
    delivery.deliver(sealed(1))
    expect(sink.offered).toEqual([])
  })
})

describe('a sink that fails', () => {
  test.each<Step>(['fail', 'throw', 'nonsense', 'trap', 'hang', 'take-then-fail'])(
    'by "%s" gets the same batch again, until it takes it',
    async (step) => {
      const { clock, sink, delivery } = fixture([step, step, 'take'], { batchRecordsMax: 3 })
      give(delivery, 1, 3)
      await clock.advance(200_000)
      expect(seqsOf(sink.taken).slice(-3)).toEqual([1, 2, 3])
      expect(delivery.counters).toMatchObject({ given: 3, written: 3, retries: 2, waitingRecords: 0 })
    },
  )

  test('is tried again without end, at most 30 s apart', async () => {
    const { clock, sink, delivery } = fixture([], { last: 'fail' })
    delivery.deliver(sealed(1))
    await clock.advance(3_600_000)
    const tries = sink.offered.length
    expect(tries).toBeGreaterThan(3_600 / 30)
    sink.script = ['take']
    await clock.advance(30_000)
    expect(seqsOf(sink.taken)).toEqual([1])
    expect(delivery.status().contact).toEqual({ kind: 'good' })
  })

  test('is tried again by all as soon as it has answered anybody', async () => {
    const { clock, sink, delivery } = fixture([], { last: 'fail', ackTimeoutMs: 100 })
    delivery.deliver(sealed(1))
    await clock.advance(60_000)
    const tries = sink.offered.length
    sink.script = ['take', 'take']
    const safe = delivery.deliverSafely(sealed(2), 'ack')
    await clock.settle()
    expect(await safe).toEqual({ kind: 'acknowledged' })
    expect(seqsOf(sink.taken)).toEqual([2, 1])
    expect(sink.offered).toHaveLength(tries + 2)
  })

  test('is left alone for as long as it asks', async () => {
    const clock = fakeClock()
    let writes = 0
    const sink: Sink = {
      name: 'busy',
      write: async (batch) => {
        if (writes++ > 0) return batch.map(() => ({ kind: 'written' }))
        throw new SinkError('busy', { retryable: true, retryAfterMs: 60_000 })
      },
      close: async () => undefined,
    }
    const delivery = createDelivery({ sink, clock })
    delivery.deliver(sealed(1))
    await clock.advance(60_000)
    expect(writes).toBe(1)
    await clock.advance(200)
    expect(delivery.counters.written).toBe(1)
  })

  test('for good loses the batch, counted, and goes on with the next', async () => {
    const { losses, makeLossRecord } = lossRecords()
    const { clock, sink, delivery } = fixture(['fail-for-good'], { batchRecordsMax: 2, makeLossRecord })
    give(delivery, 1, 4)
    await clock.settle()
    expect(seqsOf(sink.taken).slice(0, 2)).toEqual([3, 4])
    expect(delivery.counters.dropped.sink_failed).toBe(2)
    expect(losses).toMatchObject([{ reason: 'sink_failed', records: 2, seqs: [[1, 2]], exact: true }])
  })

  test('that takes a part gets the rest at once', async () => {
    const { clock, sink, delivery } = fixture(['take-half', 'take-half'], { batchRecordsMax: 8 })
    give(delivery, 1, 8)
    await clock.settle()
    expect(sink.offered).toEqual([8, 4, 2])
    expect(seqsOf(sink.taken)).toEqual(range(1, 8))
    expect(delivery.counters.written).toBe(8)
  })

  test('that refuses is believed: nothing is sent twice', async () => {
    const { clock, sink, delivery } = fixture(['refuse'], { batchRecordsMax: 2 })
    give(delivery, 1, 2)
    await clock.advance(60_000)
    expect(sink.offered).toEqual([2])
    expect(delivery.counters).toMatchObject({ written: 0, waitingRecords: 0, dropped: { refused: 2 } })
  })

  test('is reported while it is away and when it is back', async () => {
    const said = diagnostics()
    const { clock, delivery } = fixture(['fail', 'fail'])
    delivery.deliver(sealed(1))
    await clock.advance(1_000)
    expect(said).toMatchObject([
      { kind: 'retrying', sink: 'scripted', attempt: 1, delayMs: 50 },
      { kind: 'retrying', attempt: 2, delayMs: 100 },
      { kind: 'recovered', attempts: 2 },
    ])
  })
})

describe('a full queue', () => {
  test('stays bounded against a sink that hangs, and every drop is counted', async () => {
    const said = diagnostics()
    const { clock, sink, delivery } = fixture([], { last: 'hang-for-ever', queueRecordsMax: 1_000 })
    give(delivery, 1, 10_000)
    await clock.advance(60_000)
    expect(delivery.counters).toMatchObject({
      given: 10_000,
      waitingRecords: 1_000,
      dropped: { queue_full: 9_000 },
    })
    expect(sink.offered, 'never two writes at once').toHaveLength(1)
    const told = said.filter(({ kind }) => kind === 'dropped') as { records: number }[]
    expect(told.reduce((sum, { records }) => sum + records, 0)).toBe(9_000)
    expect(told.length, 'at most one event a second').toBeLessThanOrEqual(3)
  })

  test('is bounded by bytes, too, and takes one record of any size when it is empty', () => {
    const { delivery } = fixture([], { queueBytesMax: 1_000 })
    delivery.deliver(sealed(1, { text: 'x'.repeat(5_000) }))
    delivery.deliver(sealed(2))
    expect(delivery.counters).toMatchObject({ waitingRecords: 1, dropped: { queue_full: 1 } })
  })

  test('is told in a record of the gap, before anything new, once contact is back', async () => {
    const { losses, makeLossRecord } = lossRecords()
    const options = { queueRecordsMax: 4, batchRecordsMax: 2, makeLossRecord }
    const { clock, sink, delivery } = fixture(['fail', 'fail', 'late'], options)
    give(delivery, 1, 10)
    await clock.advance(1_000)
    expect(losses, 'nothing while the sink is away').toEqual([])
    sink.answer()
    await clock.settle()
    expect(losses).toEqual([
      {
        reason: 'queue_full',
        records: 6,
        seqs: [[5, 10]],
        exact: true,
        since: clock.now() - 1_000,
        until: clock.now() - 1_000,
      },
    ])
    expect(seqsOf(sink.taken)).toEqual([1, 2, 1_000_000, 3, 4])
    expect(delivery.counters).toMatchObject({ given: 11, written: 5 })
  })

  test('is told at most once a second, the rest in the next record', async () => {
    const { losses, makeLossRecord } = lossRecords()
    const { clock, delivery } = fixture([], { queueRecordsMax: 1, batchRecordsMax: 1, makeLossRecord })
    for (let n = 0; n < 10; n++) {
      give(delivery, 10 * n, 10 * n + 1)
      await clock.advance(10)
    }
    expect(losses).toHaveLength(1)
    await clock.advance(1_000)
    expect(losses).toHaveLength(2)
    expect(losses.reduce((sum, { records }) => sum + records, 0)).toBe(10)
  })

  test('is not told again because the record of the gap was lost', async () => {
    const { losses, makeLossRecord } = lossRecords()
    const { clock, delivery } = fixture(['refuse', 'refuse'], { batchRecordsMax: 1, makeLossRecord })
    delivery.deliver(sealed(1))
    await clock.advance(600_000)
    expect(losses).toHaveLength(1)
    expect(delivery.counters).toMatchObject({ given: 2, dropped: { refused: 2 }, waitingRecords: 0 })
  })

  test('survives a maker of loss records that throws', async () => {
    const { clock, delivery } = fixture([], { queueRecordsMax: 1, makeLossRecord: thrower })
    give(delivery, 1, 2)
    await clock.advance(200)
    expect(delivery.counters).toMatchObject({ given: 2, written: 1, dropped: { queue_full: 1 } })
  })
})

describe('ack', () => {
  const receipt = { id: 'x', ledger: 'main', index: 7 }
  const withReceipts = (): Sink => ({
    name: 'ledger',
    write: async (batch, _signal, wish) =>
      batch.map(() => ({ kind: 'written', receipt: { ...receipt, proofs: wish?.proofs } as never })),
    close: async () => undefined,
  })

  test('resolves with the receipt, and asks for proofs', async () => {
    const clock = fakeClock()
    const delivery = createDelivery({ sink: withReceipts(), clock })
    const safe = delivery.deliverSafely(sealed(1), 'ack')
    await clock.settle()
    expect(await safe).toEqual({ kind: 'acknowledged', receipt: { ...receipt, proofs: true } })
  })

  test('goes in groups: what comes while one batch is under way goes together in the next', async () => {
    const { clock, sink, delivery } = fixture(['late'])
    const first = delivery.deliverSafely(sealed(1), 'ack')
    await clock.settle()
    const others = range(2, 9).map((seq) => delivery.deliverSafely(sealed(seq), 'ack'))
    await clock.settle()
    sink.answer()
    await clock.settle()
    expect(sink.offered).toEqual([1, 8])
    for (const safe of [first, ...others]) expect(await safe).toEqual({ kind: 'acknowledged' })
  })

  test('does not wait behind async records', async () => {
    const { clock, sink, delivery } = fixture(['late'], { batchRecordsMax: 5 })
    give(delivery, 1, 1_000)
    await clock.settle()
    const safe = delivery.deliverSafely(sealed(2_000), 'ack')
    await clock.settle()
    expect(await safe).toEqual({ kind: 'acknowledged' })
    expect(sink.taken).toHaveLength(1)
  })

  test.each<Step>(['hang', 'hang-for-ever', 'fail'])(
    'fails in time against "%s", and the record is delivered all the same',
    async (step) => {
      const { clock, sink, delivery } = fixture([], { last: step })
      const safe = delivery.deliverSafely(sealed(1), 'ack')
      await clock.advance(2_000)
      expect(await safe).toMatchObject({ kind: 'failed' })
      expect(delivery.counters).toMatchObject({ given: 1, waitingRecords: 1 })
      sink.script = Array.from({ length: 9 }, () => 'take')
      await clock.advance(60_000)
      expect(seqsOf(sink.taken)).toEqual([1])
      expect(delivery.counters).toMatchObject({ given: 1, written: 1, waitingRecords: 0 })
    },
  )

  test('whose answer comes too late is counted once', async () => {
    const { clock, sink, delivery } = fixture(['late'])
    const safe = delivery.deliverSafely(sealed(1), 'ack')
    await clock.advance(2_000)
    expect(await safe).toMatchObject({ kind: 'failed' })
    sink.answer()
    await clock.advance(1_000)
    expect(seqsOf(sink.taken)).toEqual([1, 1])
    expect(delivery.counters).toMatchObject({ given: 1, written: 1, waitingRecords: 0 })
  })

  test('is tried every now and then through an outage, so that the first request after it has its receipt', async () => {
    const { clock, sink, delivery } = fixture([], { last: 'fail' })
    for (let n = 0; n < 20; n++) {
      const lost = delivery.deliverSafely(sealed(n), 'ack')
      await clock.advance(2_000)
      expect(await lost).toMatchObject({ kind: 'failed' })
    }
    sink.script = Array.from({ length: 9 }, () => 'take')
    const safe = delivery.deliverSafely(sealed(100), 'ack')
    await clock.advance(500)
    expect(await safe).toEqual({ kind: 'acknowledged' })
  })

  test('is tried again while there is time', async () => {
    const { clock, delivery } = fixture(['fail', 'fail'])
    const safe = delivery.deliverSafely(sealed(1), 'ack')
    await clock.advance(500)
    expect(await safe).toEqual({ kind: 'acknowledged' })
  })

  test.each<[Step, 'refused' | 'sink_failed']>([
    ['refuse', 'refused'],
    ['fail-for-good', 'sink_failed'],
  ])('of a record that is never taken ("%s") fails, and is not sent again', async (step, reason) => {
    const { clock, sink, delivery } = fixture([step])
    const safe = delivery.deliverSafely(sealed(1), 'ack')
    await clock.advance(60_000)
    expect(await safe).toMatchObject({ kind: 'failed' })
    expect(sink.offered).toEqual([1])
    expect(delivery.counters.dropped[reason]).toBe(1)
  })

  test('takes a bounded number of requests at a time; the others are told at once', async () => {
    const { clock, delivery } = fixture([], { last: 'hang-for-ever', queueRecordsMax: 10 })
    const safe = range(1, 30).map((seq) => delivery.deliverSafely(sealed(seq), 'ack'))
    await clock.settle()
    expect(await safe[29]).toMatchObject({ kind: 'failed' })
    expect(delivery.counters).toMatchObject({ given: 30, waitingRecords: 20, dropped: { queue_full: 10 } })
  })
})

describe('disk without a spool', () => {
  test('fails, and the record is delivered all the same', async () => {
    const { clock, sink, delivery } = fixture()
    expect(await delivery.deliverSafely(sealed(1), 'disk')).toMatchObject({ kind: 'failed' })
    await clock.advance(200)
    expect(seqsOf(sink.taken)).toEqual([1])
  })
})

describe('flush', () => {
  test('sends at once, in every mode, and says that all is settled', async () => {
    const { clock, sink, delivery } = fixture([], { batchRecordsMax: 3 })
    give(delivery, 1, 7)
    void delivery.deliverSafely(sealed(8), 'ack')
    const flushed = delivery.flush()
    await clock.settle()
    expect(await flushed).toBe(true)
    expect(sink.taken).toHaveLength(8)
    expect(clock.timers, 'no timer is left').toBe(0)
  })

  test('ends at its deadline', async () => {
    const { clock, delivery } = fixture([], { last: 'fail' })
    delivery.deliver(sealed(1))
    const flushed = delivery.flush(1_000)
    await clock.advance(1_000)
    expect(await flushed).toBe(false)
    expect(delivery.counters.waitingRecords).toBe(1)
  })

  test('does not wait for records that come after it', async () => {
    const { clock, sink, delivery } = fixture(['take', 'late'])
    delivery.deliver(sealed(1))
    const flushed = delivery.flush()
    await clock.settle()
    delivery.deliver(sealed(2))
    await clock.settle()
    expect(await flushed).toBe(true)
    expect(seqsOf(sink.taken)).toEqual([1])
  })
})

describe('close', () => {
  test('flushes, then refuses, then resolves', async () => {
    const { clock, sink, delivery } = fixture(['late'])
    delivery.deliver(sealed(1))
    const closed = delivery.close()
    delivery.deliver(sealed(2))
    await clock.settle()
    sink.answer()
    await clock.settle()
    await closed
    expect(sink.closed).toBe(true)
    delivery.deliver(sealed(3))
    expect(await delivery.deliverSafely(sealed(4), 'ack')).toMatchObject({ kind: 'failed' })
    expect(seqsOf(sink.taken)).toEqual([1, 2])
    expect(delivery.counters).toMatchObject({
      given: 4,
      written: 2,
      dropped: { closed: 2 },
      waitingRecords: 0,
    })
  })

  test('counts what it could not send by its deadline', async () => {
    const said = diagnostics()
    const { clock, delivery } = fixture([], { last: 'hang-for-ever' })
    give(delivery, 1, 20)
    const ack = delivery.deliverSafely(sealed(21), 'ack')
    const closed = delivery.close(1_000)
    await clock.advance(3_000)
    await closed
    expect(await ack).toMatchObject({ kind: 'failed' })
    expect(delivery.counters).toMatchObject({
      given: 21,
      written: 0,
      dropped: { closed: 21 },
      waitingRecords: 0,
    })
    const told = said.filter(({ kind }) => kind === 'dropped') as { records: number }[]
    expect(
      told.reduce((sum, { records }) => sum + records, 0),
      'all is told',
    ).toBe(21)
    expect(clock.timers).toBe(0)
  })

  test('may be called twice', async () => {
    const { clock, delivery } = fixture()
    const both = Promise.all([delivery.close(), delivery.close()])
    await clock.settle()
    await both
  })

  test('survives a sink whose close throws, rejects or never ends', async () => {
    for (const close of [
      thrower,
      () => Promise.reject(new Error('no')),
      () => new Promise<void>(() => undefined),
    ]) {
      const clock = fakeClock()
      const closed = createDelivery({ sink: { ...scriptedSink(), close }, clock }).close(10)
      await clock.advance(2_000)
      await closed
    }
  })
})

describe('drainSync', () => {
  test('gives what waits to a sink that takes it at once, in order', async () => {
    const { clock, sink, delivery } = fixture([], { last: 'hang-for-ever' })
    const left: number[] = []
    sink.writeSync = (batch) => void left.push(...seqsOf(batch))
    give(delivery, 1, 3)
    void delivery.deliverSafely(sealed(4), 'ack')
    await clock.advance(200)
    give(delivery, 5, 6)
    delivery.drainSync()
    expect(left).toEqual(range(1, 6))
    expect(delivery.counters).toMatchObject({ given: 6, written: 6, waitingRecords: 0 })
    delivery.drainSync()
    delivery.deliver(sealed(7))
    expect(delivery.counters).toMatchObject({ given: 7, written: 6, dropped: { closed: 1 } })
  })

  test('counts what nobody takes', () => {
    const { delivery } = fixture()
    give(delivery, 1, 3)
    expect(() => delivery.drainSync()).not.toThrow()
    expect(delivery.counters).toMatchObject({ given: 3, dropped: { closed: 3 }, waitingRecords: 0 })
  })
})

describe('the host', () => {
  test('is never hurt by what it hands over', () => {
    const { delivery } = fixture()
    expect(() => delivery.deliver(trap() as never)).not.toThrow()
    expect(() => delivery.deliver(undefined as never)).not.toThrow()
    expect(delivery.counters).toMatchObject({ given: 2, dropped: { internal: 2 } })
  })

  test.each([
    { maxAgeMs: Number.NaN },
    { queueRecordsMax: 0 },
    { ackTimeoutMs: -1 },
    { onQueueFull: 'spool' as const },
  ])('is told at the start of options that cannot be meant: %j', (options) => {
    expect(() => createDelivery({ sink: scriptedSink(), ...options })).toThrow(RangeError)
  })
})

const STEPS: readonly Step[] = [
  'take',
  'take-then-fail',
  'take-half',
  'refuse',
  'fail',
  'fail-for-good',
  'throw',
  'nonsense',
  'trap',
  'hang',
  'hang-for-ever',
  'late',
]

const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('give' as const), count: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'ack' as const, count: 1 }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), count: fc.integer({ min: 0, max: 3_000 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'answer' as const, count: 1 }) },
)

/** Defect 10 of the original: writers of a sink that is closed while it is full threw, and drops were not counted. */
test('given = written + dropped, always: also when it is closed while 8 writers write to a sink that does anything', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...STEPS), { maxLength: 20 }),
      fc.array(action, { maxLength: 20 }),
      fc.boolean(),
      async (script, actions, withNotices) => {
        const clock = fakeClock()
        const sink = scriptedSink([...script])
        const { makeLossRecord } = lossRecords()
        const options = { queueRecordsMax: 20, batchRecordsMax: 4, ackTimeoutMs: 500, writeTimeoutMs: 1_000 }
        const delivery = createDelivery({
          sink,
          clock,
          ...options,
          ...(withNotices ? { makeLossRecord } : {}),
        })
        const waiting: Promise<unknown>[] = []
        let seq = 0
        const act = async ({ kind, count }: { kind: string; count: number }): Promise<void> => {
          if (kind === 'give') for (let n = 0; n < count; n++) delivery.deliver(sealed(seq++))
          else if (kind === 'ack') waiting.push(delivery.deliverSafely(sealed(seq++), 'ack'))
          else if (kind === 'wait') await clock.advance(count)
          else sink.answer()
        }
        const balanced = (): void => {
          const { given, written, dropped, waitingRecords } = delivery.counters
          const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
          expect(written + lost + waitingRecords, JSON.stringify(delivery.counters)).toBe(given)
          expect(waitingRecords).toBeLessThanOrEqual(3 * options.queueRecordsMax)
        }
        for (const step of actions) {
          await act(step)
          balanced()
        }
        const writers = range(1, 8).map(async () => {
          for (const step of actions.slice(0, 5))
            await act(step.kind === 'wait' ? { kind: 'give', count: 9 } : step)
        })
        const closed = delivery.close(1_000)
        await clock.advance(10_000)
        await Promise.all([closed, ...writers, ...waiting])
        balanced()
        expect(delivery.counters.waitingRecords).toBe(0)
        expect(clock.timers).toBe(0)
        const { written } = delivery.counters
        expect(
          new Set(seqsOf(sink.taken)).size,
          'nothing is called written that was not taken',
        ).toBeGreaterThanOrEqual(written)
      },
    ),
    { numRuns: 150 },
  )
})
