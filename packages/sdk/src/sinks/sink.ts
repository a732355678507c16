/** Where records go. All sinks keep this contract; delivery alone decides about queues, retries and drops. */
import type { SealedRecord } from '../delivery/sealed-record.ts'

/** What the ledger answered about one record (spec/ledger.md, "Receipts"). */
export interface Receipt {
  readonly id: string
  readonly ledger: string
  readonly index: number
  /** Base64, as the server writes it. */
  readonly leafHash: string
  readonly recordedAt: string
  readonly status: 'recorded' | 'duplicate'
  /** C2SP signed note that covers the entry. */
  readonly checkpoint: string
  /**
   * The receipt as the server wrote it, with its checkpoint: one line of JSON, as `trailproof verify` reads it. With leaf
   * and inclusion path when they were asked for: then it verifies offline.
   */
  readonly evidence: string
}

/** What became of one record. */
export type Delivered =
  | { readonly kind: 'written'; readonly receipt?: Receipt }
  /** It will never be taken as it is; trying again is no use. */
  | {
      readonly kind: 'refused'
      readonly status: 'quarantined' | 'conflict' | 'refused'
      readonly reason: string
    }

/** What the caller would like to have, where the sink can give it. */
export interface WriteWish {
  /** Receipts that verify by themselves: with leaf and inclusion path. */
  readonly proofs: boolean
}

export interface Sink {
  readonly name: string
  /**
   * Takes a batch, in order; resolves with the fate of each once the sink has it as safe as it can make it. Fewer fates
   * than records: those are settled, and the others were not taken and come again. Rejects with a `SinkError` when none of
   * the batch is known to be taken. It does not retry by itself.
   *
   * Two calls may be under way at once, and no more: records whose request waits (`ack`) do not queue behind the others.
   * A call that is overdue is aborted, and settles then unless it can be neither withdrawn nor repeated.
   */
  write(batch: readonly SealedRecord[], signal: AbortSignal, wish?: WriteWish): Promise<readonly Delivered[]>
  /**
   * Takes what is left, which may be nothing, when the process exits and nothing asynchronous runs any more. Records of a
   * write that has not settled are among them. Throws when it cannot. Absent: what is left is spooled or counted as lost.
   */
  writeSync?(batch: readonly SealedRecord[]): void
  /** Gives back what the sink holds. `write` is not called afterwards. */
  close(): Promise<void>
}

/** Why a whole batch was not taken. */
export class SinkError extends Error {
  override readonly name = 'SinkError'
  /** Whether the same batch may be taken later: outage, overload, full disk. */
  readonly retryable: boolean
  /** How long the other side asked to be left alone. */
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    { retryable, retryAfterMs, cause }: { retryable: boolean; retryAfterMs?: number; cause?: unknown },
  ) {
    super(message, { cause })
    this.retryable = retryable
    this.retryAfterMs = retryAfterMs
  }
}
