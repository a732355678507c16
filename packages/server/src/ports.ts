/** What drivers of ports, their conformance suites and the command line share; not for users of the server. */

export type { Directory, QuarantinedRecord, SavedSearch, StoredKey } from './directory/directory.ts'
export type { CheckpointLock } from './ledger/checkpoint-lock.ts'
export { FileCheckpointLock, readLockFile } from './ledger/file-checkpoint-lock.ts'
export { verifyEd25519 } from './ledger/ledger-checkpoint.ts'
export { LedgerKeys } from './ledger/ledger-keys.ts'
export type {
  LedgerState,
  LedgerStore,
  SealedBatch,
  SealedEntry,
  StoredEntry,
} from './ledger/ledger-store.ts'
export { LedgerWriter } from './ledger/ledger-writer.ts'
export { takeExclusiveUse } from './process/exclusive-use.ts'
export { sha256 } from './process/sha256.ts'
export { Deadline } from './search/deadline.ts'
export type { IndexedEntry, SearchIndex } from './search/search-index.ts'
export { JOINT } from './search/tally-cells.ts'
export { SqliteDirectory } from './store/sqlite/directory.ts'
export { DIRECTORY_FILE, INDEX_FILE, LEDGER_FILE } from './store/sqlite/files.ts'
export { SqliteLedgerReader } from './store/sqlite/ledger-reader.ts'
export { SqliteLedgerStore } from './store/sqlite/ledger-store.ts'
export { SqliteSearchIndex } from './store/sqlite/search/search-index.ts'
