/** A clock that stands still until a test moves it. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../../packages/sdk/src/delivery/clock.ts'

interface Planned {
  readonly at: number
  readonly call: () => void
}

export interface FakeClock extends Clock {
  /** Moves time on; timers run at their moment, in order, each with all that follows from it. */
  advance(ms: number): Promise<void>
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>
  readonly timers: number
}

const START = Date.parse('2026-11-20T12:00:00Z')

export function fakeClock(random: () => number = () => 0.5): FakeClock {
  let elapsed = 0
  let planned: Planned[] = []
  const clock: FakeClock = {
    now: () => START + elapsed,
    elapsed: () => elapsed,
    random,
    get timers() {
      return planned.length
    },
    after(ms, call) {
      const timer = { at: elapsed + Math.max(0, ms), call }
      planned.push(timer)
      return { cancel: () => void (planned = planned.filter((other) => other !== timer)) }
    },
    async advance(ms) {
      const target = elapsed + ms
      await setImmediate()
      for (;;) {
        const [next] = planned.filter(({ at }) => at <= target).toSorted((a, b) => a.at - b.at)
        if (next === undefined) break
        planned = planned.filter((other) => other !== next)
        elapsed = Math.max(elapsed, next.at)
        next.call()
        await setImmediate()
      }
      elapsed = target
    },
    settle: () => clock.advance(0),
  }
  return clock
}
