/** The server's answer to `POST /v1/events`, as what became of each record. */
import type { SealedRecord } from '../delivery/sealed-record.ts'
import type { Delivered, Receipt } from './sink.ts'

export interface IngestAnswer {
  readonly fates: readonly Delivered[]
  /** One line of JSON for each record, as `trailproof verify` reads them. */
  readonly evidence: () => readonly string[]
}

export interface ReceiptAnswer {
  readonly id?: unknown
  readonly ledger?: unknown
  readonly index?: unknown
  readonly leaf_hash?: unknown
  readonly recorded_at?: unknown
  readonly status?: unknown
  readonly problems?: unknown
  readonly quarantine_id?: unknown
}

/** Throws an Error for what our server does not answer: something else stands in its place. */
export function readIngestAnswer(text: string, batch: readonly SealedRecord[]): IngestAnswer {
  const { receipts, checkpoint } = parse(text)
  if (!Array.isArray(receipts) || receipts.length !== batch.length || typeof checkpoint !== 'string')
    throw new Error(`not the answer of a Trailproof server to ${batch.length} records: ${text.slice(0, 100)}`)
  return readReceipts(receipts as readonly ReceiptAnswer[], checkpoint, batch)
}

/** The same of receipts that came another way, one for each record of the batch, under the names that they have over HTTP. */
export function readReceipts(
  answers: readonly ReceiptAnswer[],
  checkpoint: string,
  batch: readonly SealedRecord[],
): IngestAnswer {
  const fates = answers.map((answer, at) => fateOf(answer, batch[at]!, checkpoint))
  return { fates, evidence: () => answers.map((answer) => evidenceOf(answer, checkpoint)) }
}

function parse(text: string): { receipts?: unknown; checkpoint?: unknown } {
  try {
    const answer: unknown = JSON.parse(text)
    return typeof answer === 'object' && answer !== null ? answer : {}
  } catch {
    return {} // said in full by the caller
  }
}

function fateOf(answer: ReceiptAnswer, record: SealedRecord, checkpoint: string): Delivered {
  const { status, id } = answer
  switch (status) {
    case 'recorded':
    case 'duplicate': {
      if (id !== record.id) throw new Error(`a receipt for ${String(id)} in the place of ${record.id}`)
      return { kind: 'written', receipt: new LedgerReceipt(answer, record.id, status, checkpoint) }
    }
    case 'conflict':
      return { kind: 'refused', status, reason: 'the id was recorded before with other content' }
    case 'quarantined':
    case 'refused':
      return { kind: 'refused', status, reason: reasonOf(answer) }
    default:
      throw new Error(`a receipt with the status ${String(status)}`)
  }
}

function reasonOf({ problems, quarantine_id }: ReceiptAnswer): string {
  const [first] = Array.isArray(problems) ? (problems as { field?: string; message?: string }[]) : []
  const kept = typeof quarantine_id === 'string' ? ` (kept as ${quarantine_id})` : ''
  return `${first?.field || 'record'}: ${first?.message ?? 'not valid'}${kept}`
}

function evidenceOf(answer: ReceiptAnswer, checkpoint: string): string {
  return JSON.stringify({ ...answer, checkpoint })
}

/** Its evidence is written out when somebody asks: most receipts are never looked at. */
class LedgerReceipt implements Receipt {
  readonly id: string
  readonly ledger: string
  readonly index: number
  readonly leafHash: string
  readonly recordedAt: string
  readonly status: Receipt['status']
  readonly checkpoint: string
  readonly #answer: ReceiptAnswer

  constructor(answer: ReceiptAnswer, id: string, status: Receipt['status'], checkpoint: string) {
    this.id = id
    this.ledger = String(answer.ledger)
    this.index = Number(answer.index)
    this.leafHash = String(answer.leaf_hash)
    this.recordedAt = String(answer.recorded_at)
    this.status = status
    this.checkpoint = checkpoint
    this.#answer = answer
  }

  get evidence(): string {
    return evidenceOf(this.#answer, this.checkpoint)
  }
}
