/** The open live tails, of every protocol: bounded together, and ended when the server stops. */
import { ProblemError } from './authorize.ts'
import { problem } from './problem.ts'

/** One open tail. Disposing of it makes room for another. */
export interface TailSession extends Disposable {
  /** Aborted when the tail is to end. */
  readonly signal: AbortSignal
  end(): void
}

export class TailSessions {
  readonly #open = new Set<AbortController>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  get count(): number {
    return this.#open.size
  }

  /** Throws the problem `overloaded` when as many are open as may be. */
  open(): TailSession {
    if (this.#open.size >= this.#max)
      throw new ProblemError(
        problem('overloaded', `${this.#open.size} tails are open, the most that tail_sessions_max allows`),
      )
    const abort = new AbortController()
    this.#open.add(abort)
    return {
      signal: abort.signal,
      end: () => abort.abort(),
      [Symbol.dispose]: () => void this.#open.delete(abort),
    }
  }

  endAll(): void {
    for (const abort of this.#open) abort.abort()
  }
}
