import { expect, test } from 'vitest'
import type { Clock } from '../delivery/clock.ts'
import { SAMPLED_EVERY_MS, SampledOut } from './sampled-out.ts'

/** One timer, which runs when the test says so. */
function scripted() {
  let now = 1_000
  let due: { at: number; call: () => void } | undefined
  let keptAlive = false
  const clock: Clock = {
    now: () => now,
    elapsed: () => now,
    random: () => 0,
    after(ms, call, options) {
      keptAlive ||= options?.keepsAlive === true
      due = { at: now + ms, call }
      return { cancel: () => (due = undefined) }
    },
  }
  const pass = (ms: number): void => {
    now += ms
    if (due === undefined || due.at > now) return
    const { call } = due
    due = undefined
    call()
  }
  return { clock, pass, hasTimer: () => due !== undefined, keptAlive: () => keptAlive }
}

test('what was left out is told after a minute of quiet, once, by a timer that keeps nothing alive', () => {
  const { clock, pass, hasTimer, keptAlive } = scripted()
  const told: unknown[] = []
  const sampledOut = new SampledOut((trails, since) => told.push([trails, since]), clock)
  expect(hasTimer()).toBe(false)
  sampledOut.add()
  pass(SAMPLED_EVERY_MS / 2)
  sampledOut.add()
  expect([told, sampledOut.untold]).toEqual([[], 2])
  pass(SAMPLED_EVERY_MS / 2)
  expect([told, sampledOut.untold, hasTimer(), keptAlive()]).toEqual([[[2, 1_000]], 0, false, false])
  pass(10 * SAMPLED_EVERY_MS)
  expect(told).toHaveLength(1)
})

test('told earlier, it waits another minute', () => {
  const { clock, pass, hasTimer } = scripted()
  const told: number[] = []
  const sampledOut = new SampledOut((trails) => told.push(trails), clock)
  sampledOut.add()
  sampledOut.tell()
  sampledOut.tell()
  expect([told, hasTimer()]).toEqual([[1], false])
  sampledOut.add()
  pass(SAMPLED_EVERY_MS)
  expect(told).toEqual([1, 1])
})
