/** The drivers on PostgreSQL. Apart from the other drivers, as it loads the client. */

export { openPostgresCheckpointLock, type PostgresCheckpointLock } from './store/postgres/checkpoint-lock.ts'
export { openPostgresDirectory, type PostgresDirectory } from './store/postgres/directory.ts'
export type { PostgresLedgerReader } from './store/postgres/ledger-reader.ts'
export {
  type LedgerStoreOptions,
  openPostgresLedgerReader,
  openPostgresLedgerStore,
  type PostgresLedgerStore,
} from './store/postgres/ledger-store.ts'
export type { PostgresOptions } from './store/postgres/postgres-options.ts'
export {
  openPostgresSearchIndex,
  type PostgresSearchIndex,
  type SearchIndexOptions,
} from './store/postgres/search/search-index.ts'
