import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { TallyAnswer } from '../search/searcher.ts'
import { decodeCount, decodeTally, encodeCount, encodeTally } from './stored-count.ts'

const TALLY: TallyAnswer = {
  counts: [3, 0, 4],
  by: {
    outcome: new Map([
      ['success', [2, 0, 4]],
      ['', [1, 0, 0]],
    ]),
    ['__proto__']: new Map(),
  },
  complete: true,
  valuesCut: false,
  sampled: undefined,
}
const values = (count: number, text: () => string): ReadonlyMap<string, readonly number[]> =>
  new Map(Array.from({ length: count }, () => [text(), [1]] as const))

describe('counts as bytes', () => {
  test.each([
    ['small', TALLY],
    ['counted from records', { ...TALLY, sampled: 12 }],
    [
      'of many values',
      { ...TALLY, counts: [9], by: { actor: values(5_000, () => randomBytes(8).toString('hex')) } },
    ],
    ['of nothing', { ...TALLY, counts: [0], by: {} }],
  ])('%s: come back as they were', (_, tally) => {
    expect(decodeTally(encodeTally(tally)!)).toEqual(tally)
  })

  test('a count', () => {
    expect(decodeCount(encodeCount({ count: 7, capped: false })!)).toEqual({ count: 7, capped: false })
  })

  test.each([
    ['cut short by time', { ...TALLY, complete: false }],
    ['with values left out', { ...TALLY, valuesCut: true }],
    [
      'larger than a value may be',
      { ...TALLY, by: { a: values(20_000, () => randomBytes(32).toString('hex')) } },
    ],
    ['of too many numbers', { ...TALLY, counts: Array.from({ length: 300_000 }, () => 0) }],
  ])('%s: not kept', (_, tally) => {
    expect(encodeTally(tally)).toBeUndefined()
  })

  test('a count that stopped somewhere is not kept', () => {
    expect(encodeCount({ count: 10_000, capped: true })).toBeUndefined()
  })

  test('of another shape: not read', () => {
    expect(decodeTally(encodeCount({ count: 7, capped: false })!)).toBeUndefined()
    expect(decodeCount(encodeTally(TALLY)!)).toBeUndefined()
  })
})
