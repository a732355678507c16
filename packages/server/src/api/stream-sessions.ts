/** Answers that go on for long, of every protocol: bounded together, and ended when the server stops. */

import { problem } from './problem.ts'
import { ProblemError } from './problem-error.ts'

/** One of them. Disposing of it makes room for another. */
export interface StreamSession extends Disposable {
  /** Aborted when it is to end. */
  readonly signal: AbortSignal
  end(reason?: Error): void
}

export class StreamSessions {
  readonly #open = new Set<AbortController>()
  readonly #what: string
  readonly #setting: string
  readonly #max: number

  /** `what` they are, in the plural, and the `setting` that says how many there may be. */
  constructor(what: string, setting: string, max: number) {
    this.#what = what
    this.#setting = setting
    this.#max = max
  }

  get count(): number {
    return this.#open.size
  }

  /** Throws the problem `overloaded` when as many are open as may be. */
  open(): StreamSession {
    if (this.#open.size >= this.#max) {
      const detail = `${this.#open.size} ${this.#what} are running, the most that ${this.#setting} allows`
      throw new ProblemError(problem('overloaded', detail))
    }
    const abort = new AbortController()
    this.#open.add(abort)
    return {
      signal: abort.signal,
      end: (reason) => abort.abort(reason),
      [Symbol.dispose]: () => void this.#open.delete(abort),
    }
  }

  endAll(): void {
    for (const abort of this.#open) abort.abort(new Error('the server is stopping'))
  }
}
