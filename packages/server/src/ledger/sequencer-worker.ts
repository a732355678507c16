/** The sequencer's thread: opens the store, the lock and the keys, and serves commits one at a time. */
import { parentPort, workerData } from 'node:worker_threads'
import { serveCalls, Transfer } from '../process/worker-call.ts'
import { type ErrorCode, TrailproofError } from '../trailproof-error.ts'
import type { CommitBatch, CommitReceipts } from './commit-batch.ts'
import type { ManifestClaims } from './export-signer.ts'
import type { DeletionRequest } from './ledger-deletion.ts'
import type { ErasedRange } from './ledger-store.ts'
import {
  type ErasureRequest,
  type HoldRequest,
  LedgerWriter,
  type LedgerWriterOptions,
} from './ledger-writer.ts'
import { Leftover } from './leftover.ts'

const options = workerData as LedgerWriterOptions
const opening = LedgerWriter.open(options)
// Whoever calls first is told why it failed.
opening.catch(() => undefined)

/** One after the other, whatever the driver: a commit must find the ledger as the last one left it. */
let last: Promise<unknown> = Promise.resolve()
function inTurn<T>(work: (writer: LedgerWriter) => Promise<T>): Promise<T> {
  const result = last.then(async () => work(await opening))
  // The caller sees the error; the chain only needs to know that the work is over.
  last = result.catch(() => undefined)
  return result
}

/** Why a commit failed: what is in memory may not be what is stored, until `reopen`. */
let failure: Error | undefined

/**
 * What changes a ledger outside of the queue. After an error that nobody foresaw, or a commit of unknown outcome,
 * what is in memory may not be what is stored: the caller is told. What a database holds is read anew before the next
 * commit; on a disk, this thread ends, and the process with it.
 */
function changeInTurn<T>(work: (writer: LedgerWriter) => Promise<T>): Promise<T> {
  return inTurn(work).catch((error: unknown) => {
    if (!(error instanceof TrailproofError) || DOUBTFUL.has(error.code)) {
      if ((options.database ?? '') === '')
        setImmediate(() => {
          throw error
        })
      else failure = error as Error
    }
    throw error
  })
}

const DOUBTFUL: ReadonlySet<ErrorCode> = new Set(['OUTCOME_UNKNOWN', 'HEAD_MOVED', 'DATA_DAMAGED'])

const handlers = {
  ledgers: () => inTurn((writer) => writer.ledgers()),
  commit: (batches: CommitBatch[]) =>
    inTurn(async (writer) => {
      if (failure) throw new TrailproofError('STORE_UNAVAILABLE', failure.message, { retryable: true })
      try {
        const receipts = await writer.commit(batches)
        return new Transfer(receipts, receipts.flatMap(receiptBuffers))
      } catch (error) {
        failure = error as Error
        throw error
      }
    }),
  /** What may be written of a ledger here and now; see `LedgerWriter.own`. */
  own: (ledger: string) => inTurn((writer) => writer.own(ledger)),
  /** Forgets what is in memory of the ledgers and reads it anew. */
  reopen: () =>
    inTurn(async (writer) => {
      await writer.reopen()
      failure = undefined
    }),
  createLedger: (name: string) => changeInTurn((writer) => writer.createLedger(name)),
  recordErasure: (request: ErasureRequest) => changeInTurn((writer) => writer.recordErasure(request)),
  /** What is there is looked through between commits; the last turn takes what came meanwhile. See `LedgerWriter.deleteLedger`. */
  async deleteLedger(request: DeletionRequest) {
    const leftover = new Leftover(request.ledger)
    while (await inTurn((writer) => writer.lookOn(leftover)));
    return await changeInTurn((writer) => writer.deleteLedger(request, leftover))
  },
  recordHold: (request: HoldRequest) => changeInTurn((writer) => writer.recordHold(request)),
  destroy: (ledger: string, ranges: readonly ErasedRange[]) =>
    changeInTurn((writer) => writer.destroy(ledger, ranges)),
  /** The signed checkpoint of a ledger's first `size` entries. */
  exportCheckpoint: (ledger: string, size: number) =>
    inTurn(async (writer) => (await writer.exportSigner(ledger)).checkpoint(size)),
  exportManifest: (ledger: string, checkpoint: string, claims: ManifestClaims) =>
    inTurn(async (writer) => (await writer.exportSigner(ledger)).manifest(checkpoint, claims)),
  listedErasures: (ledger: string) => inTurn(async (writer) => writer.listedErasures(ledger)),
  bytes: () => inTurn((writer) => writer.bytes()),
  /** Closes what was opened; an opening that failed was told already. */
  close: () =>
    inTurn((writer) => writer.close()).catch((error: unknown) =>
      opening.then(
        () => Promise.reject(error),
        () => undefined,
      ),
    ),
}

export type SequencerHandlers = typeof handlers

serveCalls(parentPort!, handlers)

function receiptBuffers({ statuses, indexes, recordedAt, leafHashes }: CommitReceipts): ArrayBuffer[] {
  return [statuses, indexes, recordedAt, leafHashes].map(({ buffer }) => buffer as ArrayBuffer)
}
