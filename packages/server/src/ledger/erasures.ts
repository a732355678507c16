/** Erasing everywhere: the ledger says it first, then every store forgets. */

import type { WorkerApi } from '../process/worker-call.ts'
import type { IndexerHandlers } from '../search/indexer-worker.ts'
import type { TrailproofError } from '../trailproof-error.ts'
import type { CommitReceipts } from './commit-batch.ts'
import type { IndexRange } from './ledger-store.ts'
import type { LedgerTable } from './ledger-table.ts'
import type { ErasureRequest } from './ledger-writer.ts'
import type { SequencerHandlers } from './sequencer-worker.ts'

export interface ErasureDeps {
  readonly writer: Pick<WorkerApi<SequencerHandlers>, 'recordErasure' | 'destroy' | 'listedErasures'>
  readonly indexer: Pick<WorkerApi<IndexerHandlers>, 'erase'>
  readonly ledgers: LedgerTable
}

export class Erasures {
  readonly #deps: ErasureDeps

  constructor(deps: ErasureDeps) {
    this.#deps = deps
  }

  /**
   * Erases the personal groups of entries. First the erasure is listed beside the lock and committed,
   * then the index forgets while the content can still be read, then the content is destroyed. A crash
   * in between is made good at the next start. Rejects with NOT_ERASABLE or ENTRY_UNKNOWN.
   */
  async erase(request: ErasureRequest): Promise<CommitReceipts> {
    const { erasure, receipts } = await this.#deps.writer.recordErasure(request)
    this.#deps.ledgers.advance(receipts)
    await this.#destroy(request.ledger, erasure.ranges)
    return receipts
  }

  /** At start: erases again what a crash or a restored backup has left or brought back. */
  async repeat(ledger: string): Promise<void> {
    const ranges = (await this.#deps.writer.listedErasures(ledger)).flatMap((erasure) => erasure.ranges)
    if (ranges.length > 0) await this.#destroy(ledger, ranges)
  }

  async #destroy(ledger: string, ranges: readonly IndexRange[]): Promise<void> {
    await this.#deps.indexer.erase(ledger, [...ranges])
    for (let tries = 1; ; tries++)
      try {
        return await this.#deps.writer.destroy(ledger, ranges)
      } catch (error) {
        // A long read holds the WAL; the content is destroyed, only its traces there are not yet.
        if (!(error as TrailproofError).retryable || tries === 5) throw error
      }
  }
}
