import { expect, test } from 'vitest'
import { rangesOf, slicesOf } from './index-ranges.ts'

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

test('ranges are cut into lists of so many entries, none of which is empty', () => {
  const ranges = [
    { from: 0, to: 3, groups: 'both' },
    { from: 5, to: 6, groups: 'both' },
    { from: 10, to: 19, groups: 'both' },
  ]
  const slices = [...slicesOf(ranges, 4)].map((slice) => slice.map(({ from, to }) => [from, to]))
  expect(slices).toEqual([
    [
      [0, 3],
      [5, 6],
    ],
    [[10, 14]],
    [[14, 18]],
    [[18, 19]],
  ])
  expect([...slicesOf([{ from: 0, to: 4 }], 4)]).toEqual([[{ from: 0, to: 4 }]])
  expect([...slicesOf([], 4)]).toEqual([])
})
