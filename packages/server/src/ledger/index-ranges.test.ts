import { expect, test } from 'vitest'
import { rangesOf } from './index-ranges.ts'

test.each<[readonly number[], readonly (readonly [number, number])[]]>([
  [[], []],
  [[5], [[5, 6]]],
  [[1, 2, 3], [[1, 4]]],
  [
    [0, 2, 3, 9],
    [
      [0, 1],
      [2, 4],
      [9, 10],
    ],
  ],
])('neighbours are one range: %j', (indexes, ranges) => {
  expect(rangesOf(indexes)).toEqual(ranges.map(([from, to]) => ({ from, to })))
})
