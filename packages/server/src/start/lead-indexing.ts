/** Of several servers on one search index, one moves it on; which one, a lease in the directory says. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { WorkerApi } from '../process/worker-call.ts'
import type { IndexerHandlers } from '../search/indexer-worker.ts'
import { holdLease, type Leases } from './lease.ts'

/** Until a directory that could not be asked is asked again. */
const RETRY_MS = 1000

export interface LeadIndexingDeps {
  readonly directory: Leases
  readonly indexer: Pick<WorkerApi<IndexerHandlers>, 'lead'>
  readonly log: Logger
  /** Default 10,000. */
  readonly leaseMs?: number
}

/** Leads whenever it is this server's turn, until it is disposed of. What overlaps for a moment, the index keeps apart. */
export function leadIndexing({ directory, indexer, log, leaseMs }: LeadIndexingDeps): AsyncDisposable {
  const ending = new AbortController()
  const { signal } = ending
  const lead = async (): Promise<void> => {
    const over = Promise.withResolvers<void>()
    const end = () => over.resolve()
    signal.addEventListener('abort', end)
    await using undo = new AsyncDisposableStack()
    undo.defer(() => signal.removeEventListener('abort', end))
    undo.use(
      await holdLease(directory, {
        name: 'indexer',
        log,
        onLost: end,
        signal,
        ...(leaseMs !== undefined && { leaseMs }),
      }),
    )
    undo.defer(() => indexer.lead(false))
    // An index that is silent keeps nobody in a lead that is over.
    await Promise.race([indexer.lead(true), over.promise])
    await over.promise
  }
  const leading = (async () => {
    while (!signal.aborted)
      try {
        await lead()
      } catch (error) {
        if (signal.aborted) return
        log.warn({ err: error }, 'whose turn it is to index could not be asked')
        await pause(RETRY_MS, undefined, { signal }).catch(() => undefined)
      }
  })()
  return {
    async [Symbol.asyncDispose]() {
      ending.abort()
      await leading
    },
  }
}
