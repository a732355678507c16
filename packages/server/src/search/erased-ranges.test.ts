import { expect, test } from 'vitest'
import { ErasedRanges } from './erased-ranges.ts'

const range = (from: number, to: number) => ({ from, to })

test.each([
  [[], []],
  [[range(3, 5)], [3, 4]],
  [
    [range(3, 5), range(5, 6)],
    [3, 4, 5],
  ],
  [
    [range(7, 9), range(0, 1), range(3, 8)],
    [0, 3, 4, 5, 6, 7, 8],
  ],
  [
    [range(2, 8), range(3, 4)],
    [2, 3, 4, 5, 6, 7],
  ],
])('%j are %j', (ranges, indexes) => {
  const all = Array.from({ length: 10 }, (_, index) => index)
  const together = new ErasedRanges()
  together.add(ranges)
  expect(all.filter((index) => together.has(index))).toEqual(indexes)
  const apart = new ErasedRanges()
  for (const each of ranges) apart.add([each])
  expect(all.filter((index) => apart.has(index))).toEqual(indexes)
})
