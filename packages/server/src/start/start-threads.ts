/** The threads of the server: everything that waits for a disk or a database does so away from the thread that takes requests. */
import type { Logger } from 'pino'
import type { DirectoryHandlers } from '../directory/directory-worker.ts'
import type { LedgerWriterOptions } from '../ledger/ledger-writer.ts'
import type { ReaderHandlers } from '../ledger/reader-worker.ts'
import type { SequencerHandlers } from '../ledger/sequencer-worker.ts'
import { absentWorker } from '../process/absent-worker.ts'
import { type Handlers, startWorker, type WorkerHandle } from '../process/worker-call.ts'
import { holdsKeys, opensIndex, rolesOf } from '../roles.ts'
import type { IndexerHandlers, IndexerOptions } from '../search/indexer-worker.ts'
import type { SearchHandlers } from '../search/search-worker.ts'
import { encryptionOf, type Settings, sharesIndex, sharesLedgers } from '../settings.ts'
import type { Storage } from '../store/storage.ts'
import { holdLease } from './lease.ts'

export interface Threads {
  readonly writer: WorkerHandle<SequencerHandlers>
  readonly indexer: WorkerHandle<IndexerHandlers>
  readonly reader: WorkerHandle<ReaderHandlers>
  readonly searcher: WorkerHandle<SearchHandlers>
  readonly directory: WorkerHandle<DirectoryHandlers>
}

/**
 * The writer before indexer and reader: it makes the ledger's file that they open. Closed in the other order. Where other servers
 * may write the same ledgers, resolves only once it is this one's turn. What the roles of this server leave out is absent.
 */
export async function startThreads(
  settings: Settings,
  log: Logger,
  undo: AsyncDisposableStack,
  onFatal: (error: Error) => void,
): Promise<Threads> {
  const roles = rolesOf(settings)
  const { data, database, search_index: searchIndex, gap_quiet_seconds } = settings
  const storage: Storage = { data, database, searchIndex, encryption: encryptionOf(settings) }
  const start = <H extends Handlers>(name: string, workerData: object): WorkerHandle<H> => {
    const thread = startWorker<H>(import.meta.url, name, workerData)
    undo.defer(() => thread.close())
    return thread
  }
  const directory = start<DirectoryHandlers>('../directory/directory-worker', storage)
  if (database !== '' && !sharesLedgers(settings))
    undo.use(await holdLease(directory.call, { name: 'sequencer', log, onLost: onFatal }))

  let writer = absentWorker<SequencerHandlers>('sequencer')
  if (holdsKeys(roles)) {
    writer = start<SequencerHandlers>('../ledger/sequencer-worker', writerOptions(settings, storage))
    await writer.call.ledgers()
  }
  let indexer = absentWorker<IndexerHandlers>('indexer')
  if (opensIndex(roles)) {
    indexer = start<IndexerHandlers>('../search/indexer-worker', {
      ...storage,
      gapQuietMs: gap_quiet_seconds * 1000,
      sharesIndex: sharesIndex(settings),
    } satisfies IndexerOptions)
    await indexer.call.cursor('main')
  }
  const reader = start<ReaderHandlers>('../ledger/reader-worker', storage)
  const searcher = opensIndex(roles)
    ? start<SearchHandlers>('../search/search-worker', storage)
    : absentWorker<SearchHandlers>('searcher')
  // What goes wrong before this is told to whoever starts the server.
  for (const thread of [writer, directory, indexer, reader, searcher]) thread.onDeath(onFatal)
  return { writer, indexer, reader, searcher, directory }
}

function writerOptions(settings: Settings, storage: Storage): LedgerWriterOptions {
  const { keys, origin, lock_database: lockDatabase } = settings
  return {
    ...storage,
    keys,
    lockDatabase,
    ...(origin !== '' && { originPrefix: origin }),
    sharesLedgers: sharesLedgers(settings),
  }
}
