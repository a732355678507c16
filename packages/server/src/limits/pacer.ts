/**
 * How fast something may come, for each of many callers: the generic cell rate algorithm (ITU-T I.371, the leaky bucket as a
 * meter). All that is kept of a caller is the time at which what it took would be paid for at the steady rate.
 */

export interface Pace {
  /** Steady rate. */
  readonly perSecond: number
  /** How far ahead of the steady rate a caller may be, in ms. */
  readonly burstMs: number
}

/** Callers that are remembered; of more, those that were not seen for longest are forgotten. */
const CALLERS_MAX = 100_000

export class Pacer {
  /** Told of what a caller took, as the time that it takes at the steady rate. */
  onTaken: ((caller: string, costMs: number) => void) | undefined
  readonly #pace: Pace
  readonly #callersMax: number
  /** When each caller has paid for what it took, ms; whoever was seen last stands last. */
  readonly #paidAt = new Map<string, number>()

  constructor(pace: Pace, callersMax = CALLERS_MAX) {
    this.#pace = pace
    this.#callersMax = callersMax
  }

  /** How long `caller` has to wait before it may take anything, ms; 0: not at all. */
  waitMs(caller: string, nowMs: number): number {
    const paidAt = this.#paidAt.get(caller)
    return paidAt === undefined ? 0 : Math.max(0, paidAt - this.#pace.burstMs - nowMs)
  }

  /**
   * Takes `units` when the caller need not wait, however many they are: what is beyond the burst is paid for by waiting
   * afterwards. Returns as `waitMs` does; above 0, nothing was taken.
   */
  take(caller: string, units: number, nowMs: number): number {
    const waitMs = this.waitMs(caller, nowMs)
    if (waitMs > 0) return waitMs
    const from = Math.max(nowMs, this.#paidAt.get(caller) ?? 0)
    const costMs = (units * 1000) / this.#pace.perSecond
    this.#remember(caller, from + costMs)
    this.onTaken?.(caller, costMs)
    return 0
  }

  /** The caller is so far ahead of the steady rate, as others have counted too. It is never less ahead than is known here. */
  heard(caller: string, aheadMs: number, nowMs: number): void {
    const paidAt = nowMs + aheadMs
    if (paidAt > (this.#paidAt.get(caller) ?? nowMs)) this.#remember(caller, paidAt)
  }

  #remember(caller: string, paidAt: number): void {
    this.#paidAt.delete(caller)
    this.#paidAt.set(caller, paidAt)
    if (this.#paidAt.size <= this.#callersMax) return
    const [longestUnseen] = this.#paidAt.keys()
    this.#paidAt.delete(longestUnseen!)
  }
}
