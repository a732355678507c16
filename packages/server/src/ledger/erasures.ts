/** Erasing everywhere: the ledger says it first, then every store forgets. */

import type { ErasureGate } from '../cache/erasure-gate.ts'
import type { WorkerApi } from '../process/worker-call.ts'
import type { IndexerHandlers } from '../search/indexer-worker.ts'
import type { ErrorCode, TrailproofError } from '../trailproof-error.ts'
import type { CommitReceipts } from './commit-batch.ts'
import { slicesOf } from './index-ranges.ts'
import type { DeletionRequest, LedgerDeletion } from './ledger-deletion.ts'
import type { ErasedRange } from './ledger-store.ts'
import type { LedgerTable } from './ledger-table.ts'
import type { ErasureRequest } from './ledger-writer.ts'
import type { SequencerHandlers } from './sequencer-worker.ts'

export interface ErasureDeps {
  readonly writer: Pick<
    WorkerApi<SequencerHandlers>,
    'recordErasure' | 'deleteLedger' | 'destroy' | 'listedErasures'
  >
  readonly indexer: Pick<WorkerApi<IndexerHandlers>, 'erase' | 'eraseAgain'>
  readonly ledgers: LedgerTable
  readonly gate: Pick<ErasureGate, 'erasing'>
}

/** Entries whose content is destroyed in one go, in which nothing is committed. */
const ENTRIES_A_TURN = 65_536
const OF_KEYS: ReadonlySet<ErrorCode> = new Set(['KEY_MISSING', 'KEY_RING_UNAVAILABLE'])

export class Erasures {
  readonly #deps: ErasureDeps

  constructor(deps: ErasureDeps) {
    this.#deps = deps
  }

  /**
   * Erases the personal groups of entries, or both. First the erasure is listed beside the lock and committed,
   * then the index forgets while the content can still be read, then the content is destroyed, and
   * what was counted before is forgotten. A crash in between is made good at the next start. Rejects with NOT_ERASABLE or ENTRY_UNKNOWN.
   */
  async erase(request: ErasureRequest): Promise<CommitReceipts> {
    const { erasure, receipts } = await this.#deps.writer.recordErasure(request)
    this.#deps.ledgers.advance(receipts)
    await this.#eraseFrom(request.ledger, erasure.ranges)
    return receipts
  }

  /**
   * Erases all that a ledger holds but its own records, and closes it for ever: what is sent to it meanwhile is in it before and erased
   * with it, or refused. Once more, it destroys what may be left. Rejects with HOLD_BEGAN.
   */
  async deleteLedger(request: DeletionRequest): Promise<LedgerDeletion> {
    const deletion = await this.#deps.writer.deleteLedger(request)
    this.#deps.ledgers.advance(deletion)
    this.#deps.ledgers.end(request.ledger, { kind: 'deleted' })
    await this.#eraseFrom(request.ledger, deletion.ranges)
    return deletion
  }

  /** At start: erases again what a crash or a restored backup has left or brought back. */
  async repeat(ledger: string): Promise<void> {
    const ranges = (await this.#deps.writer.listedErasures(ledger)).flatMap((erasure) => erasure.ranges)
    if (ranges.length === 0) return
    try {
      await this.#eraseFrom(ledger, ranges)
    } catch (error) {
      // A ledger whose keys cannot be had is read by nobody; the next start that has them erases again.
      if (!OF_KEYS.has((error as TrailproofError).code)) throw error
    }
  }

  #eraseFrom(ledger: string, ranges: readonly ErasedRange[]): Promise<void> {
    return this.#deps.gate.erasing(ledger, () => this.#destroy(ledger, ranges))
  }

  async #destroy(ledger: string, ranges: readonly ErasedRange[]): Promise<void> {
    for (let tries = 1; ; tries++)
      try {
        await this.#deps.indexer.erase(ledger, [...ranges])
        // Records of other ledgers are committed in between.
        for (const some of slicesOf(ranges, ENTRIES_A_TURN)) await this.#deps.writer.destroy(ledger, some)
        return await this.#deps.indexer.eraseAgain(ledger, [...ranges])
      } catch (error) {
        // A long read holds what was there; the content is destroyed, only its traces are not yet.
        if (!(error as TrailproofError).retryable || tries === 5) throw error
      }
  }
}
