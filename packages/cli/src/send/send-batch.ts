/** Sends one batch until it is answered, at most so many times. */
import { randomUUID } from 'node:crypto'
import type { IngestAnswer, ReceiptAnswer } from '../api/answers.ts'
import { type ApiClient, Refusal } from '../api/api-client.ts'
import { type RetryOptions, untilAnswered } from '../api/retry.ts'

export interface SendOptions extends RetryOptions {
  readonly ledger: string | undefined
  /** Ask for leaves and inclusion paths, so that receipts verify by themselves. */
  readonly proofs: boolean
  /** Answer only when the records can be searched. */
  readonly waitForIndex: boolean
}

/**
 * The answers for all records of the batch, in order. A batch too large for the server is halved. Repeating
 * it is safe: records carry ids, and what was recorded although its answer was lost is a `duplicate`.
 */
export async function sendBatch(
  client: ApiClient,
  records: readonly string[],
  options: SendOptions,
): Promise<IngestAnswer[]> {
  try {
    return [await sendUntilAnswered(client, records, options)]
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 413) throw error
    if (records.length === 1) return [tooLarge(error)]
    const middle = records.length >> 1
    return [
      ...(await sendBatch(client, records.slice(0, middle), options)),
      ...(await sendBatch(client, records.slice(middle), options)),
    ]
  }
}

async function sendUntilAnswered(
  client: ApiClient,
  records: readonly string[],
  { ledger, proofs, waitForIndex, ...retry }: SendOptions,
): Promise<IngestAnswer> {
  const call = {
    method: 'POST',
    type: 'application/x-ndjson',
    body: `${records.join('\n')}\n`,
    // Names the records that have an id no one can use, such as an empty one.
    headers: { 'idempotency-key': randomUUID() },
    query: {
      ledger,
      receipt: proofs ? 'proof' : undefined,
      wait: waitForIndex ? 'index' : undefined,
    },
  } as const
  return untilAnswered(() => client.json<IngestAnswer>('/v1/events', call), retry)
}

/** A record alone that is still too large will never be taken. */
function tooLarge(refusal: Refusal): IngestAnswer {
  const receipt: ReceiptAnswer = { status: 'refused', problems: [{ field: '', message: refusal.message }] }
  return { checkpoint: '', receipts: [receipt] }
}
