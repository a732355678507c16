/** Retention rules in the directory on PostgreSQL. */
import type { RetentionProgress, RetentionStore, StoredRetention } from '../../retention/retention-store.ts'
import { type RetentionRow, retentionOf, valuesOf } from '../retention-row.ts'
import type { Connections } from './connections.ts'

export class PostgresRetention implements RetentionStore {
  readonly #connections: Connections
  readonly #table: string

  constructor(connections: Connections, schema: string) {
    this.#connections = connections
    this.#table = `${schema}.retention`
  }

  async retention(ledger: string): Promise<StoredRetention | undefined> {
    const text = `SELECT * FROM ${this.#table} WHERE ledger = $1`
    const [row] = await this.#connections.read<RetentionRow>(text, [ledger])
    return row && retentionOf(row)
  }

  async putRetention(retention: StoredRetention): Promise<void> {
    await this.#connections.change(
      'put retention',
      `INSERT INTO ${this.#table} VALUES ($1, $2, $3, $4, $5) ON CONFLICT (ledger) DO UPDATE SET
        rules = $2, changed_by = $3, changed_at = $4, progress = $5`,
      valuesOf(retention),
    )
  }

  async retentionProgress(ledger: string, changedAt: number, progress: RetentionProgress): Promise<void> {
    await this.#connections.change(
      'retention progress',
      `UPDATE ${this.#table} SET progress = $3 WHERE ledger = $1 AND changed_at = $2`,
      [ledger, changedAt, JSON.stringify(progress)],
    )
  }
}
