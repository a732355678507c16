/** Approvals in the directory on SQLite. */
import type { DatabaseSync } from 'node:sqlite'
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
import { inTransaction } from './database.ts'

export class SqliteApprovals implements ApprovalStore {
  readonly #db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  async addApproval(approval: StoredApproval, openMax: number): Promise<boolean> {
    const { id, ledger, state, act, request, digest, askedBy, askedAt, expiresAt } = approval
    return inTransaction(this.#db, () => {
      const open = this.#db.prepare(`SELECT count(*) AS size FROM approval WHERE state IN (${OPEN_STATES})`)
      if ((open.get()!['size'] as number) >= openMax) return false
      this.#db
        .prepare('INSERT INTO approval VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)')
        .run(id, ledger, state, act, request, digest, JSON.stringify(askedBy), askedAt, expiresAt)
      return true
    })
  }

  async approval(id: string): Promise<StoredApproval | undefined> {
    const row = this.#db.prepare('SELECT * FROM approval WHERE id = ?').get(id) as ApprovalRow | undefined
    return row && approvalOf(row)
  }

  async approvals(states: readonly ApprovalState[], limit: number): Promise<readonly ApprovalFacts[]> {
    const marks = states.map(() => '?').join(', ')
    const rows = this.#db
      .prepare(`SELECT ${FACTS} FROM approval WHERE state IN (${marks}) ORDER BY id DESC LIMIT ?`)
      .all(...states, limit) as FactsRow[]
    return rows.map(factsOf)
  }

  async moveApproval(id: string, { from, to, decision, outcome }: ApprovalMove): Promise<boolean> {
    const request = isSettled(to) ? "''" : 'request'
    const { changes } = this.#db
      .prepare(`UPDATE approval SET state = ?, request = ${request},
        decision = coalesce(?, decision), outcome = coalesce(?, outcome) WHERE id = ? AND state = ?`)
      .run(to, jsonOrNull(decision), jsonOrNull(outcome), id, from)
    if (changes === 1 && isSettled(to)) this.#shrink()
    return changes === 1
  }

  async forgetApprovals(askedBefore: number): Promise<void> {
    const { changes } = this.#db
      .prepare(`DELETE FROM approval WHERE state IN (${SETTLED_STATES}) AND asked_at < ?`)
      .run(askedBefore)
    if (changes > 0) this.#shrink()
  }

  #shrink(): void {
    this.#db.exec('PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)')
  }
}
