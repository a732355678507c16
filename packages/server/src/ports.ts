/** What drivers of ports, their conformance suites and the command line share; not for users of the server. */

export type { StoredApproval } from './approvals/approval-store.ts'
export type {
  Directory,
  QuarantinedRecord,
  SavedSearch,
  StoredKey,
  StoredRole,
} from './directory/directory.ts'
export type {
  Identities,
  StoredInvitation,
  StoredSession,
  StoredUser,
  UserChange,
} from './directory/identities.ts'
export { concerns, type DataSubject, namer, subjectFilter } from './erasure/data-subject.ts'
export type { StoredHold } from './holds/hold-store.ts'
export { BrokerIntake } from './intake/broker-intake.ts'
export type { Intake } from './intake/intake.ts'
export type { ConsumeOptions, Consumption, Delivery, IntakeBroker } from './intake/intake-broker.ts'
export { IntakeConsumer, type IntakeConsumerDeps } from './intake/intake-consumer.ts'
export { openAwsKmsKeyRing } from './keyring/aws-kms-key-ring.ts'
export { addDataKey, rewrapDataKeys } from './keyring/change-data-keys.ts'
export { type ContentKeys, NO_KEYS } from './keyring/content-keys.ts'
export { type DataKeyFile, ledgersWithDataKeys, readDataKeyFile } from './keyring/data-key-file.ts'
export { DataKeys } from './keyring/data-keys.ts'
export { addMasterKey, createKeyFile, FileKeyRing } from './keyring/file-key-ring.ts'
export type { KeyContext, KeyRing, WrappedKey } from './keyring/key-ring.ts'
export { type EncryptionOptions, openContentKeys } from './keyring/open-content-keys.ts'
export { openKeyRing } from './keyring/open-key-ring.ts'
export { VaultKeyRing } from './keyring/vault-key-ring.ts'
export type { CheckpointLock } from './ledger/checkpoint-lock.ts'
export type { AppendReceipts, CommitBatch, CommitReceipts, PackedRecords } from './ledger/commit-batch.ts'
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
export { SequencerQueue } from './ledger/sequencer-queue.ts'
export { takeExclusiveUse } from './process/exclusive-use.ts'
export { sha256 } from './process/sha256.ts'
export { withoutUser } from './process/without-user.ts'
export { Deadline } from './search/deadline.ts'
export type { IndexedEntry, SearchIndex } from './search/search-index.ts'
export { JOINT } from './search/tally-cells.ts'
export { SqliteDirectory } from './store/sqlite/directory.ts'
export { DIRECTORY_FILE, INDEX_FILE, LEDGER_FILE } from './store/sqlite/files.ts'
export { SqliteLedgerReader } from './store/sqlite/ledger-reader.ts'
export { SqliteLedgerStore } from './store/sqlite/ledger-store.ts'
export { SqliteSearchIndex } from './store/sqlite/search/search-index.ts'
export { TrailproofError } from './trailproof-error.ts'
