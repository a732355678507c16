/** What the API and the receivers work with; made in `main.ts` and nowhere else. */
import type { Logger } from 'pino'
import type { AccessLog } from './access/access-log.ts'
import type { ApiKeys } from './access/api-keys.ts'
import type { StreamSessions } from './api/stream-sessions.ts'
import type { DirectoryHandlers } from './directory/directory-worker.ts'
import type { Erasures } from './ledger/erasures.ts'
import type { LedgerTable } from './ledger/ledger-table.ts'
import type { ReaderHandlers } from './ledger/reader-worker.ts'
import type { SequencerQueue } from './ledger/sequencer-queue.ts'
import type { SequencerHandlers } from './ledger/sequencer-worker.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Admission } from './process/admission.ts'
import type { WorkerApi } from './process/worker-call.ts'
import type { Quarantine } from './quarantine/quarantine.ts'
import type { IndexerHandlers } from './search/indexer-worker.ts'
import type { SavedSearches } from './search/saved-searches.ts'
import type { SearchHandlers } from './search/search-worker.ts'
import type { Settings } from './settings.ts'

export interface Services {
  readonly settings: Settings
  readonly log: Logger
  readonly version: string
  readonly keys: ApiKeys
  readonly accessLog: AccessLog
  readonly ledgers: LedgerTable
  readonly sequencer: SequencerQueue
  readonly writer: WorkerApi<SequencerHandlers>
  readonly reader: WorkerApi<ReaderHandlers>
  readonly searcher: WorkerApi<SearchHandlers>
  readonly indexer: WorkerApi<IndexerHandlers>
  readonly directory: WorkerApi<DirectoryHandlers>
  readonly quarantine: Quarantine
  readonly saved: SavedSearches
  readonly erasures: Erasures
  readonly admission: Admission
  readonly metrics: Metrics
  readonly tails: StreamSessions
  readonly exports: StreamSessions
  /** Calls waiting at each worker thread, by its name. */
  readonly threads: () => readonly (readonly [string, number])[]
  /** Authenticates cursors; made anew at each first start and kept with the keys. */
  readonly cursorKey: Uint8Array
  /** ms since 1970. */
  readonly now: () => number
}
