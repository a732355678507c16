/** A row of approvals, in either database. */
import { APPROVAL_STATES, type ApprovalState, isSettled } from '../approvals/approval-state.ts'
import type { ApprovalFacts, Decision, Person, StoredApproval } from '../approvals/approval-store.ts'

export type FactsRow = {
  id: string
  ledger: string
  state: string
  act: string
  digest: string
  asked_by: string
  asked_at: number
  expires_at: number
  decision: string | null
  outcome: string | null
}
export type ApprovalRow = FactsRow & { request: string }

/** The columns of a `FactsRow`. */
export const FACTS = 'id, ledger, state, act, digest, asked_by, asked_at, expires_at, decision, outcome'

const quoted = (states: readonly ApprovalState[]): string => states.map((state) => `'${state}'`).join(', ')
/** For SQL. */
export const OPEN_STATES = quoted(APPROVAL_STATES.filter((state) => !isSettled(state)))
export const SETTLED_STATES = quoted(APPROVAL_STATES.filter(isSettled))

export function approvalOf(row: ApprovalRow): StoredApproval {
  return { ...factsOf(row), request: row.request }
}

export function factsOf(row: FactsRow): ApprovalFacts {
  const { id, ledger, act, digest } = row
  return {
    id,
    ledger,
    act,
    digest,
    state: row.state as ApprovalState, // nothing else is ever written
    askedBy: JSON.parse(row.asked_by) as Person,
    askedAt: row.asked_at,
    expiresAt: row.expires_at,
    decision: row.decision === null ? undefined : (JSON.parse(row.decision) as Decision),
    outcome: row.outcome === null ? undefined : (JSON.parse(row.outcome) as Record<string, unknown>),
  }
}

export function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}
