/** SearchIndex on SQLite, in a file of its own: terms in FTS5, a narrow row an entry, counts added up by time. */

import type { DatabaseSync } from 'node:sqlite'
import type { IndexRange } from '../../../ledger/ledger-store.ts'
import type { Deadline } from '../../../search/deadline.ts'
import type {
  CandidatePage,
  CandidateRequest,
  IndexedEntry,
  SearchIndex,
  Tally,
  TallyRequest,
} from '../../../search/search-index.ts'
import { openDatabase, openReadOnly } from '../database.ts'
import { positionOf } from '../ledger-position.ts'
import { index0001 } from '../migrations/index-0001.ts'
import { IndexReader } from './index-reader.ts'
import { IndexWriter } from './index-writer.ts'

export const indexMigrations = [index0001]

export interface CreateOptions {
  /** Different shapes that are told apart. Default 65,536. */
  readonly shapesMax?: number
}

export class SqliteSearchIndex implements SearchIndex {
  readonly #db: DatabaseSync
  readonly #reader: IndexReader
  readonly #writer: IndexWriter | undefined

  private constructor(db: DatabaseSync, writer?: IndexWriter) {
    this.#db = db
    this.#reader = new IndexReader(db)
    this.#writer = writer
  }

  /** Opens for indexing. What is lost of it in a power cut is indexed again: the cursor goes with it. */
  static create(path: string, { shapesMax }: CreateOptions = {}): SqliteSearchIndex {
    const db = openDatabase({ path, migrations: indexMigrations, durability: 'normal' })
    return new SqliteSearchIndex(db, new IndexWriter(db, shapesMax))
  }

  /** Opens for searching, beside an indexer. */
  static openReadOnly(path: string): SqliteSearchIndex {
    return new SqliteSearchIndex(openReadOnly(path))
  }

  async cursor(ledger: string): Promise<number> {
    return this.#reader.find(ledger)?.cursor ?? 0
  }

  async apply(ledger: string, entries: readonly IndexedEntry[], cursor: number): Promise<void> {
    this.#writer!.apply(ledger, entries, cursor)
  }

  async eraseEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<void> {
    this.#writer!.eraseEntries(ledger, entries)
  }

  async forgetEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<boolean> {
    this.#writer!.forgetEntries(ledger, entries)
    return true
  }

  async fence(): Promise<void> {
    // A file that one process writes.
  }

  async personalIn(ledger: string, { from, to }: IndexRange): Promise<readonly number[]> {
    const known = this.#reader.find(ledger)
    if (!known) return []
    const first = positionOf(known.id, 0)
    const rows = this.#db
      .prepare('SELECT position FROM indexed_entry WHERE position >= ? AND position < ? AND erased = 0')
      .all(first + from, first + to)
    return rows.map(({ position }) => (position as number) - first)
  }

  candidates(request: CandidateRequest, deadline: Deadline): Promise<CandidatePage> {
    return this.#reader.candidates(request, deadline)
  }

  tally(request: TallyRequest, deadline: Deadline): Promise<Tally | undefined> {
    return this.#reader.tally(request, deadline)
  }

  async timeRange(
    ledger: string,
    within?: { fromMs: number; toMs: number },
  ): Promise<{ fromMs: number; toMs: number } | undefined> {
    return this.#reader.timeRange(ledger, within)
  }

  async explain(request: Pick<CandidateRequest, 'ledger' | 'filter' | 'nowMs'>): Promise<readonly string[]> {
    return this.#reader.explain(request)
  }

  async reset(ledger: string): Promise<void> {
    this.#writer!.reset(ledger)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#db.close()
  }
}
