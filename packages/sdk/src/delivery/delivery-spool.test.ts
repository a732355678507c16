/** Delivery with a real spool: disks are real, time is not. */
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FakeClock, fakeClock } from '../../../../test/sdk/delivery/fake-clock.ts'
import {
  type ScriptedSink,
  type Step,
  scriptedSink,
  sealed,
  seqsOf,
} from '../../../../test/sdk/delivery/scripted-sink.ts'
import { temporaryDirectory } from '../../../../test/sdk/delivery/temporary-directory.ts'
import { until as untilSo } from '../../../../test/sdk/delivery/until.ts'
import { watchedDisk } from '../../../../test/sdk/delivery/watched-disk.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import type { DeliveryOptions } from './delivery-options.ts'
import { createSpool, type Spool, type SpoolOptions } from './spool/spool.ts'
import { nodeDisk, type SpoolDisk } from './spool/spool-disk.ts'

interface Options extends Partial<DeliveryOptions> {
  readonly directory?: string
  readonly last?: Step
  readonly spoolOptions?: Partial<SpoolOptions>
}

interface Fixture {
  readonly clock: FakeClock
  readonly sink: ScriptedSink
  readonly delivery: Delivery
  readonly spool: Spool
  /** Moves time on, as long as the disk has nothing to do, until something is so. */
  readonly until: (isSo: () => boolean) => Promise<void>
}

let streams = 0

function fixture(
  script: Step[] = [],
  { directory = temporaryDirectory(), spoolOptions, ...options }: Options = {},
): Fixture {
  const clock = fakeClock()
  const sink = scriptedSink(script, options)
  const disk = watchedDisk(spoolOptions?.disk)
  const spool = createSpool({ directory, stream: `s${++streams}`, clock, ...spoolOptions, disk })
  const delivery = createDelivery({ sink, clock, spool, ...options })
  const fixed: Fixture = { clock, sink, delivery, spool, until: (isSo) => untilSo(clock, disk, isSo) }
  onTestFinished(() => closed(fixed))
  return fixed
}

async function closed({ delivery, until }: Fixture, deadlineMs = 100): Promise<void> {
  let isClosed = false
  void delivery.close(deadlineMs).then(() => (isClosed = true))
  await until(() => isClosed)
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n)

function balance({ delivery, spool }: Fixture): { left: number; settled: number } {
  const { given, replayed, written, dropped, waitingRecords } = delivery.counters
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  return { left: given + replayed - waitingRecords - spool.waitingRecords, settled: written + lost }
}

describe('disk', () => {
  test('resolves when the record is on the disk, whatever the sink does, and it is sent in order', async () => {
    const fixed = fixture([], { last: 'fail' })
    const { clock, until, sink, delivery, spool } = fixed
    const safe = await Promise.all(range(1, 50).map((seq) => delivery.deliverSafely(sealed(seq), 'disk')))
    expect(new Set(safe.map(({ kind }) => kind))).toEqual(new Set(['spooled']))
    expect(spool.waitingRecords).toBe(50)
    await clock.advance(1_000)
    sink.script = Array.from({ length: 100 }, () => 'take')
    await until(() => spool.waitingRecords === 0)
    expect(seqsOf(sink.taken)).toEqual(range(1, 50))
    expect(delivery.counters).toMatchObject({ given: 50, spooled: 50, written: 50, waitingRecords: 0 })
    expect(balance(fixed).left).toBe(balance(fixed).settled)
  })

  test('keeps up while new records arrive', async () => {
    const { clock, until, sink, delivery, spool } = fixture([], { batchRecordsMax: 10 })
    for (const seq of range(1, 300)) {
      await delivery.deliverSafely(sealed(seq), 'disk')
      if (seq % 7 === 0) await clock.advance(5)
    }
    await until(() => spool.waitingRecords === 0)
    expect(seqsOf(sink.taken)).toEqual(range(1, 300))
  })

  test('that is full or fails says so, and the record goes through memory', async () => {
    const { until, sink, delivery } = fixture([], {
      last: 'fail',
      queueRecordsMax: 3,
      spoolOptions: { bytesMax: 1_000 },
    })
    const safe = []
    for (const seq of range(1, 20)) safe.push(await delivery.deliverSafely(sealed(seq), 'disk'))
    const spooled = safe.filter(({ kind }) => kind === 'spooled').length
    expect(spooled).toBeGreaterThan(2)
    expect(safe.at(-1)).toMatchObject({ kind: 'failed', error: { reason: 'spool_full' } })
    expect(delivery.counters).toMatchObject({ waitingRecords: 3, dropped: { spool_full: 17 - spooled } })
    sink.script = Array.from({ length: 100 }, () => 'take')
    await until(() => delivery.counters.written === spooled + 3)
  })

  test('that hangs fails in time', async () => {
    const disk: SpoolDisk = { ...nodeDisk, createSegment: () => new Promise(() => undefined) }
    const { clock, delivery } = fixture([], { spoolOptions: { disk } })
    const safe = delivery.deliverSafely(sealed(1), 'disk')
    await clock.advance(2_000)
    expect(await safe).toMatchObject({ kind: 'failed', error: { reason: 'spool_failed' } })
    const done = delivery.close(100)
    await clock.advance(10_000)
    await done
    expect(delivery.counters).toMatchObject({ given: 1, waitingRecords: 0, dropped: { closed: 1 } })
  })
})

describe('a queue that is full', () => {
  test('goes on in the spool, in order, and back to memory when that is empty', async () => {
    const fixed = fixture([], { last: 'fail', queueRecordsMax: 10, batchRecordsMax: 4 })
    const { until, sink, delivery, spool } = fixed
    for (const seq of range(1, 100)) delivery.deliver(sealed(seq))
    await until(() => spool.waitingRecords === 90)
    expect(delivery.counters.waitingRecords).toBe(10)
    sink.script = Array.from({ length: 1_000 }, () => 'take')
    await until(() => sink.taken.length > 30)
    for (const seq of range(101, 105)) delivery.deliver(sealed(seq))
    await until(() => sink.taken.length === 105)
    expect(seqsOf(sink.taken)).toEqual(range(1, 105))
    const { spooled } = delivery.counters
    delivery.deliver(sealed(106))
    await until(() => sink.taken.length === 106)
    expect(delivery.counters.spooled, 'not by the disk any more').toBe(spooled)
    expect(balance(fixed)).toMatchObject({ left: 106, settled: 106 })
  })

  test('drops when that is what was asked for', async () => {
    const { delivery, spool } = fixture([], { last: 'fail', queueRecordsMax: 10, onQueueFull: 'drop' })
    for (const seq of range(1, 100)) delivery.deliver(sealed(seq))
    expect(delivery.counters.dropped.queue_full).toBe(90)
    expect(spool.waitingRecords).toBe(0)
  })
})

describe('ack', () => {
  test('falls back to the spool, says so, and the record is sent once', async () => {
    const { until, sink, delivery, spool } = fixture([], { last: 'hang' })
    let safe: unknown
    void delivery.deliverSafely(sealed(1), 'ack').then((said) => (safe = said))
    await until(() => safe !== undefined)
    expect(safe).toEqual({ kind: 'spooled' })
    sink.script = ['take']
    await until(() => delivery.counters.written === 1)
    expect(seqsOf(sink.taken)).toEqual([1])
    expect(spool.waitingRecords).toBe(0)
  })

  test('fails where the spool is not good enough, and the record is sent all the same', async () => {
    const { until, sink, delivery } = fixture([], { last: 'fail', onAckFailure: 'fail' })
    let safe: unknown
    void delivery.deliverSafely(sealed(1), 'ack').then((said) => (safe = said))
    await until(() => safe !== undefined)
    expect(safe).toMatchObject({ kind: 'failed', error: { message: 'away' } })
    sink.script = ['take', 'take']
    await until(() => delivery.counters.written === 1)
  })
})

describe('at the end', () => {
  test('what could not be sent is in the spool, and the next process sends it first', async () => {
    const directory = temporaryDirectory()
    const fixed = fixture([], { last: 'hang-for-ever', directory })
    const { delivery } = fixed
    for (const seq of range(1, 20)) delivery.deliver(sealed(seq))
    void delivery.deliverSafely(sealed(21), 'ack')
    await delivery.deliverSafely(sealed(22), 'disk')
    await closed(fixed)
    expect(delivery.counters).toMatchObject({ given: 22, written: 0, waitingRecords: 0, spooled: 22 })
    expect(Object.values(delivery.counters.dropped).every((count) => count === 0)).toBe(true)
    const next = fixture([], { directory })
    await next.until(() => next.spool.waitingRecords === 22)
    next.delivery.deliver(sealed(100))
    await next.until(() => next.delivery.counters.written === 23)
    expect(new Set(seqsOf(next.sink.taken))).toEqual(new Set([...range(1, 22), 100]))
    expect(seqsOf(next.sink.taken).at(-1)).toBe(100)
    expect(next.delivery.counters).toMatchObject({ given: 1, replayed: 22, written: 23 })
  })

  test('the record of a gap is in the spool, too', async () => {
    const directory = temporaryDirectory()
    const fixed = fixture([], {
      directory,
      last: 'fail',
      onQueueFull: 'drop',
      queueRecordsMax: 5,
      makeLossRecord: ({ seqs }) => sealed(99, { lost: seqs }),
    })
    const { clock, delivery } = fixed
    for (const seq of range(1, 9)) delivery.deliver(sealed(seq))
    await clock.advance(300)
    await closed(fixed)
    const next = fixture([], { directory })
    await next.until(() => next.sink.taken.length === 6)
    expect(next.sink.taken.at(-1)).toEqual(sealed(99, { lost: [[6, 9]] }))
  })

  test('nothing is lost when nothing asynchronous runs any more', async () => {
    const directory = temporaryDirectory()
    const fixed = fixture([], {
      last: 'hang-for-ever',
      directory,
      spoolOptions: { stream: 'gone' },
    })
    const { delivery } = fixed
    for (const seq of range(1, 5)) delivery.deliver(sealed(seq))
    await delivery.deliverSafely(sealed(6), 'disk')
    void delivery.deliverSafely(sealed(7), 'disk')
    void delivery.deliverSafely(sealed(8), 'ack')
    delivery.drainSync()
    expect(delivery.counters).toMatchObject({ given: 8, waitingRecords: 0, dropped: { closed: 0 } })
    await closed(fixed)
    const next = fixture([], { directory })
    await next.delivery.deliverSafely(sealed(9), 'disk')
    await next.until(() => new Set(seqsOf(next.sink.taken)).size >= 9)
    expect(new Set(seqsOf(next.sink.taken))).toEqual(new Set(range(1, 9)))
  })
})

test('given = written + dropped + on disk, whatever sink and disk do', async () => {
  const steps: Step[] = [
    'take',
    'take-half',
    'refuse',
    'fail',
    'fail-for-good',
    'throw',
    'hang',
    'take-then-fail',
  ]
  const faults = fc.array(fc.boolean(), { maxLength: 20 })
  const modes = fc.array(fc.constantFrom('async', 'disk', 'ack', 'wait'), { minLength: 10, maxLength: 80 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...steps), { maxLength: 20 }),
      faults,
      modes,
      async (script, fails, given) => {
        const disk: SpoolDisk = {
          ...nodeDisk,
          async createSegment(path) {
            const file = await nodeDisk.createSegment(path)
            return {
              ...file,
              async write(bytes, position) {
                if (fails.shift() !== true) return file.write(bytes, position)
                await file.write(bytes.subarray(0, bytes.length >> 1), position)
                throw new Error('EIO')
              },
            }
          },
        }
        const fixed = fixture([...script], {
          queueRecordsMax: 5,
          batchRecordsMax: 3,
          spoolOptions: { disk, segmentBytesMax: 500 },
        })
        const { clock, delivery, sink, spool } = fixed
        const safe: Promise<unknown>[] = []
        const resolved = new Set<number>()
        for (const [seq, mode] of given.entries())
          if (mode === 'wait') await clock.advance(100)
          else if (mode === 'async') delivery.deliver(sealed(seq))
          else
            safe.push(
              delivery.deliverSafely(sealed(seq), mode).then(({ kind }) => {
                if (kind !== 'failed') resolved.add(seq)
              }),
            )
        await closed(fixed, 1_000)
        await Promise.all(safe)
        expect(delivery.counters.waitingRecords).toBe(0)
        const { left, settled } = balance(fixed)
        expect(left, JSON.stringify(delivery.counters)).toBe(settled)
        const { refused, sink_failed, spool_damaged } = delivery.counters.dropped
        expect(spool_damaged).toBe(0)
        const there = new Set(seqsOf(sink.taken))
        for (const record of await leftIn(spool)) there.add(record)
        const missing = [...resolved].filter((seq) => !there.has(seq))
        expect(
          missing.length,
          'what was called safe is somewhere, unless the sink refused it',
        ).toBeLessThanOrEqual(refused + sink_failed)
      },
    ),
    { numRuns: 40 },
  )
}, 120_000)

/** What is still in a spool that is closed. */
async function leftIn(spool: Spool): Promise<number[]> {
  const seqs: number[] = []
  while (spool.waitingRecords > 0) {
    const { records } = await spool.oldest({ recordsMax: 100, bytesMax: 1e6 })
    seqs.push(...seqsOf(records))
    await spool.settle(records.length)
  }
  return seqs
}
