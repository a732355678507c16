/** One write to a sink, with whatever a sink may do contained: throwing, hanging, answering nonsense. */
import type { Delivered, Receipt, Sink, WriteWish } from '../sinks/sink.ts'
import type { SealedRecord } from './sealed-record.ts'

export type Attempt =
  /** The fates of the first records of the batch, at least one. */
  | { readonly kind: 'settled'; readonly fates: readonly Delivered[] }
  | {
      readonly kind: 'failed'
      readonly retryable: boolean
      readonly retryAfterMs: number | undefined
      readonly error: unknown
    }

/** Never rejects. Settles when the sink does. */
export async function attemptWrite(
  sink: Sink,
  batch: readonly SealedRecord[],
  signal: AbortSignal,
  wish?: WriteWish,
): Promise<Attempt> {
  try {
    const fates = fatesOf(await sink.write(batch, signal, wish), batch.length)
    if (fates.length > 0) return { kind: 'settled', fates }
    return failed(new Error('the sink answered for none of the records'))
  } catch (error) {
    return failed(error)
  }
}

/** The fates up to the first one that is none, copied: a getter that throws does so here and nowhere else. */
function fatesOf(answer: unknown, most: number): Delivered[] {
  const fates: Delivered[] = []
  if (!Array.isArray(answer)) return fates
  for (let at = 0; at < Math.min(answer.length, most); at++) {
    const fate = answer[at] as {
      kind?: unknown
      receipt?: Receipt
      status?: RefusedStatus
      reason?: unknown
    } | null
    if (fate?.kind === 'written') {
      const { receipt } = fate
      fates.push(receipt === undefined ? WRITTEN : { kind: 'written', receipt })
    } else if (fate?.kind === 'refused')
      fates.push({ kind: 'refused', status: fate.status ?? 'refused', reason: String(fate.reason) })
    else break
  }
  return fates
}

type RefusedStatus = Extract<Delivered, { kind: 'refused' }>['status']

const WRITTEN: Delivered = { kind: 'written' }

/** Only a sink that says so makes trying again useless: what we do not know may pass. */
function failed(error: unknown): Attempt {
  const told = { kind: 'failed', retryable: true, retryAfterMs: undefined, error } as const
  try {
    const { retryable, retryAfterMs } = error as { retryable?: unknown; retryAfterMs?: unknown }
    return {
      ...told,
      retryable: retryable !== false,
      retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
    }
  } catch {
    return told // null, or an error whose own members throw: it says nothing about trying again
  }
}
