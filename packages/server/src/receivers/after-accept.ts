/** What every receiver does once its records were accepted: note them, and fetch what the answer is to say. */
import type { Accepted } from '../accept.ts'
import type { Services } from '../services.ts'
import { countStatuses, type ReceiptProofs, type StatusCounts } from './receipts.ts'

const INDEX_WAIT_MS = 10_000

/** Counts the records by status; `requestId` names the request in the log when some of a batch are not valid. */
export function noteAccepted(
  accepted: Accepted,
  requestId: string,
  { metrics, log }: Pick<Services, 'metrics' | 'log'>,
): StatusCounts {
  const counts = countStatuses(accepted)
  const ledger = accepted.ledger.info.name
  for (const [status, count] of Object.entries(counts)) metrics.countRecords(ledger, status, count)
  if (counts.quarantined + counts.refused > 0)
    for (const outcome of accepted.outcomes)
      if (outcome.kind === 'bad') metrics.countBadRecord(outcome.problems[0]!.code)
  // A single one goes back to its sender, who is told what is wrong with it.
  if (!accepted.single && counts.quarantined + counts.refused > 0)
    log.warn({ ...counts, ledger, requestId }, 'records that are not valid')
  return counts
}

/** Paths to the checkpoint of the answer; a retried record gets the path of its first entry. */
export async function receiptProofs(
  { appended }: Accepted,
  { reader }: Pick<Services, 'reader'>,
): Promise<ReceiptProofs | undefined> {
  if (!appended) return undefined
  const { receipts, offset, count } = appended
  const { ledger, size } = receipts
  const indexes = [...receipts.indexes.subarray(offset, offset + count)]
  return reader.proofs(ledger, indexes, size)
}

/** Whether search finds the records, after waiting for it. */
export async function indexReached(
  { appended }: Accepted,
  { ledgers }: Pick<Services, 'ledgers'>,
): Promise<boolean> {
  if (!appended) return true
  const { receipts, offset, count } = appended
  const newest = Math.max(...receipts.indexes.subarray(offset, offset + count))
  return ledgers.indexReached(receipts.ledger, newest + 1, INDEX_WAIT_MS)
}
