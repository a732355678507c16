/** Legal holds in the directory on PostgreSQL. */
import type { HoldStore, StoredHold } from '../../holds/hold-store.ts'
import { type HoldRow, holdOf, valuesOf } from '../hold-row.ts'
import type { Connections } from './connections.ts'
import { rewritten } from './rewrite.ts'

export class PostgresHolds implements HoldStore {
  readonly #connections: Connections
  readonly #schema: string
  readonly #table: string

  constructor(connections: Connections, schema: string) {
    this.#connections = connections
    this.#schema = schema
    this.#table = `${schema}.legal_hold`
  }

  async holds(ledger: string): Promise<readonly StoredHold[]> {
    const rows = await this.#connections.read<HoldRow>(
      `SELECT * FROM ${this.#table} WHERE ledger = $1 ORDER BY name`,
      [ledger],
    )
    return rows.map(holdOf)
  }

  async addHold(hold: StoredHold, max: number): Promise<boolean> {
    return await this.#connections.transaction('add hold', async (connection) => {
      // One at a time counts and adds.
      await connection.query('SELECT pg_advisory_xact_lock(to_regclass($1)::oid::bigint)', [this.#table])
      const { rows } = await connection.query(`SELECT count(*) AS size FROM ${this.#table}`)
      if ((rows[0]!['size'] as number) >= max) return false
      const { rowCount } = await connection.query(
        `INSERT INTO ${this.#table} VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
        valuesOf(hold),
      )
      return rowCount === 1
    })
  }

  async holdRecorded(ledger: string, name: string, entry: number): Promise<void> {
    await this.#connections.change(
      'hold recorded',
      `UPDATE ${this.#table} SET entry = $3 WHERE ledger = $1 AND name = $2`,
      [ledger, name, entry],
    )
  }

  async deleteHold(ledger: string, name: string): Promise<boolean> {
    const { rowCount } = await this.#connections.change(
      'delete hold',
      `DELETE FROM ${this.#table} WHERE ledger = $1 AND name = $2`,
      [ledger, name],
    )
    // Where a long transaction can still see what was there, its bytes go with the next hold that ends.
    if (rowCount === 1) await rewritten(this.#connections, `${this.#schema}.rewrite_table`, ['legal_hold'])
    return rowCount === 1
  }
}
