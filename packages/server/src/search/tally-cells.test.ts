import { expect, test } from 'vitest'
import { combined, TallyCells } from './tally-cells.ts'

test('of many buckets there are fewer values; what is cut is said, and counts for the whole', () => {
  const edges = Array.from({ length: 40_001 }, (_, i) => i)
  const cells = new TallyCells(edges, ['actor.id'])
  for (let i = 0; i < 150; i++) {
    cells.add(7, 1)
    cells.addValue('actor.id', `u-${i}`, 7, 1)
  }
  const tally = cells.tally(true)
  expect(tally.by['actor.id']!.size).toBe(100)
  expect(tally).toMatchObject({ valuesCut: true, complete: false })
  expect(tally.counts[7]).toBe(150)
})

test('a list without values combines to nothing, or to the empty text', () => {
  expect(combined([['a', 'b'], []])).toEqual([])
  expect(combined([['a', 'b'], []], true)).toEqual(['a\u001f', 'b\u001f'])
  expect(combined([[]], true)).toEqual([''])
})
