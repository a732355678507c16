/** Legal holds in the directory on SQLite. */
import type { DatabaseSync } from 'node:sqlite'
import type { HoldStore, StoredHold } from '../../holds/hold-store.ts'
import { type HoldRow, holdOf, valuesOf } from '../hold-row.ts'
import { inTransaction } from './database.ts'

export class SqliteHolds implements HoldStore {
  readonly #db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  async holds(ledger: string): Promise<readonly StoredHold[]> {
    const rows = this.#db.prepare('SELECT * FROM legal_hold WHERE ledger = ? ORDER BY name').all(ledger)
    return (rows as HoldRow[]).map(holdOf)
  }

  async addHold(hold: StoredHold, max: number): Promise<boolean> {
    return inTransaction(this.#db, () => {
      const size = this.#db.prepare('SELECT count(*) AS size FROM legal_hold').get()!['size'] as number
      if (size >= max) return false
      const add = this.#db.prepare('INSERT OR IGNORE INTO legal_hold VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
      return add.run(...valuesOf(hold)).changes === 1
    })
  }

  async holdRecorded(ledger: string, name: string, entry: number): Promise<void> {
    this.#db.prepare('UPDATE legal_hold SET entry = ? WHERE ledger = ? AND name = ?').run(entry, ledger, name)
  }

  async deleteHold(ledger: string, name: string): Promise<boolean> {
    const remove = this.#db.prepare('DELETE FROM legal_hold WHERE ledger = ? AND name = ?')
    const { changes } = remove.run(ledger, name)
    this.#db.exec('PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)')
    return changes === 1
  }
}
