/** The open live tails, of every protocol: bounded together, and ended when the server stops. */
import type { Metrics } from '../metrics/metrics.ts'
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
  readonly #metrics: Pick<Metrics, 'tailSessions'>

  constructor(max: number, metrics: Pick<Metrics, 'tailSessions'>) {
    this.#max = max
    this.#metrics = metrics
  }

  /** Throws the problem `overloaded` when as many are open as may be. */
  open(): TailSession {
    if (this.#open.size >= this.#max)
      throw new ProblemError(
        problem('overloaded', `${this.#open.size} tails are open, the most that tail_sessions_max allows`),
      )
    const abort = new AbortController()
    this.#open.add(abort)
    this.#metrics.tailSessions = this.#open.size
    return {
      signal: abort.signal,
      end: () => abort.abort(),
      [Symbol.dispose]: () => {
        this.#open.delete(abort)
        this.#metrics.tailSessions = this.#open.size
      },
    }
  }

  endAll(): void {
    for (const abort of this.#open) abort.abort()
  }
}
