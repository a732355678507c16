export { type CheckpointLockDriver, checkpointLockSuite } from './checkpoint-lock.suite.ts'
export { type DirectoryDriver, directorySuite } from './directory.suite.ts'
export { identitiesSuite } from './identities.suite.ts'
export { type IntakeDriver, intakeSuite } from './intake.suite.ts'
export { type KeyRingDriver, keyRingSuite } from './key-ring.suite.ts'
export { type LedgerStoreDriver, ledgerStoreSuite } from './ledger-store.suite.ts'
export {
  type SealedLedgersDriver,
  sealedLedgersSuite,
  type TestKeys,
  testKeys,
} from './sealed-ledgers.suite.ts'
export { type SearchIndexDriver, searchIndexSuite } from './search-index.suite.ts'
