/** Approvals in the directory on PostgreSQL. */
import { type ApprovalState, isSettled } from '../../approvals/approval-state.ts'
import type {
  ApprovalFacts,
  ApprovalMove,
  ApprovalStore,
  StoredApproval,
} from '../../approvals/approval-store.ts'
import {
  type ApprovalRow,
  approvalOf,
  FACTS,
  type FactsRow,
  factsOf,
  jsonOrNull,
  OPEN_STATES,
  SETTLED_STATES,
} from '../approval-row.ts'
import type { Connections } from './connections.ts'
import { rewritten } from './rewrite.ts'

export class PostgresApprovals implements ApprovalStore {
  readonly #connections: Connections
  readonly #schema: string
  readonly #table: string

  constructor(connections: Connections, schema: string) {
    this.#connections = connections
    this.#schema = schema
    this.#table = `${schema}.approval`
  }

  async addApproval(approval: StoredApproval, openMax: number): Promise<boolean> {
    const { id, ledger, state, act, request, digest, askedBy, askedAt, expiresAt } = approval
    return await this.#connections.transaction('add approval', async (connection) => {
      // One at a time counts and adds.
      await connection.query('SELECT pg_advisory_xact_lock(to_regclass($1)::oid::bigint)', [this.#table])
      const { rows } = await connection.query(
        `SELECT count(*) AS size FROM ${this.#table} WHERE state IN (${OPEN_STATES})`,
      )
      if ((rows[0]!['size'] as number) >= openMax) return false
      await connection.query(
        `INSERT INTO ${this.#table} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, NULL)`,
        [id, ledger, state, act, request, digest, JSON.stringify(askedBy), askedAt, expiresAt],
      )
      return true
    })
  }

  async approval(id: string): Promise<StoredApproval | undefined> {
    const [row] = await this.#connections.read<ApprovalRow>(`SELECT * FROM ${this.#table} WHERE id = $1`, [
      id,
    ])
    return row && approvalOf(row)
  }

  async approvals(states: readonly ApprovalState[], limit: number): Promise<readonly ApprovalFacts[]> {
    const rows = await this.#connections.read<FactsRow>(
      `SELECT ${FACTS} FROM ${this.#table} WHERE state = ANY ($1::text[]) ORDER BY id DESC LIMIT $2`,
      [states, limit],
    )
    return rows.map(factsOf)
  }

  async moveApproval(id: string, { from, to, decision, outcome }: ApprovalMove): Promise<boolean> {
    const request = isSettled(to) ? "''" : 'request'
    const { rowCount } = await this.#connections.change(
      'move approval',
      `UPDATE ${this.#table} SET state = $1, request = ${request},
        decision = coalesce($2, decision), outcome = coalesce($3, outcome) WHERE id = $4 AND state = $5`,
      [to, jsonOrNull(decision), jsonOrNull(outcome), id, from],
    )
    if (rowCount === 1 && isSettled(to)) await this.#rewrite()
    return rowCount === 1
  }

  async forgetApprovals(askedBefore: number): Promise<void> {
    const { rowCount } = await this.#connections.change(
      'forget approvals',
      `DELETE FROM ${this.#table} WHERE state IN (${SETTLED_STATES}) AND asked_at < $1`,
      [askedBefore],
    )
    if ((rowCount ?? 0) > 0) await this.#rewrite()
  }

  /** Where a long transaction can still see what was there, its bytes go with the next approval that is settled. */
  async #rewrite(): Promise<void> {
    await rewritten(this.#connections, `${this.#schema}.rewrite_table`, ['approval'])
  }
}
