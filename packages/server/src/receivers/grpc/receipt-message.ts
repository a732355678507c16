/** Receipts as messages. */
import { create } from '@bufbuild/protobuf'
import type { Accepted, Outcome } from '../../accept.ts'
import type { AppendReceipts } from '../../ledger/commit-batch.ts'
import type { ReceiptProofs } from '../receipts.ts'
import {
  IdSource,
  ProblemSchema,
  type Receipt,
  ReceiptSchema,
  RecordStatus,
} from './gen/audit/v1/audit_pb.ts'
import { timestampOfMicros } from './timestamp.ts'

/** By `STATUS` of a commit. */
const STATUSES = [RecordStatus.RECORDED, RecordStatus.DUPLICATE, RecordStatus.CONFLICT]
const ID_SOURCES = {
  producer: IdSource.PRODUCER,
  foreign: IdSource.FOREIGN,
  'idempotency-key': IdSource.IDEMPOTENCY_KEY,
  server: IdSource.SERVER,
}

/** One for each record, in the order of the request. */
export function receiptMessages(
  { outcomes, appended }: Accepted,
  proofs: ReceiptProofs | undefined,
): Receipt[] {
  return outcomes.map((outcome) =>
    outcome.kind === 'appended' ? receiptOf(outcome, appended!, proofs) : badReceipt(outcome),
  )
}

function receiptOf(
  { at, id, idGiven }: Extract<Outcome, { kind: 'appended' }>,
  { receipts, offset }: AppendReceipts,
  proofs: ReceiptProofs | undefined,
): Receipt {
  const i = offset + at
  return create(ReceiptSchema, {
    status: STATUSES[receipts.statuses[i]!]!,
    id,
    index: BigInt(receipts.indexes[i]!),
    leafHash: receipts.leafHashes.subarray(32 * i, 32 * i + 32),
    recordedAt: timestampOfMicros(receipts.recordedAt[i]!),
    idSource: ID_SOURCES[idGiven],
    ...(proofs && { leaf: proofs.leaves[at]!, proof: [...proofs.paths[at]!] }),
  })
}

function badReceipt({ kept, problems }: Extract<Outcome, { kind: 'bad' }>): Receipt {
  const isKept = kept?.kind === 'quarantined'
  return create(ReceiptSchema, {
    status: isKept ? RecordStatus.QUARANTINED : RecordStatus.REFUSED,
    quarantineId: isKept ? kept.quarantineId : '',
    problems: problems.map(({ field, code, message }) => create(ProblemSchema, { field, code, message })),
  })
}
