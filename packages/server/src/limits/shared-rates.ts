/**
 * Keeps several servers to the same rates: each counts by itself, tells a common tally what was taken, and hears how far the caller
 * is ahead with all of them. No request waits for it; without the tally each server goes by its own count.
 */
import type { Pacer } from './pacer.ts'

export interface TakenTime {
  /** Of what was taken: which rate, and whose. */
  readonly name: string
  /** What was taken, as the time that it takes at the steady rate. */
  readonly costMs: number
}

/** How far each caller is ahead of the steady rate now that this was added, ms; undefined when it was not added. Never rejects. */
export type Tally = (taken: readonly TakenTime[]) => Promise<readonly number[] | undefined>

export interface SharedRatesOptions {
  /** How often the tally is told. Default 200. */
  readonly everyMs?: number
  /** ms of a clock that never goes back. */
  readonly now?: () => number
}

/** Callers told of at once; the rest follows, and of those beyond ten such pieces only this server knows. */
const TOLD_AT_ONCE = 500
const UNTOLD_MAX = 5_000
/** What a tally says is believed up to a day: it may be wrong, and nobody is to be kept out for ever. */
const AHEAD_MS_MAX = 86_400_000

interface Untold {
  readonly pacer: Pacer
  readonly caller: string
  costMs: number
}

export class SharedRates implements Disposable {
  readonly #tally: Tally
  readonly #now: () => number
  readonly #untold = new Map<string, Untold>()
  readonly #timer: NodeJS.Timeout
  #isTelling = false

  constructor(
    pacers: ReadonlyMap<string, Pacer>,
    tally: Tally,
    { everyMs = 200, now = () => performance.now() }: SharedRatesOptions = {},
  ) {
    this.#tally = tally
    this.#now = now
    for (const [rate, pacer] of pacers)
      pacer.onTaken = (caller, costMs) => this.#note(`${rate}:${caller}`, { pacer, caller, costMs })
    this.#timer = setInterval(() => void this.tell(), everyMs) // the tally never rejects
    this.#timer.unref()
  }

  #note(name: string, taken: Untold): void {
    const untold = this.#untold.get(name)
    if (untold) untold.costMs += taken.costMs
    else if (this.#untold.size < UNTOLD_MAX) this.#untold.set(name, taken)
  }

  /** Tells what was taken since the last time; what cannot be told is this server's own affair. */
  async tell(): Promise<void> {
    if (this.#isTelling) return
    this.#isTelling = true
    try {
      while (this.#untold.size > 0) {
        const told = [...this.#untold].slice(0, TOLD_AT_ONCE)
        for (const [name] of told) this.#untold.delete(name)
        const aheadMs = await this.#tally(told.map(([name, { costMs }]) => ({ name, costMs })))
        if (aheadMs === undefined) break
        const now = this.#now()
        for (const [i, [, { pacer, caller }]] of told.entries())
          pacer.heard(caller, Math.min(AHEAD_MS_MAX, aheadMs[i] ?? 0), now)
      }
    } finally {
      this.#isTelling = false
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
