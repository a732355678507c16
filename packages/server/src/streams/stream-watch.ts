/** Follows the producers' streams through the ledgers and says which numbers never arrived. */
import type { IndexedEntry } from '../search/search-index.ts'
import type { SqliteStreamStore } from '../store/sqlite/stream-store.ts'
import { type ReadNumber, type StreamNotice, type StreamNumber, streamNumbersOf } from './stream-number.ts'

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

  /**
   * Entries up to the cursor `to`, in order; those known already are passed over. Of what is not among them, as it is destroyed or
   * damaged, the numbers are not known: nothing is missing that may have stood there.
   */
  apply(ledger: string, entries: readonly IndexedEntry[], to: number): void {
    const cursor = this.#store.cursor(ledger)
    if (to <= cursor) return
    const numbers: ReadNumber[] = []
    let unreadAt = this.#store.unreadAt(ledger)
    let next = cursor
    for (const entry of entries) {
      const { index } = entry
      if (index < cursor) continue
      if (index > next) unreadAt = index - 1
      numbers.push(...streamNumbersOf(entry).map((number) => ({ ...number, index, unreadAt })))
      next = index + 1
    }
    this.#store.apply(ledger, numbers, to, next < to ? to - 1 : unreadAt)
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
