/** The port that takes accepted records to the sequencer of their ledger, and brings the receipts back. */
import type { AppendReceipts, PackedRecords } from '../ledger/commit-batch.ts'

/** Drivers: `SequencerQueue` within one process, `BrokerIntake` through Kafka or Redis Streams. */
export interface Intake {
  /**
   * Resolves when the records are committed and locked. Rejects with a retryable error when they were not taken, or when no answer
   * came in time: then they may be recorded all the same, and sent again they are found as duplicates.
   */
  append(ledger: string, records: PackedRecords): Promise<AppendReceipts>
  /**
   * Resolves when a broker holds the records as safely as it promises; what becomes of them is told to nobody. Rejects as `append`
   * does. Undefined where nothing lies between receivers and sequencer.
   */
  readonly enqueue?: (ledger: string, records: PackedRecords) => Promise<void>
  /** Records that were taken and are not answered. */
  readonly waitingRecords: number
  /** Bytes of content of those. */
  readonly waitingBytes: number
  /** Answers what was taken, then refuses what comes. */
  drain(): Promise<void>
}
