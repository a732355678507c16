import type { ContentKeys } from '@trailproof/server/ports'
import {
  openPostgresCheckpointLock,
  openPostgresDirectory,
  openPostgresLedgerStore,
  openPostgresSearchIndex,
  type PostgresLedgerStore,
} from '@trailproof/server/postgres'
import { onEachPostgres, type TestedPostgres } from '../../../test/support/each-postgres.ts'
import { migrated } from '../../../test/support/migrated-database.ts'
import { tablesOf } from '../../../test/support/stored-bytes.ts'
import { checkpointLockSuite } from './checkpoint-lock.suite.ts'
import { directorySuite } from './directory.suite.ts'
import { identitiesSuite } from './identities.suite.ts'
import { ledgerStoreSuite } from './ledger-store.suite.ts'
import { sealedLedgersSuite } from './sealed-ledgers.suite.ts'
import { searchIndexSuite } from './search-index.suite.ts'

/** A driver on a new database for each `open`. */
function onDatabase<T, Given = undefined>(
  postgres: TestedPostgres,
  create: (url: string, given?: Given) => Promise<T>,
) {
  let url = ''
  return {
    name: postgres.name,
    async open(given?: Given): Promise<T> {
      url = await migrated(await postgres.database())
      return await create(url, given)
    },
    reopen: async (given?: Given): Promise<T> => await create(url, given),
    /** Of the tables, not of the WAL: what that keeps is said in docs/operations/postgresql.md. */
    async storedBytes(): Promise<Buffer> {
      return tablesOf(postgres.server(), url)
    },
  }
}

/** Stands for a signature: the size counts only when the text is whole. */
const sizeOf = (_: string, text: string): number | undefined => {
  const [, size] = /^checkpoint (\d+) signed$/.exec(text) ?? []
  return size === undefined ? undefined : Number(size)
}

onEachPostgres((postgres) => {
  ledgerStoreSuite(onDatabase(postgres, (url) => openPostgresLedgerStore(url)))
  sealedLedgersSuite(
    onDatabase<PostgresLedgerStore, ContentKeys>(postgres, (url, contentKeys) =>
      openPostgresLedgerStore({ url, ...(contentKeys && { contentKeys }) }),
    ),
  )
  directorySuite(onDatabase(postgres, (url) => openPostgresDirectory(url)))
  identitiesSuite(onDatabase(postgres, (url) => openPostgresDirectory(url)))
  searchIndexSuite(onDatabase(postgres, (url) => openPostgresSearchIndex(url)))
  // With so few shapes told apart, most entries are of the others; most searches look terms up, in several partitions.
  searchIndexSuite({
    ...onDatabase(postgres, (url) =>
      openPostgresSearchIndex({ url, shapesMax: 3, partitionEntries: 8, firstSliceEntries: 1 }),
    ),
    name: `${postgres.name}, 3 shapes, partitions of 8`,
  })
  searchIndexSuite({
    ...onDatabase(postgres, (url) => openPostgresSearchIndex({ url, firstSliceEntries: 1 })),
    name: `${postgres.name}, looking terms up at once`,
  })
  checkpointLockSuite({
    ...onDatabase(postgres, (url) => openPostgresCheckpointLock(url, sizeOf)),
    checkpoint: (size) => `checkpoint ${size} signed`,
  })
})
