/** Time and chance, as delivery uses them: tests bring their own. */
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from 'node:timers'

export interface Timer {
  cancel(): void
}

export interface TimerOptions {
  /** Whether the process stays alive for it. Default false: recording keeps no process alive. */
  readonly keepsAlive?: boolean
}

export interface Clock {
  /** ms since 1970. */
  readonly now: () => number
  /** ms since some moment; never goes back. */
  readonly elapsed: () => number
  /** Calls once, later; after 0 ms means: when the code that runs now has ended. */
  readonly after: (ms: number, call: () => void, options?: TimerOptions) => Timer
  /** From 0, below 1. */
  readonly random: () => number
}

/** Node's timers run a longer delay at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

export const systemClock: Clock = {
  now: Date.now,
  elapsed: () => performance.now(),
  random: Math.random,
  after(ms, call, { keepsAlive = false } = {}) {
    if (ms <= 0) {
      // Not unref'ed: the loop would wait for the next event or timer before it ran. It keeps nothing alive beyond this turn.
      const immediate = setImmediate(call)
      return { cancel: () => clearImmediate(immediate) }
    }
    const timer = setTimeout(call, Math.min(ms, TIMER_MS_MAX))
    if (!keepsAlive) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
