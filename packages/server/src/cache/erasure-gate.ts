/**
 * Keeps answers about what was erased out of the cache. Each ledger's answers are named by how many erasures it has had; while one is
 * carried out, nothing is remembered or told of that ledger, and when it is over everything that was remembered of it is deleted.
 */

export interface ErasureGateDeps {
  /** How many erasures of a ledger are listed. */
  readonly listed: (ledger: string) => Promise<number>
  /** Deletes what was counted in ledgers; what it cannot reach is named by an older number, and ends by itself. */
  readonly forget: (ledgers: readonly string[]) => Promise<unknown>
  /** ms of a clock that never goes back. */
  readonly now: () => number
  /** Whether erasures of other servers are followed; else a ledger that was never erased in is known to have none. */
  readonly follows: boolean
}

/**
 * How long nothing is remembered of a ledger after an erasure of another server was followed: it may not have destroyed the content
 * yet, and what is counted from that would be remembered under the new number.
 */
const QUIET_MS = 60_000

export class ErasureGate {
  readonly #deps: ErasureGateDeps
  readonly #erasures = new Map<string, number>()
  /** How many erasures are under way. */
  readonly #working = new Map<string, number>()
  /** Ledgers of which one has failed: what is still there of it is not known. */
  readonly #doubtful = new Set<string>()
  readonly #quietUntil = new Map<string, number>()
  /** Ledgers to be forgotten when all erasures are repeated. */
  #repeated: Set<string> | undefined

  constructor(deps: ErasureGateDeps) {
    this.#deps = deps
  }

  /** How many erasures the answers of a ledger know of; undefined: now nothing may be remembered or told. */
  erasures(ledger: string): number | undefined {
    if (this.#working.has(ledger) || this.#doubtful.has(ledger)) return undefined
    if ((this.#quietUntil.get(ledger) ?? 0) > this.#deps.now()) return undefined
    return this.#erasures.get(ledger) ?? (this.#deps.follows ? undefined : 0)
  }

  /** Carries out erasures of this server. */
  erasing<T>(ledger: string, erase: () => Promise<T>): Promise<T> {
    return this.#closed(ledger, async () => {
      const done = await erase()
      this.#erasures.set(ledger, await this.#deps.listed(ledger))
      return done
    })
  }

  /** Erasures of many ledgers, as at the start: what is remembered is looked through once. */
  async repeating(work: () => Promise<void>): Promise<void> {
    const repeated = new Set<string>()
    this.#repeated = repeated
    try {
      await work()
    } finally {
      this.#repeated = undefined
      if (repeated.size > 0) await this.#deps.forget([...repeated])
    }
  }

  /** What other servers have erased, `listed` in all, is forgotten here by `erase`. */
  async following(ledger: string, listed: number, erase: () => Promise<void>): Promise<void> {
    if (listed > 0 && this.#erasures.get(ledger) !== listed)
      return this.#closed(ledger, async () => {
        await erase()
        this.#erasures.set(ledger, listed)
        this.#quietUntil.set(ledger, this.#deps.now() + QUIET_MS)
      })
    await erase()
    this.#erasures.set(ledger, listed)
  }

  /** Nothing that is counted meanwhile is remembered; after a failure neither is what is counted later, until one succeeds. */
  async #closed<T>(ledger: string, work: () => Promise<T>): Promise<T> {
    this.#working.set(ledger, (this.#working.get(ledger) ?? 0) + 1)
    this.#doubtful.add(ledger)
    try {
      const done = await work()
      this.#doubtful.delete(ledger)
      return done
    } finally {
      if (this.#repeated) this.#repeated.add(ledger)
      else await this.#deps.forget([ledger])
      const left = this.#working.get(ledger)! - 1
      if (left === 0) this.#working.delete(ledger)
      else this.#working.set(ledger, left)
    }
  }
}
