/** Ledgers that only count: they give each new id the next index, as a sequencer does, and can be made to fail. */
import {
  type AppendReceipts,
  type CommitBatch,
  type CommitReceipts,
  SequencerQueue,
} from '@trailproof/server/ports'

export class CountedLedgers {
  /** Ids in the order of their indexes, by ledger. */
  readonly entries = new Map<string, string[]>()
  /** Commits that were asked for. */
  commits = 0
  /** Fails the commits for which it returns an error. */
  failing: (commit: number) => Error | undefined = () => undefined

  /** A queue as the sequencer's; after a failure it answers nothing any more. */
  readonly openQueue = (onFatal: (error: Error) => void): SequencerQueue =>
    new SequencerQueue(async (batches) => {
      // As after a turn of the disk.
      await new Promise((resolve) => setImmediate(resolve))
      const error = this.failing(++this.commits)
      if (error !== undefined) throw error
      return batches.map((batch) => this.#commit(batch))
    }, onFatal)

  #commit({ ledger, count, ids }: CommitBatch): CommitReceipts {
    const known = this.entries.get(ledger) ?? []
    this.entries.set(ledger, known)
    const statuses = new Uint8Array(count)
    const indexes = new Float64Array(count)
    for (let i = 0; i < count; i++) {
      const id = Buffer.from(ids.subarray(16 * i, 16 * i + 16)).toString('hex')
      const earlier = known.indexOf(id)
      statuses[i] = earlier < 0 ? 0 : 1
      indexes[i] = earlier < 0 ? known.push(id) - 1 : earlier
    }
    const recordedAt = new Float64Array(count)
    const leafHashes = new Uint8Array(32 * count).fill(known.length % 256)
    return {
      ledger,
      checkpoint: `${ledger} ${known.length}`,
      size: known.length,
      statuses,
      indexes,
      recordedAt,
      leafHashes,
    }
  }
}

/** The index of each record of an answer. */
export function indexesOf({ receipts, offset, count }: AppendReceipts): number[] {
  return [...receipts.indexes.subarray(offset, offset + count)]
}
