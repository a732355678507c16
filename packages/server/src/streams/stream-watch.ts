/** Follows the producers' streams through the ledgers and says which numbers never arrived. */
import type { IndexedEntry } from '../search/search-index.ts'
import type { SqliteStreamStore } from '../store/sqlite/stream-store.ts'
import { type StreamNotice, type StreamNumber, streamNumbersOf } from './stream-number.ts'

/** Notices told in one go. */
const NOTICES_MAX = 1000

export interface StreamWatchOptions {
  /** How long a missing number may still arrive before its gap is told. */
  readonly quietMs: number
  /** ms since 1970. */
  readonly now: () => number
}

export class StreamWatch {
  readonly #store: SqliteStreamStore
  readonly #options: StreamWatchOptions

  constructor(store: SqliteStreamStore, options: StreamWatchOptions) {
    this.#store = store
    this.#options = options
  }

  cursor(ledger: string): number {
    return this.#store.cursor(ledger)
  }

  /** Entries from `from` up to the cursor `to`; those known already are passed over. */
  apply(ledger: string, entries: readonly IndexedEntry[], to: number): void {
    const cursor = this.#store.cursor(ledger)
    if (to <= cursor) return
    const numbers: StreamNumber[] = []
    for (const entry of entries) {
      if (entry.index >= cursor) numbers.push(...streamNumbersOf(entry))
    }
    this.#store.apply(ledger, numbers, to)
  }

  seen(ledger: string, numbers: readonly StreamNumber[]): void {
    this.#store.seen(ledger, numbers)
  }

  /** What has to be recorded now. Only of a ledger that was read to its end: later entries may fill a hole. */
  pending(ledger: string, size: number): readonly StreamNotice[] {
    if (this.#store.cursor(ledger) < size) return []
    return this.#store.pending(ledger, this.#options.now() - this.#options.quietMs, NOTICES_MAX)
  }

  settle(notices: readonly StreamNotice[]): void {
    this.#store.settle(notices)
  }
}
