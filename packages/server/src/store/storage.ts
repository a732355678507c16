/** Which driver of each port the settings ask for; the PostgreSQL client is loaded where it is used, and nowhere else. */
import { join } from 'node:path'
import type { Directory } from '../directory/directory.ts'
import { sealedDirectory } from '../directory/sealed-directory.ts'
import { type EncryptionOptions, openContentKeys } from '../keyring/open-content-keys.ts'
import type { CheckpointLock } from '../ledger/checkpoint-lock.ts'
import { type CheckpointSize, FileCheckpointLock } from '../ledger/file-checkpoint-lock.ts'
import type { LedgerReader, LedgerStore } from '../ledger/ledger-store.ts'
import { BlindSearchIndex } from '../search/blind-search-index.ts'
import type { SearchIndex } from '../search/search-index.ts'
import { openDerived } from './sqlite/derived-file.ts'
import { SqliteDirectory } from './sqlite/directory.ts'
import { DIRECTORY_FILE, INDEX_FILE, LEDGER_FILE } from './sqlite/files.ts'
import { SqliteLedgerReader } from './sqlite/ledger-reader.ts'
import { SqliteLedgerStore } from './sqlite/ledger-store.ts'
import { SqliteSearchIndex } from './sqlite/search/search-index.ts'

/** As threads are told; every one of them opens what it needs. */
export interface Storage {
  /** Directory of SQLite's files, and of an index that is kept beside this process. */
  readonly data: string
  /** URL of the PostgreSQL that keeps ledgers and directory; '': SQLite in `data`. */
  readonly database?: string
  /** URL of the PostgreSQL or OpenSearch that keeps the search index; '': SQLite in `data`. */
  readonly searchIndex?: string
  /** What content is encrypted with; undefined: it is in clear, and so is what is read. */
  readonly encryption?: EncryptionOptions
}

export interface LockStorage {
  /** Directory of signing keys, and of the locks where no database keeps them. */
  readonly keys: string
  /** URL of the PostgreSQL that keeps the locks; '': files in `keys`. */
  readonly lockDatabase?: string
}

export async function openLedgerStore({ data, database = '', encryption }: Storage): Promise<LedgerStore> {
  const contentKeys = await openContentKeys(encryption)
  if (database === '') return SqliteLedgerStore.create(join(data, LEDGER_FILE), contentKeys)
  const { openPostgresLedgerStore } = await import('./postgres/ledger-store.ts')
  // Said once, by the one thread that writes: what it says of the database holds for the others too.
  return openPostgresLedgerStore({
    url: database,
    contentKeys,
    onWarning: (message) => process.emitWarning(message, 'PostgreSQLWarning'),
  })
}

export async function openLedgerReader({
  data,
  database = '',
  encryption,
}: Storage): Promise<LedgerReader & AsyncDisposable> {
  const contentKeys = await openContentKeys(encryption)
  if (database === '') return SqliteLedgerReader.open(join(data, LEDGER_FILE), contentKeys)
  const { openPostgresLedgerReader } = await import('./postgres/ledger-store.ts')
  return openPostgresLedgerReader({ url: database, contentKeys })
}

export async function openCheckpointLock(
  { keys, lockDatabase = '' }: LockStorage,
  sizeOf: CheckpointSize,
): Promise<CheckpointLock> {
  if (lockDatabase === '') return new FileCheckpointLock(keys, sizeOf)
  const { openPostgresCheckpointLock } = await import('./postgres/checkpoint-lock.ts')
  return openPostgresCheckpointLock(lockDatabase, sizeOf)
}

/** Quarantined records are sealed where there is a master key. */
export async function openDirectory(storage: Storage): Promise<Directory> {
  const directory = await openPlainDirectory(storage)
  if (!isEncrypted(storage)) return directory
  return sealedDirectory(directory, await openContentKeys(storage.encryption))
}

function isEncrypted({ encryption }: Storage): boolean {
  return encryption !== undefined && encryption.masterKey !== ''
}

async function openPlainDirectory({ data, database = '' }: Storage): Promise<Directory> {
  if (database === '') return SqliteDirectory.create(join(data, DIRECTORY_FILE))
  const { openPostgresDirectory } = await import('./postgres/directory.ts')
  return openPostgresDirectory(database)
}

/** For indexing. Told of `onBroken`: the file of a local index could not be read, and is made again. */
export async function openSearchIndex(
  storage: Storage,
  onBroken: (error: Error) => void,
): Promise<SearchIndex> {
  const { data, searchIndex = '' } = storage
  const index =
    searchIndex === ''
      ? openDerived(join(data, INDEX_FILE), (path) => SqliteSearchIndex.create(path), onBroken)
      : await openSharedIndex(searchIndex)
  return blindWhereEncrypted(index, storage, true)
}

/** For searching, once it is there. */
export async function openSearchIndexReader(storage: Storage): Promise<SearchIndex> {
  const { data, searchIndex = '' } = storage
  const index =
    searchIndex === ''
      ? SqliteSearchIndex.openReadOnly(join(data, INDEX_FILE))
      : await openSharedIndex(searchIndex)
  return blindWhereEncrypted(index, storage, false)
}

async function blindWhereEncrypted(
  index: SearchIndex,
  storage: Storage,
  indexes: boolean,
): Promise<SearchIndex> {
  if (!isEncrypted(storage)) return index
  return new BlindSearchIndex(index, { keys: await openContentKeys(storage.encryption), indexes })
}

async function openSharedIndex(url: string): Promise<SearchIndex> {
  if (/^opensearchs?:/.test(url)) {
    const { openOpenSearchIndex } = await import('./opensearch/search-index.ts')
    return openOpenSearchIndex({ url })
  }
  const { openPostgresSearchIndex } = await import('./postgres/search/search-index.ts')
  return openPostgresSearchIndex(url)
}
