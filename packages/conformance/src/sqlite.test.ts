import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SqliteDirectory, SqliteLedgerStore, SqliteSearchIndex } from '@trailproof/server/ports'
import { afterAll } from 'vitest'
import { directorySuite } from './directory.suite.ts'
import { ledgerStoreSuite } from './ledger-store.suite.ts'
import { searchIndexSuite } from './search-index.suite.ts'

const root = mkdtempSync(join(tmpdir(), 'trailproof-sqlite-'))
afterAll(() => rmSync(root, { recursive: true }))

/** A driver on a new file for each `open`. */
function onFile<T>(create: (path: string) => T) {
  let directory = root
  const path = (): string => join(directory, 'store.db')
  return {
    name: 'sqlite',
    async open(): Promise<T> {
      directory = mkdtempSync(join(root, 'case-'))
      return create(path())
    },
    reopen: async (): Promise<T> => create(path()),
    storedBytes: async (): Promise<Buffer> =>
      Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name)))),
  }
}

ledgerStoreSuite(onFile((path) => SqliteLedgerStore.create(path)))
searchIndexSuite(onFile((path) => SqliteSearchIndex.create(path)))
// With so few shapes told apart, most entries are of the others.
searchIndexSuite({
  ...onFile((path) => SqliteSearchIndex.create(path, { shapesMax: 3 })),
  name: 'sqlite, 3 shapes',
})
directorySuite(onFile((path) => SqliteDirectory.create(path)))
