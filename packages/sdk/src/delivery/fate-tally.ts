/** Counts what became of records that a sink has answered for. */
import type { Delivered } from '../sinks/sink.ts'
import type { DropTally } from './drop-tally.ts'
import type { SealedRecord } from './sealed-record.ts'

/** Where a record came from, as far as a gap in its place would be told. */
export interface Origin {
  /** Its number is one of our own stream. */
  readonly own: boolean
  /** It tells of a gap itself. */
  readonly isNotice: boolean
}

export class FateTally {
  /** Taken by the sink. */
  written = 0
  /** Of those: the ledger had them already. */
  duplicates = 0
  /** Settled, whatever became of them, that ended processes had left in the spool. */
  replayed = 0
  readonly #drops: DropTally

  constructor(drops: DropTally) {
    this.#drops = drops
  }

  settle({ seq }: SealedRecord, fate: Delivered, { own, isNotice }: Origin): void {
    if (!own) this.replayed++
    if (fate.kind === 'refused') {
      const error = new Error(`${fate.status}: ${fate.reason}`)
      this.#drops.drop('refused', own ? seq : undefined, error, { noted: !isNotice })
      return
    }
    this.written++
    if (fate.receipt?.status === 'duplicate') this.duplicates++
  }

  /** The sink failed for good. */
  drop({ seq }: SealedRecord, error: unknown, { own, isNotice }: Origin): void {
    if (!own) this.replayed++
    this.#drops.drop('sink_failed', own ? seq : undefined, error, { noted: !isNotice })
  }

  /** Lines of the spool that nobody can read any more. */
  damaged(records: number, own: boolean): void {
    if (!own) this.replayed += records
    for (let n = 0; n < records; n++) this.#drops.drop('spool_damaged', undefined)
  }
}
