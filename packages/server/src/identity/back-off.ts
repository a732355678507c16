/** How long whoever guesses must wait: twice as long with each failure. Counted in memory, by each server for itself. */

export interface BackOffRule {
  /** Failures that cost nothing: people mistype. */
  readonly freeFailures: number
  /** After the first one that does; doubles with each further one, up to `waitMsMax`. */
  readonly firstWaitMs: number
  readonly waitMsMax: number
  /** With so many failures, nothing is tried for `lockMs`. */
  readonly lockAfter: number
  readonly lockMs: number
}

/** Of one account, whether there is one of that name or not. */
export const ACCOUNT_RULE: BackOffRule = {
  freeFailures: 4,
  firstWaitMs: 1000,
  waitMsMax: 32_000,
  lockAfter: 10,
  lockMs: 15 * 60_000,
}

/** Of one address: many people may share it. */
export const ADDRESS_RULE: BackOffRule = {
  freeFailures: 20,
  firstWaitMs: 1000,
  waitMsMax: 60_000,
  lockAfter: 100,
  lockMs: 15 * 60_000,
}

/** After so long without a failure it is as if there had been none. */
const FORGOTTEN_MS = 60 * 60_000
/** Names and addresses that are remembered; of more, those that failed longest ago are forgotten. */
const REMEMBERED_MAX = 100_000

interface Failures {
  readonly count: number
  readonly lastMs: number
  /** Nothing is tried before. */
  readonly untilMs: number
}

export class BackOff {
  readonly #rule: BackOffRule
  readonly #rememberedMax: number
  readonly #failures = new Map<string, Failures>()

  constructor(rule: BackOffRule, rememberedMax = REMEMBERED_MAX) {
    this.#rule = rule
    this.#rememberedMax = rememberedMax
  }

  /** How long `who` has to wait, ms; 0: not at all. */
  waitMs(who: string, nowMs: number): number {
    return Math.max(0, (this.#of(who, nowMs)?.untilMs ?? 0) - nowMs)
  }

  /**
   * Begins a try: it counts as a failure until `succeeded` says otherwise, so that many at once are not one. Returns as
   * `waitMs` does; above 0, nothing is to be tried.
   */
  begin(who: string, nowMs: number): number {
    const waitMs = this.waitMs(who, nowMs)
    if (waitMs > 0) return waitMs
    const { freeFailures, firstWaitMs, waitMsMax, lockAfter, lockMs } = this.#rule
    const count = (this.#of(who, nowMs)?.count ?? 0) + 1
    const isLocked = count >= lockAfter
    const costly = count - freeFailures
    const wait = costly > 0 ? Math.min(waitMsMax, firstWaitMs * 2 ** (costly - 1)) : 0
    this.#failures.delete(who)
    this.#failures.set(who, {
      // Locked once, it is as after the failures that are free: the next ones cost at once.
      count: isLocked ? freeFailures : count,
      lastMs: nowMs,
      untilMs: nowMs + (isLocked ? lockMs : wait),
    })
    if (this.#failures.size > this.#rememberedMax) {
      const [first] = this.#failures.keys()
      this.#failures.delete(first!)
    }
    return 0
  }

  /** What failed before is forgotten. */
  succeeded(who: string): void {
    this.#failures.delete(who)
  }

  /** Takes back the one that `begin` counted: others who share the name may be guessing. */
  takeBack(who: string): void {
    const failures = this.#failures.get(who)
    if (failures && failures.count > 0) this.#failures.set(who, { ...failures, count: failures.count - 1 })
  }

  #of(who: string, nowMs: number): Failures | undefined {
    const failures = this.#failures.get(who)
    return failures && nowMs - failures.lastMs < FORGOTTEN_MS ? failures : undefined
  }
}
