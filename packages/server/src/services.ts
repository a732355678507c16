/** What the API and the receivers work with; made in `main.ts` and nowhere else. */
import type { Logger } from 'pino'
import type { AccessLog } from './access/access-log.ts'
import type { ApiKeys } from './access/api-keys.ts'
import type { Callers } from './access/callers.ts'
import type { Denials } from './access/denials.ts'
import type { RoleBook } from './access/role-book.ts'
import type { ViewerTokens } from './access/viewer-tokens.ts'
import type { ClientCertificates } from './api/client-certificates.ts'
import type { Site } from './api/site.ts'
import type { StreamSessions } from './api/stream-sessions.ts'
import type { Approvals } from './approvals/approvals.ts'
import type { ErasureGate } from './cache/erasure-gate.ts'
import type { DirectoryHandlers } from './directory/directory-worker.ts'
import type { Holds } from './holds/holds.ts'
import type { Invitations } from './identity/invitations.ts'
import type { OpenId } from './identity/open-id.ts'
import type { People } from './identity/people.ts'
import type { Intake } from './intake/intake.ts'
import type { Erasures } from './ledger/erasures.ts'
import type { LedgerInfo } from './ledger/ledger-info.ts'
import type { LedgerTable } from './ledger/ledger-table.ts'
import type { ReaderHandlers } from './ledger/reader-worker.ts'
import type { SequencerHandlers } from './ledger/sequencer-worker.ts'
import type { Limits } from './limits/limits.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Admission } from './process/admission.ts'
import type { WorkerApi } from './process/worker-call.ts'
import type { Quarantine } from './quarantine/quarantine.ts'
import type { Retention } from './retention/retention.ts'
import type { Roles } from './roles.ts'
import type { IndexerHandlers } from './search/indexer-worker.ts'
import type { SavedSearches } from './search/saved-searches.ts'
import type { SearchHandlers } from './search/search-worker.ts'
import type { Settings } from './settings.ts'

export interface Services {
  readonly settings: Settings
  readonly roles: Roles
  readonly log: Logger
  readonly version: string
  readonly callers: Callers
  readonly keys: ApiKeys
  readonly viewers: ViewerTokens
  readonly people: People
  readonly invitations: Invitations
  /** Undefined: no identity provider is set. */
  readonly openId: OpenId | undefined
  readonly site: Site
  readonly clientCertificates: ClientCertificates
  readonly roleBook: RoleBook
  readonly accessLog: AccessLog
  readonly denials: Denials
  readonly ledgers: LedgerTable
  /** As they are stored now, by whichever thread of this server may know. */
  readonly storedLedgers: () => Promise<readonly LedgerInfo[]>
  readonly sequencer: Intake
  readonly writer: WorkerApi<SequencerHandlers>
  readonly reader: WorkerApi<ReaderHandlers>
  readonly searcher: WorkerApi<SearchHandlers>
  readonly indexer: WorkerApi<IndexerHandlers>
  readonly directory: WorkerApi<DirectoryHandlers>
  readonly quarantine: Quarantine
  readonly saved: SavedSearches
  readonly erasures: Erasures
  readonly approvals: Approvals
  readonly holds: Holds
  readonly retention: Retention
  readonly erasureGate: ErasureGate
  readonly admission: Admission
  readonly limits: Limits
  readonly metrics: Metrics
  readonly tails: StreamSessions
  readonly exports: StreamSessions
  /** What cannot be reached now: `database`, `intake`, `search_index`. Empty when all of it can. */
  readonly unreachable: () => Promise<readonly string[]>
  /** Messages that wait at the broker for a sequencer; undefined without a broker, and while it cannot be asked. */
  readonly intakeLag: () => Promise<number | undefined>
  /** Calls waiting at each worker thread, by its name. */
  readonly threads: () => readonly (readonly [string, number])[]
  /** Authenticates cursors; made anew at each first start and kept with the keys. */
  readonly cursorKey: Uint8Array
  /** ms since 1970. */
  readonly now: () => number
}
