/** SearchIndex on SQLite: one row and one list of terms an entry, in a file of its own. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { indexedFields } from '../../search/indexed-fields.ts'
import type { IndexedEntry, SearchIndex, SearchPage, SearchPageRequest } from '../../search/search-index.ts'
import { inTransaction, openDatabase, openReadOnly } from './database.ts'
import { indexOf, positionOf } from './ledger-position.ts'
import { index0001 } from './migrations/index-0001.ts'
import { matchOf, termOf } from './search-terms.ts'

export const indexMigrations = [index0001]

/** Entries read at most for one page when conditions on time leave few of them. */
const ROWS_READ_MAX = 5_000_000

export class SqliteSearchIndex implements SearchIndex {
  readonly #db: DatabaseSync
  readonly #ledger: StatementSync
  readonly #insertRow: StatementSync | undefined
  readonly #insertTerms: StatementSync | undefined
  readonly #moveCursor: StatementSync | undefined

  private constructor(db: DatabaseSync, writable: boolean) {
    this.#db = db
    this.#ledger = db.prepare('SELECT id, cursor FROM indexed_ledger WHERE name = ?')
    if (!writable) return
    this.#insertRow = db.prepare('INSERT INTO indexed_entry VALUES (?, ?, ?)')
    this.#insertTerms = db.prepare('INSERT INTO entry_term (rowid, terms) VALUES (?, ?)')
    this.#moveCursor = db.prepare('UPDATE indexed_ledger SET cursor = ? WHERE id = ?')
  }

  /** Opens for indexing. What is lost of it in a power cut is indexed again: the cursor goes with it. */
  static create(path: string): SqliteSearchIndex {
    return new SqliteSearchIndex(
      openDatabase({ path, migrations: indexMigrations, durability: 'normal' }),
      true,
    )
  }

  /** Opens for searching, beside an indexer. */
  static openReadOnly(path: string): SqliteSearchIndex {
    return new SqliteSearchIndex(openReadOnly(path), false)
  }

  async cursor(ledger: string): Promise<number> {
    return this.#find(ledger)?.cursor ?? 0
  }

  async apply(ledger: string, entries: readonly IndexedEntry[], cursor: number): Promise<void> {
    inTransaction(this.#db, () => {
      const known = this.#find(ledger) ?? this.#add(ledger)
      for (const entry of entries) {
        if (entry.index < known.cursor) continue
        const position = positionOf(known.id, entry.index)
        this.#insertRow!.run(position, timestampMs(entry), entry.personal ? 0 : 1)
        this.#insertTerms!.run(position, termsOf(entry))
      }
      if (cursor > known.cursor) this.#moveCursor!.run(cursor, known.id)
    })
  }

  /** `entries` as they were indexed: FTS5 removes a row's terms by being told them. */
  async eraseEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<void> {
    const known = this.#find(ledger)
    if (!known) return
    const row = this.#db.prepare('SELECT erased FROM indexed_entry WHERE position = ?')
    const remove = this.#db.prepare(
      "INSERT INTO entry_term (entry_term, rowid, terms) VALUES ('delete', ?, ?)",
    )
    const mark = this.#db.prepare('UPDATE indexed_entry SET erased = 1 WHERE position = ?')
    inTransaction(this.#db, () => {
      for (const entry of entries) {
        const position = positionOf(known.id, entry.index)
        if (row.get(position)?.['erased'] !== 0 || !entry.personal) continue
        remove.run(position, termsOf(entry))
        this.#insertTerms!.run(position, termsOf({ ...entry, personal: undefined }))
        mark.run(position)
      }
    })
    this.#db.exec('PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)')
  }

  /** Whether personal terms of an entry may still be in the index. */
  async holdsPersonal(ledger: string, index: number): Promise<boolean> {
    const known = this.#find(ledger)
    if (!known) return false
    const row = this.#db.prepare('SELECT erased FROM indexed_entry WHERE position = ?')
    return row.get(positionOf(known.id, index))?.['erased'] === 0
  }

  async search(request: SearchPageRequest): Promise<SearchPage> {
    const known = this.#find(request.ledger)
    if (!known) return { indexes: [], indexedSize: 0 }
    const { query, limit } = request
    const oldestFirst = request.from !== undefined
    const low = positionOf(known.id, request.from ?? 0)
    const high = positionOf(known.id, Math.min(request.before ?? known.cursor, known.cursor))
    const matches = query.conditions.map(matchOf).join(' AND ')
    const byTime = query.fromMs !== undefined || query.toMs !== undefined

    const source = matches
      ? 'SELECT rowid AS position FROM entry_term WHERE entry_term MATCH ? AND rowid >= ? AND rowid < ?'
      : 'SELECT position FROM indexed_entry WHERE position >= ? AND position < ?'
    const order = `ORDER BY ${matches ? 'rowid' : 'position'} ${oldestFirst ? 'ASC' : 'DESC'}`
    const rows = this.#db
      .prepare(`${source} ${order} LIMIT ?`)
      .iterate(...(matches ? [matches] : []), low, high, byTime ? ROWS_READ_MAX : limit) as Iterable<{
      position: number
    }>
    const indexes: number[] = []
    const time = byTime
      ? this.#db.prepare('SELECT timestamp_ms FROM indexed_entry WHERE position = ?')
      : undefined
    for (const { position } of rows) {
      if (time) {
        const at = time.get(position)!['timestamp_ms'] as number
        if (at < (query.fromMs ?? -Infinity) || at >= (query.toMs ?? Infinity)) continue
      }
      indexes.push(indexOf(position))
      if (indexes.length === limit) break
    }
    return { indexes, indexedSize: known.cursor }
  }

  async reset(ledger: string): Promise<void> {
    const known = this.#find(ledger)
    if (!known) return
    // Contentless terms cannot be dropped by ledger without their texts, so the others are indexed again too.
    inTransaction(this.#db, () => {
      this.#db.exec(`INSERT INTO entry_term (entry_term) VALUES ('delete-all');
        DELETE FROM indexed_entry; UPDATE indexed_ledger SET cursor = 0`)
    })
    this.#db.exec('PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)')
  }

  #find(ledger: string): { id: number; cursor: number } | undefined {
    return this.#ledger.get(ledger) as { id: number; cursor: number } | undefined
  }

  #add(ledger: string): { id: number; cursor: number } {
    const { lastInsertRowid } = this.#db
      .prepare('INSERT INTO indexed_ledger (name, cursor) VALUES (?, 0)')
      .run(ledger)
    return { id: Number(lastInsertRowid), cursor: 0 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#db.close()
  }
}

function termsOf(entry: IndexedEntry): string {
  return indexedFields(entry)
    .map(([field, value]) => termOf(field, value))
    .join(' ')
}

/** The producer's time; what it says in words we cannot read counts as the time it was recorded. */
function timestampMs({ core, recordedAt }: IndexedEntry): number {
  const ms = Date.parse(String(core['timestamp']))
  return Number.isNaN(ms) ? Math.floor(recordedAt / 1000) : ms
}
