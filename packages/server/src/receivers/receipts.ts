/** Receipts as JSON: what a sender keeps to prove later that a record was taken, and where. */
import { encodeBase64 } from '@trailproof/core'
import type { Accepted, Outcome, Queued } from '../accept.ts'
import type { AppendReceipts } from '../ledger/commit-batch.ts'
import { STATUS_NAMES } from '../ledger/commit-batch.ts'
import { formatMicros } from '../process/format-time.ts'

/** Inclusion paths and leaves by the place of a record in `appended`. */
export interface ReceiptProofs {
  readonly paths: readonly (readonly Uint8Array[])[]
  readonly leaves: readonly Uint8Array[]
}

type ReceiptStatus = (typeof STATUS_NAMES)[number] | 'quarantined' | 'refused'

/** How many records of an answer have each status. */
export type StatusCounts = Record<ReceiptStatus, number>

export function countStatuses({ outcomes, appended }: Accepted): StatusCounts {
  const counts: StatusCounts = { recorded: 0, duplicate: 0, conflict: 0, quarantined: 0, refused: 0 }
  for (const outcome of outcomes) counts[statusOf(outcome, appended)]++
  return counts
}

/** The status of one record. */
export function statusOf(outcome: Outcome, appended: AppendReceipts | undefined): ReceiptStatus {
  if (outcome.kind === 'appended')
    return STATUS_NAMES[appended!.receipts.statuses[appended!.offset + outcome.at]!]!
  return outcome.kept?.kind === 'quarantined' ? 'quarantined' : 'refused'
}

/**
 * The answer to an accepted body. Written by hand, because it is on the hot path and every value is of
 * our own making: ids are UUIDs, names and digests are plain ASCII.
 */
export function formatAnswer(
  { outcomes, appended, ledger }: Accepted,
  counts: StatusCounts,
  extra: { readonly proofs?: ReceiptProofs | undefined; readonly indexed?: boolean | undefined },
): string {
  const name = appended?.receipts.ledger ?? ledger.info.name
  const receipts: string[] = []
  for (const outcome of outcomes)
    receipts.push(
      outcome.kind === 'appended'
        ? formatReceipt(name, outcome, appended!, extra.proofs)
        : JSON.stringify(badReceipt(name, outcome)),
    )
  const checkpoint = appended?.receipts.checkpoint ?? ledger.checkpoint
  const indexed = extra.indexed === undefined ? '' : `,"indexed":${extra.indexed}`
  return (
    `{"ledger":"${name}","recorded":${counts.recorded},"duplicates":${counts.duplicate},` +
    `"conflicts":${counts.conflict},"quarantined":${counts.quarantined},"refused":${counts.refused}${indexed},` +
    `"checkpoint":${JSON.stringify(checkpoint)},"receipts":[${receipts.join(',')}]}`
  )
}

function formatReceipt(
  ledger: string,
  { at, id, idGiven }: Extract<Outcome, { kind: 'appended' }>,
  { receipts, offset }: AppendReceipts,
  proofs: ReceiptProofs | undefined,
): string {
  const i = offset + at
  const { buffer, byteOffset } = receipts.leafHashes
  const leafHash = Buffer.from(buffer, byteOffset + 32 * i, 32).toString('base64')
  const given = idGiven === 'producer' ? '' : `,"id_from":"${idGiven}"`
  const proof = proofs
    ? `,"leaf":"${encodeBase64(proofs.leaves[at]!)}","proof":${JSON.stringify(proofs.paths[at]!.map(encodeBase64))}`
    : ''
  return (
    `{"id":"${id}","ledger":"${ledger}","index":${receipts.indexes[i]},"leaf_hash":"${leafHash}",` +
    `"recorded_at":"${formatMicros(receipts.recordedAt[i]!)}","status":"${STATUS_NAMES[receipts.statuses[i]!]}"${given}${proof}}`
  )
}

/** The answer to a body that is queued: 202, with an id to ask for later. */
export function queuedAnswerOf({ outcomes, ledger }: Queued) {
  const { name } = ledger.info
  const receipts = outcomes.map((outcome) =>
    outcome.kind === 'appended'
      ? { id: outcome.id, ledger: name, status: 'queued' as const }
      : badReceipt(name, outcome),
  )
  return { ledger: name, queued: outcomes.filter(({ kind }) => kind === 'appended').length, receipts }
}

function badReceipt(ledger: string, { kept, problems }: Extract<Outcome, { kind: 'bad' }>): unknown {
  if (kept?.kind === 'quarantined')
    return { ledger, status: 'quarantined', quarantine_id: kept.quarantineId, problems }
  return { ledger, status: 'refused', problems }
}
