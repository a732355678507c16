/** A row of legal holds, in either database. */
import type { Person } from '../approvals/approval-store.ts'
import type { HeldRecords, StoredHold } from '../holds/hold-store.ts'

export type HoldRow = {
  ledger: string
  name: string
  records: string
  authority: string
  reason: string
  held_by: string
  held_at: number
  entry: number | null
}

export function holdOf(row: HoldRow): StoredHold {
  const { ledger, name, authority, reason, held_at: heldAt } = row
  return {
    ledger,
    name,
    authority,
    reason,
    heldAt,
    records: JSON.parse(row.records) as HeldRecords,
    heldBy: JSON.parse(row.held_by) as Person,
    entry: row.entry ?? undefined,
  }
}

/** In the order of the columns. */
export function valuesOf(hold: StoredHold): (string | number | null)[] {
  const { ledger, name, records, authority, reason, heldBy, heldAt, entry } = hold
  return [
    ledger,
    name,
    JSON.stringify(records),
    authority,
    reason,
    JSON.stringify(heldBy),
    heldAt,
    entry ?? null,
  ]
}
