import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Pacer } from './pacer.ts'

const TEN = { perSecond: 10, burstMs: 1000 }

describe('a caller', () => {
  test('may take a burst at once, and then goes at the steady rate', () => {
    const pacer = new Pacer(TEN)
    const taken = Array.from({ length: 20 }, () => pacer.take('a', 1, 0)).filter((wait) => wait === 0)
    expect(taken).toHaveLength(11)
    expect(pacer.take('a', 1, 0)).toBe(100)
    expect(pacer.take('a', 1, 100)).toBe(0)
  })

  test('may take more than a burst in one piece, and waits for it afterwards', () => {
    const pacer = new Pacer(TEN)
    expect(pacer.take('a', 100, 0)).toBe(0)
    expect(pacer.take('a', 1, 0)).toBe(9000)
    expect(pacer.take('a', 1, 9000)).toBe(0)
  })

  test('does not pay for others', () => {
    const pacer = new Pacer(TEN)
    pacer.take('a', 100, 0)
    expect(pacer.take('b', 1, 0)).toBe(0)
  })
})

test('whoever was not seen for longest is forgotten when there are too many', () => {
  const pacer = new Pacer(TEN, 2)
  for (const caller of ['a', 'b', 'c']) pacer.take(caller, 100, 0)
  expect(['a', 'b', 'c'].map((caller) => pacer.waitMs(caller, 0) > 0)).toEqual([false, true, true])
})

test('whatever comes when: never more than the burst, the rate and one piece', () => {
  const steps = fc.array(fc.record({ afterMs: fc.nat(500), units: fc.integer({ min: 1, max: 30 }) }))
  fc.assert(
    fc.property(steps, (taken) => {
      const pacer = new Pacer(TEN)
      let nowMs = 0
      let units = 0
      for (const step of taken) {
        nowMs += step.afterMs
        if (pacer.take('a', step.units, nowMs) === 0) units += step.units
      }
      expect(units).toBeLessThanOrEqual(((nowMs + TEN.burstMs) * TEN.perSecond) / 1000 + 30)
    }),
  )
})
