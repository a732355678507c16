/** Where records go. All sinks keep this contract; delivery alone decides about queues, retries and drops. */
import type { SealedRecord } from '../delivery/sealed-record.ts'

/** What the ledger answered about one record (spec/ledger.md, "Receipts"). */
export interface Receipt {
  readonly id: string
  readonly ledger: string
  readonly index: number
  /** Hex. */
  readonly leafHash: string
  readonly recordedAt: string
  readonly status: 'recorded' | 'duplicate'
  /** C2SP signed note that covers the entry. */
  readonly checkpoint: string
  /** The receipt as the server wrote it, with inclusion path when it was asked for: verifies offline. */
  readonly evidence: string
}

/** What became of one record. */
export type Delivered =
  | { readonly kind: 'written'; readonly receipt?: Receipt }
  /** It will never be taken as it is; trying again is no use. */
  | { readonly kind: 'refused'; readonly status: 'quarantined' | 'conflict' | 'refused'; readonly reason: string }

export interface Sink {
  readonly name: string
  /**
   * Takes a batch, in order; resolves with the fate of each once the sink has it as safe as it can make it. Called
   * again only after it has settled. Rejects with a `SinkError` when none of the batch is known to be taken; it does
   * not retry by itself.
   */
  write(batch: readonly SealedRecord[], signal: AbortSignal): Promise<readonly Delivered[]>
  /** Takes what is left when the process exits and nothing asynchronous runs any more. Absent: what is left is spooled or counted as lost. */
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
