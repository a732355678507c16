/** What every LedgerStore must do with content keys. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  addDataKey,
  type ContentKeys,
  createKeyFile,
  DataKeys,
  FileKeyRing,
  type LedgerStore,
  type StoredEntry,
} from '@trailproof/server/ports'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { batchSource } from './sealed-batches.ts'

export interface SealedLedgersDriver {
  readonly name: string
  /** New data. */
  open(keys: ContentKeys | undefined): Promise<LedgerStore>
  /** The same data again, after `close`. */
  reopen(keys: ContentKeys | undefined): Promise<LedgerStore>
  storedBytes(): Promise<Buffer>
}

export interface TestKeys {
  readonly directory: string
  readonly ring: FileKeyRing
  /** As a thread of its own would have them. */
  open(): DataKeys
}

/** Data keys under a master key in a file, gone when the test is. */
export function testKeys(): TestKeys {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-keys-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const path = join(root, 'master')
  createKeyFile(path)
  const ring = new FileKeyRing({ path, data: join(root, 'data') })
  return { directory: root, ring, open: () => new DataKeys(root, ring) }
}

const randomKey = (): Uint8Array => new Uint8Array(randomBytes(32))

/** Looking for one text takes a while: these stand in each row. */
const isLookedFor = (_: unknown, i: number): boolean => i % 25 === 0

const LEDGER = {
  name: 'main',
  origin: 'test/main',
  dedupeKey: randomKey(),
  idKey: randomKey(),
}

export function sealedLedgersSuite(driver: SealedLedgersDriver): void {
  describe(`LedgerStore with content keys: ${driver.name}`, () => {
    let keys: TestKeys
    let store: LedgerStore
    beforeEach(async () => {
      keys = testKeys()
      store = await driver.open(undefined)
    })
    afterEach(() => store[Symbol.asyncDispose]())

    const reopen = async (contentKeys: ContentKeys | undefined): Promise<void> => {
      await store[Symbol.asyncDispose]()
      store = await driver.reopen(contentKeys)
    }
    const allEntries = async (): Promise<StoredEntry[]> => {
      const entries: StoredEntry[] = []
      for (;;) {
        const read = await store.readEntries('main', entries.length, 1000)
        if (read.length === 0) return entries
        entries.push(...read)
      }
    }
    const expectAll = async (source: ReturnType<typeof batchSource>): Promise<void> => {
      const entries = await allEntries()
      expect(entries).toHaveLength(source.entries.length)
      for (const [i, { core, personal }] of entries.entries()) {
        const expected = source.entries[i]!
        expect(core.kind === 'present' && Buffer.compare(core.bytes, expected.core)).toBe(0)
        expect(core.kind === 'present' && Buffer.compare(core.salt, expected.coreSalt)).toBe(0)
        expect(personal.kind === 'present' && Buffer.compare(personal.bytes, expected.personal)).toBe(0)
      }
    }

    test('stores neither content nor salts nor its own keys in clear', async () => {
      await reopen(keys.open())
      const ledger = { ...LEDGER, dedupeKey: randomKey(), idKey: randomKey() }
      await store.createLedger(ledger)
      const { epoch } = await store.takeOver('main')
      const source = batchSource('main')
      for (const count of [1, 300, 3]) await store.append([source.next(count, epoch)])
      const stored = await driver.storedBytes()
      for (const { core, coreSalt, personal, personalSalt, leaf } of source.entries.filter(isLookedFor)) {
        for (const hidden of [core, coreSalt, personal, personalSalt])
          expect(stored.includes(Buffer.from(hidden))).toBe(false)
        expect(stored.includes(Buffer.from(leaf.subarray(1, 17)))).toBe(true) // the id, as ever
      }
      for (const key of [ledger.dedupeKey, ledger.idKey])
        expect(stored.includes(Buffer.from(key))).toBe(false)
      await expectAll(source)
      expect(await store.ledger('main')).toMatchObject(ledger)
    })

    test('reads what was written before there were keys, and seals what is written since', async () => {
      await store.createLedger(LEDGER)
      const source = batchSource('main')
      const before = await store.takeOver('main')
      for (const count of [300, 10]) await store.append([source.next(count, before.epoch)])
      await reopen(keys.open())
      const { epoch } = await store.takeOver('main')
      await store.append([source.next(100, epoch)])
      await expectAll(source)
      expect(await store.ledger('main')).toMatchObject(LEDGER)
      const stored = await driver.storedBytes()
      expect(stored.includes(Buffer.from(source.entries[400]!.personal))).toBe(false)
    })

    test('an erasure seals what it writes anew, under the newest key, and nothing of the old row is left', async () => {
      await store.createLedger(LEDGER)
      const source = batchSource('main')
      const { epoch } = await store.takeOver('main')
      await store.append([source.next(40, epoch)])
      await reopen(keys.open())
      await store.takeOver('main')
      await addDataKey(keys.directory, 'main', keys.ring)
      await store.erase('main', [{ from: 3, to: 5 }])
      const entries = await allEntries()
      expect(entries.filter(({ personal }) => personal.kind === 'erased').map(({ index }) => index)).toEqual([
        3, 4,
      ])
      const stored = await driver.storedBytes()
      // The whole row was written anew, so that what stays of it is sealed now, too.
      for (const { personal, personalSalt, core } of source.entries.slice(0, 10))
        for (const hidden of [personal, personalSalt, core])
          expect(stored.includes(Buffer.from(hidden))).toBe(false)
    })

    test('takes a new key over while it runs, in every process, and reads all of it afterwards', async () => {
      const writing = keys.open()
      await reopen(writing)
      await store.createLedger(LEDGER)
      await using other = await driver.reopen(keys.open())
      const { epoch } = await store.takeOver('main')
      const source = batchSource('main')
      await store.append([source.next(20, epoch)])
      expect(await other.readEntries('main', 0, 20)).toHaveLength(20)
      const { data_keys } = await addDataKey(keys.directory, 'main', keys.ring)
      await expect
        .poll(
          async () => {
            await store.append([source.next(1, epoch)])
            return (await writing.writing('main')).newestKeyId
          },
          { timeout: 20_000, interval: 200 },
        )
        .toBe(data_keys[1]!.id)
      await store.append([source.next(1, epoch)])
      // It has never looked at the file since: the row names a key that it does not have.
      expect(await other.readEntries('main', source.entries.length - 1, 1)).toHaveLength(1)
      await reopen(keys.open())
      await expectAll(source)
    })

    test('without the keys leaves are read and content is not, which says why', async () => {
      await reopen(keys.open())
      await store.createLedger(LEDGER)
      const { epoch } = await store.takeOver('main')
      const source = batchSource('main')
      await store.append([source.next(5, epoch)])
      for (const stranger of [undefined, testKeys().open()]) {
        await reopen(stranger)
        expect((await store.ledgers()).map(({ name, size }) => [name, size])).toEqual([['main', 5]])
        expect(await store.readLeaves('main', 0, 5)).toHaveLength(5 * 89)
        await expect(store.readEntries('main', 0, 1)).rejects.toMatchObject({ code: 'KEY_MISSING' })
      }
      // Keys that are lost are not taken for keys that were never there.
      await expect(store.takeOver('main')).rejects.toMatchObject({
        code: 'KEY_MISSING',
        message: expect.stringContaining('put it back') as string,
      })
    })
  })
}
