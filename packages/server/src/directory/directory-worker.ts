/** The directory's thread: its commits wait for the disk, requests do not. */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { serveCalls } from '../process/worker-call.ts'
import { SqliteDirectory } from '../store/sqlite/directory.ts'
import { DIRECTORY_FILE } from '../store/sqlite/files.ts'
import type { QuarantinedRecord, SavedSearch, StoredKey } from './directory.ts'

const { data } = workerData as { data: string }
const directory = SqliteDirectory.create(join(data, DIRECTORY_FILE))

const handlers = {
  keys: () => directory.keys(),
  addKey: (key: StoredKey) => directory.addKey(key),
  revokeKey: (prefix: string, at: number) => directory.revokeKey(prefix, at),
  quarantine: (records: readonly QuarantinedRecord[], max: number) => directory.quarantine(records, max),
  quarantined: (ledger: string, after: string | undefined, limit: number) =>
    directory.quarantined(ledger, after, limit),
  quarantinedRecord: (id: string) => directory.quarantinedRecord(id),
  discard: (id: string) => directory.discard(id),
  quarantineSize: () => directory.quarantineSize(),
  quarantineSizeOf: (ledger: string) => directory.quarantineSizeOf(ledger),
  savedSearches: () => directory.savedSearches(),
  putSavedSearch: (search: SavedSearch) => directory.putSavedSearch(search),
  deleteSavedSearch: (ledger: string, name: string) => directory.deleteSavedSearch(ledger, name),
  close: () => directory[Symbol.asyncDispose](),
}

export type DirectoryHandlers = typeof handlers

serveCalls(parentPort!, handlers)
