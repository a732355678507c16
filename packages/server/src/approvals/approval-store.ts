/** What is kept of approvals: the part of the directory that knows of them. */
import type { ApprovalState } from './approval-state.ts'

/** Somebody, as records of accesses name them. */
export interface Person {
  /** `Caller.id`. */
  readonly id: string
  readonly name: string
}

export interface Decision {
  readonly by: Person
  /** ms since 1970. */
  readonly at: number
  readonly reason: string
}

/** All but what is asked for, which may name people. */
export interface ApprovalFacts {
  /** UUIDv7; in the order of asking. */
  readonly id: string
  /** Whose records or rules it is about. */
  readonly ledger: string
  readonly state: ApprovalState
  /** `Act.kind`. */
  readonly act: string
  /** SHA-256 of the request, hex: what is approved is what was asked for. Its nonce makes it say nothing of who is named. */
  readonly digest: string
  readonly askedBy: Person
  /** ms since 1970. */
  readonly askedAt: number
  /** ms since 1970: not approved before, it is not done. */
  readonly expiresAt: number
  /** Of who approved, rejected or withdrew it. */
  readonly decision: Decision | undefined
  /** What came of it: facts, or `{error}`. It names nobody. */
  readonly outcome: Readonly<Record<string, unknown>> | undefined
}

export interface StoredApproval extends ApprovalFacts {
  /** The act as JSON, with a nonce; '' once it is settled. */
  readonly request: string
}

export interface ApprovalMove {
  readonly from: ApprovalState
  readonly to: ApprovalState
  readonly decision?: Decision
  readonly outcome?: Readonly<Record<string, unknown>>
}

export interface ApprovalStore {
  /** False, and nothing kept, when as many as `openMax` are asked or approved already. */
  addApproval(approval: StoredApproval, openMax: number): Promise<boolean>
  approval(id: string): Promise<StoredApproval | undefined>
  /** Those in some states, the newest first. */
  approvals(states: readonly ApprovalState[], limit: number): Promise<readonly ApprovalFacts[]>
  /** False when it is not in the state `from` (any more). One that is settled loses its request, in every file. */
  moveApproval(id: string, move: ApprovalMove): Promise<boolean>
  /** Deletes what was settled and asked for before a time, ms since 1970. */
  forgetApprovals(askedBefore: number): Promise<void>
}
