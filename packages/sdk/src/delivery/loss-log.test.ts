import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LOSS_RANGES_MAX, LossLog } from './loss-log.ts'

function rangesOf(seqs: readonly number[]) {
  const log = new LossLog()
  for (const [at, seq] of seqs.entries()) log.add('queue_full', seq, at)
  return log.take()[0]!
}

test.each<[number[], [number, number][]]>([
  [[1, 2, 3], [[1, 3]]],
  [[3, 2, 1], [[1, 3]]],
  [[1, 3, 2], [[1, 3]]],
  [
    [5, 1, 9],
    [
      [1, 1],
      [5, 5],
      [9, 9],
    ],
  ],
  [[7, 7, 7], [[7, 7]]],
])('joins neighbours: %j', (seqs, ranges) => {
  expect(rangesOf(seqs)).toMatchObject({
    records: seqs.length,
    seqs: ranges,
    exact: true,
    since: 0,
    until: seqs.length - 1,
  })
})

test('keeps reasons apart, and is empty once taken', () => {
  const log = new LossLog()
  log.add('queue_full', 1, 10)
  log.add('refused', undefined, 20)
  expect(log.take()).toEqual([
    { reason: 'queue_full', records: 1, seqs: [[1, 1]], exact: true, since: 10, until: 10 },
    { reason: 'refused', records: 1, seqs: [], exact: false, since: 20, until: 20 },
  ])
  expect(log.isEmpty).toBe(true)
})

test('stays bounded, in order, and names every number that was lost; it says when it names more', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2_000 }), { minLength: 1, maxLength: 600 }), (seqs) => {
      const { seqs: ranges, exact } = rangesOf(seqs)
      expect(ranges.length).toBeLessThanOrEqual(LOSS_RANGES_MAX)
      for (const [at, [from, to]] of ranges.entries()) {
        expect(from).toBeLessThanOrEqual(to)
        expect(from).toBeGreaterThan((ranges[at - 1]?.[1] ?? -2) + 1)
      }
      for (const seq of seqs) expect(ranges.some(([from, to]) => from <= seq && seq <= to)).toBe(true)
      const named = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
      expect(exact).toBe(named === new Set(seqs).size)
    }),
  )
})
