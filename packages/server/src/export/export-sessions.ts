/** The exports that run: bounded, because each reads without a pause, and ended when the server stops. */
import { ProblemError } from '../api/authorize.ts'
import { problem } from '../api/problem.ts'

/** Each holds one block of entries in memory and keeps the reader's thread as busy as its client is quick. */
const EXPORTS_MAX = 4

export interface ExportSession extends Disposable {
  /** Aborted when the export is to end. */
  readonly signal: AbortSignal
}

export class ExportSessions {
  readonly #open = new Set<AbortController>()

  /** Throws the problem `overloaded` when as many run as may. */
  open(): ExportSession {
    if (this.#open.size >= EXPORTS_MAX)
      throw new ProblemError(
        problem('overloaded', `${EXPORTS_MAX} exports are running, the most there may be`),
      )
    const abort = new AbortController()
    this.#open.add(abort)
    return { signal: abort.signal, [Symbol.dispose]: () => void this.#open.delete(abort) }
  }

  endAll(): void {
    for (const abort of this.#open) abort.abort(new Error('the server is stopping'))
  }
}
