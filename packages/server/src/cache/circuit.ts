/** Leaves something alone for a while after it has failed: whoever waits for it in vain waits once, not at every request. */

export class Circuit {
  readonly #now: () => number
  readonly #restMs: number
  /** Nothing is let through before; 0 while all is well. */
  #restsUntil = 0

  /** `now`: ms of a clock that never goes back. `restMs`: how long it is left alone after a failure; then one is let through to see. */
  constructor(now: () => number, restMs: number) {
    this.#now = now
    this.#restMs = restMs
  }

  /** Whether to try; after a failure true for one only, until it is known how that went. */
  admits(): boolean {
    if (this.#restsUntil === 0) return true
    const now = this.#now()
    if (now < this.#restsUntil) return false
    this.#restsUntil = now + this.#restMs
    return true
  }

  succeeded(): void {
    this.#restsUntil = 0
  }

  failed(): void {
    this.#restsUntil = this.#now() + this.#restMs
  }
}
