/** Opens everything a server opens, in this process: much faster than a server, where hundreds are needed. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  DIRECTORY_FILE,
  INDEX_FILE,
  LedgerWriter,
  SqliteDirectory,
  SqliteSearchIndex,
} from '@trailproof/server/ports'
import { expect } from 'vitest'
import type { ServerHome } from './server-process.ts'

/** Rejects when a ledger would not start, a file is damaged, or the index claims more than the ledger holds. */
export async function openAfterCrash({ data, keys, masterKey = '' }: ServerHome): Promise<void> {
  for (const directory of [data, keys]) mkdirSync(directory, { recursive: true })
  const writer = await LedgerWriter.open({ data, keys, encryption: { masterKey, data, keys } })
  const ledgers = await writer.ledgers()
  for (const { name, state } of ledgers) expect(state, name).toEqual({ kind: 'open' })
  await (await openDirectory(data))[Symbol.asyncDispose]()
  const index = SqliteSearchIndex.create(join(data, INDEX_FILE))
  for (const { name, size } of ledgers) expect(await index.cursor(name), name).toBeLessThanOrEqual(size)
  await index[Symbol.asyncDispose]()
  await writer.close()
  for (const file of ['ledger.db', DIRECTORY_FILE, INDEX_FILE]) assertSound(join(data, file))
}

async function openDirectory(data: string): Promise<SqliteDirectory> {
  const directory = SqliteDirectory.create(join(data, DIRECTORY_FILE))
  await directory.keys()
  return directory
}

function assertSound(path: string): void {
  const db = new DatabaseSync(path)
  const rows = db.prepare('PRAGMA quick_check').all()
  db.close()
  expect(rows, path).toEqual([{ quick_check: 'ok' }])
}
