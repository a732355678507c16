/** A durable, bounded, ordered queue in files, as delivery uses it. */
import type { Bounds } from '../memory-queue.ts'
import type { SealedRecord } from '../sealed-record.ts'

/** Why the spool did not take a record. */
export class SpoolError extends Error {
  override readonly name = 'SpoolError'
  readonly reason: 'spool_full' | 'spool_failed'

  constructor(reason: SpoolError['reason'], message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.reason = reason
  }
}

export interface SpoolBatch {
  readonly records: readonly SealedRecord[]
  /** Whether they are of this process; else they were left by one that has ended. */
  readonly own: boolean
  /** Lines before them that cannot be read any more. They are let go of already. */
  readonly damaged: number
}

export interface Spool {
  /** Resolves once it is known what was left there; never rejects. */
  opened(): Promise<void>
  /** Records that wait to be sent, and their bytes on disk; those that others left included, once they are found. */
  readonly waitingRecords: number
  readonly waitingBytes: number
  /** At or before the number of the oldest record; -Infinity when it is another process's. Undefined: nothing waits. */
  readonly head: number | undefined
  /** On the clock's `elapsed`: since when the oldest waits. */
  readonly oldestSince: number | undefined
  /** Resolves when the system has it; rejects with a SpoolError. */
  append(record: SealedRecord): Promise<void>
  /** The same without waiting, for the exit of the process; throws a SpoolError when none of it was taken. */
  appendSync(records: readonly SealedRecord[]): void
  /** The oldest records, of one process; none when nothing waits. They stay until they are settled. */
  oldest(bounds: Bounds): Promise<SpoolBatch>
  /**
   * Lets go of the first `count` of the batch that `oldest` gave last. Never rejects: what cannot be noted on the disk is
   * sent again by the next process, under the same ids.
   */
  settle(count: number): Promise<void>
  /** Resolves when all that waits now has been settled. */
  settledAll(): Promise<void>
  /** What waits stays for the next process. */
  close(): Promise<void>
}
