export { type CheckpointLockDriver, checkpointLockSuite } from './checkpoint-lock.suite.ts'
export { type DirectoryDriver, directorySuite } from './directory.suite.ts'
export { type LedgerStoreDriver, ledgerStoreSuite } from './ledger-store.suite.ts'
export { type SearchIndexDriver, searchIndexSuite } from './search-index.suite.ts'
