/** Retention rules in the directory on SQLite. */
import type { DatabaseSync } from 'node:sqlite'
import type { RetentionProgress, RetentionStore, StoredRetention } from '../../retention/retention-store.ts'
import { type RetentionRow, retentionOf, valuesOf } from '../retention-row.ts'

export class SqliteRetention implements RetentionStore {
  readonly #db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  async retention(ledger: string): Promise<StoredRetention | undefined> {
    const row = this.#db.prepare('SELECT * FROM retention WHERE ledger = ?').get(ledger)
    return row && retentionOf(row as RetentionRow)
  }

  async putRetention(retention: StoredRetention): Promise<void> {
    this.#db.prepare('INSERT OR REPLACE INTO retention VALUES (?, ?, ?, ?, ?)').run(...valuesOf(retention))
  }

  async retentionProgress(ledger: string, changedAt: number, progress: RetentionProgress): Promise<void> {
    this.#db
      .prepare('UPDATE retention SET progress = ? WHERE ledger = ? AND changed_at = ?')
      .run(JSON.stringify(progress), ledger, changedAt)
  }
}
