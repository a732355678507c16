/** What is kept of legal holds: the part of the directory that knows of them. */
import type { Person } from '../approvals/approval-store.ts'

/** Which records are held, also of those that come later. */
export type HeldRecords =
  /** In the query language; `last` counts back from when the hold began. */
  | { readonly kind: 'query'; readonly query: string }
  /** As an erasure of somebody would find them. */
  | { readonly kind: 'subject'; readonly id: string; readonly type?: string }
  /** Entries [from, to). */
  | { readonly kind: 'range'; readonly from: number; readonly to: number }

export interface StoredHold {
  readonly ledger: string
  readonly name: string
  readonly records: HeldRecords
  readonly authority: string
  readonly reason: string
  readonly heldBy: Person
  /** ms since 1970. */
  readonly heldAt: number
  /** The entry of the ledger that says that it began; undefined: it is not recorded yet. */
  readonly entry: number | undefined
}

export interface HoldStore {
  /** Of one ledger, by name. */
  holds(ledger: string): Promise<readonly StoredHold[]>
  /** False, and nothing kept, when there is one of that ledger and name, or as many as `max`. */
  addHold(hold: StoredHold, max: number): Promise<boolean>
  /** Says where it is recorded. */
  holdRecorded(ledger: string, name: string, entry: number): Promise<void>
  /** Destroys it in every file; false when there is none. */
  deleteHold(ledger: string, name: string): Promise<boolean>
}
