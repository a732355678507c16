/** An erasure whose entry a backup has lost is said once more, by the ledger that goes on: what it destroyed is destroyed again. */
import type { EncodedRecord } from './commit-batch.ts'
import type { ListedErasure } from './erasure-list.ts'
import { type ErasureFacts, erasureRecord } from './server-records.ts'

/** The same record each time it is made. `ledger`: whose entries were erased, a predecessor of the one that says so. */
export function saidAnew(
  saying: { readonly dedupeKey: Uint8Array },
  ledger: string,
  { ranges, record }: ListedErasure,
): EncodedRecord {
  const { timestamp } = JSON.parse(record.core) as { timestamp: string } // both as `erasureRecord` wrote them
  const { metadata } = JSON.parse(record.personal) as { metadata: ErasureFacts & { group: string } }
  const { authority, reason, subject, rule, approval, group } = metadata
  const facts = {
    predecessor: ledger,
    ranges,
    authority,
    reason,
    ...(subject !== undefined && { subject }),
    ...(group === 'both' && ({ groups: group } as const)),
    ...(rule !== undefined && { rule }),
    ...(approval && { approval }),
  }
  return erasureRecord(saying, facts, Date.parse(timestamp) * 1000)
}
