/** A number for each actor, so that entries can be counted by actor. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { termMatch } from '../../../search/filter-plan.ts'
import { keyTerm } from '../../../search/terms.ts'
import { ftsMatch } from './fts-match.ts'

/** Actors whose numbers are kept in memory; all are forgotten when there are more. */
const REMEMBERED_MAX = 50_000

export class ActorWriter {
  readonly #ids = new Map<string, number>()
  readonly #find: StatementSync
  readonly #insert: StatementSync
  readonly #delete: StatementSync
  readonly #isUsed: StatementSync

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT id FROM actor WHERE value = ?')
    this.#insert = db.prepare('INSERT INTO actor (value) VALUES (?)')
    this.#delete = db.prepare('DELETE FROM actor WHERE value = ?')
    this.#isUsed = db.prepare(
      `SELECT 1 FROM entry_term CROSS JOIN indexed_entry ON position = entry_term.rowid
        WHERE entry_term MATCH ? AND actor = ? LIMIT 1`,
    )
  }

  /** Written within the caller's transaction when it is new. */
  idOf(value: string | undefined): number | null {
    if (value === undefined) return null
    const known = this.#ids.get(value)
    if (known !== undefined) return known
    const id = (this.#find.get(value)?.['id'] ?? Number(this.#insert.run(value).lastInsertRowid)) as number
    if (this.#ids.size >= REMEMBERED_MAX) this.#ids.clear()
    this.#ids.set(value, id)
    return id
  }

  /** Deletes the actor when no entry has it any more. */
  forgetUnused(value: string | undefined): void {
    if (value === undefined) return
    const id = this.idOf(value)
    const match = ftsMatch(termMatch(keyTerm('actor.id', value)!.term))
    if (this.#isUsed.get(match, id)) return
    this.#delete.run(value)
    this.#ids.delete(value)
  }

  clear(): void {
    this.#ids.clear()
  }
}
