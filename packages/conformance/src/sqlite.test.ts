import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import {
  type ContentKeys,
  createKeyFile,
  DataKeys,
  FileKeyRing,
  SqliteDirectory,
  SqliteLedgerStore,
  SqliteSearchIndex,
} from '@trailproof/server/ports'
import { afterAll } from 'vitest'
import { directorySuite } from './directory.suite.ts'
import { identitiesSuite } from './identities.suite.ts'
import { ledgerStoreSuite } from './ledger-store.suite.ts'
import { sealedLedgersSuite } from './sealed-ledgers.suite.ts'
import { searchIndexSuite } from './search-index.suite.ts'

const root = mkdtempSync(join(tmpdir(), 'trailproof-sqlite-'))
afterAll(() => rmSync(root, { recursive: true }))

const master = join(root, 'master')
createKeyFile(master)
const ring = new FileKeyRing({ path: master, data: join(root, 'data') })

/** A directory of data keys for each of the data. */
function keysOf(path: string): string {
  const directory = join(root, `keys-of-${basename(dirname(path))}`)
  mkdirSync(directory, { recursive: true })
  return directory
}

/** A driver on a new file for each `open`. */
function onFile<T, Given = undefined>(create: (path: string, given?: Given) => T) {
  let directory = root
  const path = (): string => join(directory, 'store.db')
  return {
    name: 'sqlite',
    async open(given?: Given): Promise<T> {
      directory = mkdtempSync(join(root, 'case-'))
      return create(path(), given)
    },
    reopen: async (given?: Given): Promise<T> => create(path(), given),
    storedBytes: async (): Promise<Buffer> =>
      Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name)))),
  }
}

ledgerStoreSuite(onFile((path) => SqliteLedgerStore.create(path)))
ledgerStoreSuite({
  ...onFile((path) => SqliteLedgerStore.create(path, new DataKeys(keysOf(path), ring))),
  name: 'sqlite, encrypted',
})
sealedLedgersSuite(
  onFile<SqliteLedgerStore, ContentKeys>((path, keys) => SqliteLedgerStore.create(path, keys)),
)
searchIndexSuite(onFile((path) => SqliteSearchIndex.create(path)))
// With so few shapes told apart, most entries are of the others.
searchIndexSuite({
  ...onFile((path) => SqliteSearchIndex.create(path, { shapesMax: 3 })),
  name: 'sqlite, 3 shapes',
})
directorySuite(onFile((path) => SqliteDirectory.create(path)))
identitiesSuite(onFile((path) => SqliteDirectory.create(path)))
