/** What is kept of retention: the part of the directory that knows of it. */
import type { Person } from '../approvals/approval-store.ts'

/** Records that match are destroyed when they are that old; of several rules the first that matches counts. */
export interface RetentionRule {
  readonly name: string
  /** Since `recorded_at`. Undefined: they stay for ever. */
  readonly keepDays: number | undefined
  /** In the query language, about core fields alone. Undefined: every record. */
  readonly query: string | undefined
}

export interface StoredRetention {
  readonly ledger: string
  readonly rules: readonly RetentionRule[]
  readonly changedBy: Person
  /** ms since 1970. */
  readonly changedAt: number
  /** How far each rule has come, as of which rules and holds; undefined: not begun. Only saves work. */
  readonly progress: RetentionProgress | undefined
}

export interface RetentionProgress {
  /** Of the rules and holds that it is true of. */
  readonly basis: string
  /** For each rule: entries below are done with. */
  readonly doneTo: readonly number[]
}

export interface RetentionStore {
  retention(ledger: string): Promise<StoredRetention | undefined>
  /** Takes the place of what there was. */
  putRetention(retention: StoredRetention): Promise<void>
  /** Of the rules that were changed at that time; nothing where they are others by now. */
  retentionProgress(ledger: string, changedAt: number, progress: RetentionProgress): Promise<void>
}
