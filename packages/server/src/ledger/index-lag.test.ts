import { expect, test } from 'vitest'
import { IndexLag } from './index-lag.ts'

test('the lag is the age of the oldest entry that is not indexed', () => {
  const lag = new IndexLag()
  expect(lag.seconds(5000)).toBe(0)
  lag.grew(10, 1000)
  lag.grew(20, 2000)
  expect(lag.seconds(5000)).toBe(4)
  lag.indexed(9)
  expect(lag.seconds(5000)).toBe(4)
  lag.indexed(10)
  expect(lag.seconds(5000)).toBe(3)
  lag.indexed(20)
  expect(lag.seconds(5000)).toBe(0)
})

test('what an index is ahead of is not late, and a clock that steps back makes nothing younger than new', () => {
  const lag = new IndexLag()
  lag.grew(10, 1000)
  lag.indexed(25)
  expect(lag.seconds(9000)).toBe(0)
  lag.grew(30, 9000)
  expect(lag.seconds(4000)).toBe(0)
})

test('hours behind are kept in a bounded number of steps, and never told as less', () => {
  const lag = new IndexLag()
  for (let second = 0; second < 20_000; second++) lag.grew(second + 1, second * 1000)
  expect(lag.seconds(20_000_000)).toBe(20_000)
  lag.indexed(10_000)
  const seconds = lag.seconds(20_000_000)
  expect(seconds).toBeGreaterThanOrEqual(10_000)
  expect(seconds).toBeLessThan(10_200)
})
