import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

test('stays in order while matches are frequent', () => {
  const pace = new Pace(true)
  pace.saw(pace.size, 30, 20)
  expect(pace.byTerms).toBe(false)
  expect(pace.size).toBe(2048)
})

test.each([
  ['none matched', 0, 50],
  ['so few matched that most of a page is far away', 5, 45],
])('looks terms up once %s', (_, found, wanted) => {
  const pace = new Pace(true)
  pace.saw(pace.size, found, wanted)
  expect(pace.byTerms).toBe(true)
  expect(pace.size).toBe(65_536)
})

test('stays in order, in bounds, where there are no terms', () => {
  const pace = new Pace(false)
  for (let i = 0; i < 20; i++) pace.saw(pace.size, 0, 50)
  expect(pace.byTerms).toBe(false)
  expect(pace.size).toBe(131_072)
})

test('goes on by terms in slices that grow, up to a bound, and no farther than the page needs', () => {
  const pace = new Pace(true)
  pace.saw(pace.size, 0, 50)
  pace.saw(pace.size, 0, 50)
  expect(pace.size).toBe(4 * 65_536)
  for (let i = 0; i < 20; i++) pace.saw(pace.size, 0, 50)
  expect(pace.size).toBe(2 ** 24)
  pace.saw(1e6, 1e5, 1)
  expect(pace.size).toBeLessThan(10_000)
})
