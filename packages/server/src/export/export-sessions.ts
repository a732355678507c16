/** The exports that run: bounded, because each reads without a pause, and ended when the server stops. */
import { ProblemError } from '../api/authorize.ts'
import { problem } from '../api/problem.ts'

/** A client that takes nothing for so long is gone, or keeps others from their exports. */
const STALLED_MS = 120_000

export interface ExportSession extends Disposable {
  /** Aborted when the export is to end. */
  readonly signal: AbortSignal
  /** The pieces, as long as each is taken within two minutes. */
  taken<Piece>(pieces: AsyncGenerator<Piece>): AsyncGenerator<Piece>
}

export class ExportSessions {
  readonly #open = new Set<AbortController>()
  readonly #max: number
  readonly #stalledMs: number

  constructor(max: number, stalledMs = STALLED_MS) {
    this.#max = max
    this.#stalledMs = stalledMs
  }

  get count(): number {
    return this.#open.size
  }

  /** Throws the problem `overloaded` when as many run as may. */
  open(): ExportSession {
    if (this.#open.size >= this.#max)
      throw new ProblemError(
        problem('overloaded', `${this.#open.size} exports are running, the most that exports_max allows`),
      )
    const abort = new AbortController()
    this.#open.add(abort)
    return {
      signal: abort.signal,
      taken: (pieces) => untilStalled(pieces, abort, this.#stalledMs),
      [Symbol.dispose]: () => void this.#open.delete(abort),
    }
  }

  endAll(): void {
    for (const abort of this.#open) abort.abort(new Error('the server is stopping'))
  }
}

/** Only the client's time counts, not the time that a piece takes to be made. */
async function* untilStalled<Piece>(
  pieces: AsyncGenerator<Piece>,
  abort: AbortController,
  stalledMs: number,
): AsyncGenerator<Piece> {
  for await (const piece of pieces) {
    const timer = setTimeout(() => abort.abort(new Error('the client takes nothing')), stalledMs)
    try {
      yield piece
    } finally {
      clearTimeout(timer)
    }
  }
}
