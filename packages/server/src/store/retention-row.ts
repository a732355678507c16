/** A row of retention rules, in either database. */
import type { Person } from '../approvals/approval-store.ts'
import type { RetentionProgress, RetentionRule, StoredRetention } from '../retention/retention-store.ts'

export type RetentionRow = {
  ledger: string
  rules: string
  changed_by: string
  changed_at: number
  progress: string | null
}

export function retentionOf(row: RetentionRow): StoredRetention {
  const rules = JSON.parse(row.rules) as readonly Partial<RetentionRule>[]
  return {
    ledger: row.ledger,
    // Members that are undefined are not in the JSON.
    rules: rules.map(({ name, keepDays, query }) => ({ name: name!, keepDays, query })),
    changedBy: JSON.parse(row.changed_by) as Person,
    changedAt: row.changed_at,
    progress: row.progress === null ? undefined : (JSON.parse(row.progress) as RetentionProgress),
  }
}

/** In the order of the columns. */
export function valuesOf(retention: StoredRetention): (string | number | null)[] {
  const { ledger, rules, changedBy, changedAt, progress } = retention
  return [
    ledger,
    JSON.stringify(rules),
    JSON.stringify(changedBy),
    changedAt,
    progress === undefined ? null : JSON.stringify(progress),
  ]
}
