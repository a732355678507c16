import { expect, test } from 'vitest'
import { ACCOUNT_RULE, BackOff } from './back-off.ts'

/** Tries as soon as it may, so often; the waits before each try. */
function waits(backOff: BackOff, tries: number): number[] {
  let now = 0
  return Array.from({ length: tries }, () => {
    const wait = backOff.waitMs('anna', now)
    now += wait
    expect(backOff.begin('anna', now)).toBe(0)
    return wait
  })
}

test('waits double with each failure, and then nothing is tried for a quarter of an hour', () => {
  const expected = [0, 0, 0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 900_000, 1000, 2000]
  expect(waits(new BackOff(ACCOUNT_RULE), 13)).toEqual(expected)
})

test('many at once are as many failures as they are', () => {
  const backOff = new BackOff(ACCOUNT_RULE)
  const begun = Array.from({ length: 50 }, () => backOff.begin('anna', 0))
  expect(begun.filter((wait) => wait === 0)).toHaveLength(5)
})

test('who succeeds begins anew, and others are as they were', () => {
  const backOff = new BackOff(ACCOUNT_RULE)
  for (let i = 0; i < 5; i++) for (const who of ['anna', 'ben']) backOff.begin(who, 0)
  backOff.succeeded('anna')
  expect(backOff.waitMs('anna', 0)).toBe(0)
  expect(backOff.waitMs('ben', 0)).toBe(1000)
})

test('an address that many share is not cleared by one of them', () => {
  const backOff = new BackOff(ACCOUNT_RULE)
  for (let i = 0; i < 4; i++) backOff.begin('203.0.113.1', 0)
  backOff.begin('203.0.113.1', 0)
  backOff.takeBack('203.0.113.1')
  backOff.begin('203.0.113.1', 2000)
  expect(backOff.waitMs('203.0.113.1', 2000)).toBe(1000)
})

test('an hour without a failure is as if there had been none', () => {
  const backOff = new BackOff(ACCOUNT_RULE)
  for (let i = 0; i < 4; i++) backOff.begin('anna', 0)
  backOff.begin('anna', 3_600_000)
  expect(backOff.waitMs('anna', 3_600_000)).toBe(0)
})

test('of too many names those that failed longest ago are forgotten', () => {
  const backOff = new BackOff({ ...ACCOUNT_RULE, freeFailures: 0 }, 2)
  for (const who of ['a', 'b', 'c']) backOff.begin(who, 0)
  expect(['a', 'b', 'c'].map((who) => backOff.waitMs(who, 0) > 0)).toEqual([false, true, true])
})
