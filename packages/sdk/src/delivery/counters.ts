/**
 * What became of all records so far. Always holds: given + replayed = written + dropped + waitingRecords + what waits in the
 * spool of ours (for `replayed`: as soon as they are settled).
 */
import type { DropReason } from '../recorder/diagnostics.ts'

export interface DeliveryCounters {
  /** Handed to delivery, in any mode, and records of gaps. */
  readonly given: number
  /** Taken by the sink. */
  readonly written: number
  /** Of `written`: the ledger had them already, because an earlier answer was lost. */
  readonly duplicates: number
  /** Settled records that ended processes had left in the spool. */
  readonly replayed: number
  /** Times a record came to the disk; it was sent from there or still waits. */
  readonly spooled: number
  /** Writes that were tried again. */
  readonly retries: number
  /** Lost, and why. */
  readonly dropped: Readonly<Record<DropReason, number>>
  /** In memory, neither settled nor on disk. */
  readonly waitingRecords: number
  readonly waitingBytes: number
}
