/** What every LedgerStore must do. */
import { rootAt } from '@trailproof/core'
import { type LedgerStore, sha256 } from '@trailproof/server/ports'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { batchSource } from './sealed-batches.ts'

export interface LedgerStoreDriver {
  readonly name: string
  open(): Promise<LedgerStore>
  /** Opens the same data again after `close`. */
  reopen(): Promise<LedgerStore>
  /** Every byte the driver keeps outside the process, to look for what must be gone. */
  storedBytes(): Promise<Buffer>
}

const KEYS = { dedupeKey: new Uint8Array(32).fill(1), idKey: new Uint8Array(32).fill(2) }

export function ledgerStoreSuite(driver: LedgerStoreDriver): void {
  describe(`LedgerStore: ${driver.name}`, () => {
    let store: LedgerStore
    beforeEach(async () => {
      store = await driver.open()
      await store.createLedger({ name: 'main', origin: 'test/main', ...KEYS })
    })
    afterEach(() => store[Symbol.asyncDispose]())

    test('makes an empty ledger once', async () => {
      expect(await store.ledger('main')).toMatchObject({
        name: 'main',
        origin: 'test/main',
        size: 0,
        ...KEYS,
      })
      await expect(store.createLedger({ name: 'main', origin: 'x', ...KEYS })).rejects.toMatchObject({
        code: 'LEDGER_EXISTS',
      })
      expect(await store.ledger('other')).toBeUndefined()
    })

    test.each([
      ['one by one', Array<number>(300).fill(1)],
      ['in uneven batches', [1, 255, 1, 256, 257, 511, 3, 1000]],
      ['in one batch over many blocks', [70_000]],
    ])('reads back what was appended %s', async (_, counts) => {
      const { epoch } = await store.takeOver('main')
      const source = batchSource('main')
      for (const count of counts) await store.append([source.next(count, epoch)])
      const { size, root, lastRecordedAt } = (await store.ledger('main'))!
      expect(size).toBe(source.tree.size)
      expect(Buffer.from(root)).toEqual(Buffer.from(source.tree.root()))
      expect(lastRecordedAt).toBeGreaterThan(0)

      let index = 0
      while (index < size) {
        const entries = await store.readEntries('main', index, 10_000)
        expect(entries.length).toBeGreaterThan(0)
        for (const entry of entries) {
          const expected = source.entries[index]!
          expect(entry.index).toBe(index)
          expect(Buffer.compare(entry.leaf, expected.leaf)).toBe(0)
          expect(entry.core.kind === 'present' && Buffer.compare(entry.core.bytes, expected.core)).toBe(0)
          expect(
            entry.personal.kind === 'present' && Buffer.compare(entry.personal.salt, expected.personalSalt),
          ).toBe(0)
          index++
        }
      }
      expect(await store.readEntries('main', size, 1)).toEqual([])
      const fromTiles = await rootAt(sha256, size, (...tile) => store.readTile('main', ...tile))
      expect(Buffer.from(fromTiles)).toEqual(Buffer.from(source.tree.root()))
    })

    test('finds ids, known and unknown, in the order asked', async () => {
      const { epoch } = await store.takeOver('main')
      const source = batchSource('main')
      await store.append([source.next(200, epoch)])
      const strangers = batchSource('main').next(1, epoch).entries
      const asked = [...source.entries.toReversed(), ...strangers, ...source.entries.slice(0, 70)]
      const found = await store.findRecords('main', Buffer.concat(asked.map(({ id }) => id)))
      expect(found.map((known) => known?.index)).toEqual([
        ...source.entries.map((_, i) => 199 - i),
        undefined,
        ...Array.from({ length: 70 }, (_, i) => i),
      ])
      expect(Buffer.compare(found[0]!.digest!, source.entries[199]!.digest)).toBe(0)
    })

    test('refuses a batch whose head has moved, and stores nothing of it or its companions', async () => {
      await store.createLedger({ name: 'other', origin: 'test/other', ...KEYS })
      const { epoch } = await store.takeOver('main')
      const other = await store.takeOver('other')
      const source = batchSource('main')
      await store.append([source.next(3, epoch)])
      const stale = { ...source.next(2, epoch), after: { size: 2, epoch } }
      const companion = batchSource('other').next(5, other.epoch)
      await expect(store.append([companion, stale])).rejects.toMatchObject({ code: 'HEAD_MOVED' })
      expect((await store.ledger('main'))!.size).toBe(3)
      expect((await store.ledger('other'))!.size).toBe(0)
      expect(await store.findRecords('other', companion.entries[0]!.id)).toEqual([undefined])
    })

    test('refuses a writer that another has taken over from', async () => {
      const first = await store.takeOver('main')
      await store.takeOver('main')
      await expect(store.append([batchSource('main').next(1, first.epoch)])).rejects.toMatchObject({
        code: 'HEAD_MOVED',
      })
    })

    test('of several writers at the same head one goes through, and nothing of the others stays', async () => {
      await using other = await driver.reopen()
      const { epoch } = await store.takeOver('main')
      for (let size = 0; size < 200; size += 40) {
        // Each has its own idea of what comes next.
        const batches = [1, 2, 3].map(() => {
          const batch = batchSource('main').next(40, epoch)
          return { ...batch, after: { size, epoch }, head: { ...batch.head, size: size + 40 }, tiles: [] }
        })
        const results = await Promise.allSettled(
          batches.map((batch, i) => (i % 2 ? other : store).append([batch])),
        )
        const done = results.map(({ status }) => status === 'fulfilled')
        expect(done.filter(Boolean)).toHaveLength(1)
        for (const result of results)
          if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'HEAD_MOVED' })
        expect((await other.ledger('main'))!.size).toBe(size + 40)
        for (const [i, batch] of batches.entries()) {
          const found = await store.findRecords('main', Buffer.concat(batch.entries.map(({ id }) => id)))
          expect(found.filter((known) => known !== undefined)).toHaveLength(done[i] ? 40 : 0)
        }
      }
    })

    test('refuses entries for a closed ledger', async () => {
      const { epoch } = await store.takeOver('main')
      await store.close('main', { kind: 'closed', successor: 'main-2' }, { size: 0, epoch })
      expect((await store.ledger('main'))!.standing).toEqual({ kind: 'closed', successor: 'main-2' })
      await expect(store.append([batchSource('main').next(1, epoch)])).rejects.toThrow()
    })

    test('a ledger that nothing follows takes no entries either, also of who opens it again; what it holds can be erased', async () => {
      const { epoch } = await store.takeOver('main')
      const source = batchSource('main')
      await store.append([source.next(3, epoch)])
      await store.close('main', { kind: 'deleted' }, { size: 3, epoch })
      await store.close('main', { kind: 'deleted' }, { size: 3, epoch })
      await store[Symbol.asyncDispose]()
      store = await driver.reopen()
      expect(await store.ledger('main')).toMatchObject({ standing: { kind: 'deleted' }, size: 3 })
      expect((await store.ledgers()).map(({ standing }) => standing)).toEqual([{ kind: 'deleted' }])
      const again = await store.takeOver('main')
      await expect(store.append([source.next(1, again.epoch)])).rejects.toThrow()
      await store.erase('main', [{ from: 0, to: 3, groups: 'both' }])
      expect((await store.readEntries('main', 0, 3)).map(({ core }) => core.kind)).toEqual(
        Array(3).fill('erased'),
      )
      const opened = { kind: 'closed', successor: 'main-2' } as const
      await expect(store.close('main', opened, { size: 3, epoch: again.epoch })).rejects.toThrow()
      expect((await store.ledger('main'))!.standing).toEqual({ kind: 'deleted' })
    })

    test('closes no ledger that has grown, or was taken over, since it was looked at', async () => {
      const { epoch } = await store.takeOver('main')
      await store.append([batchSource('main').next(3, epoch)])
      const stale = [
        { size: 0, epoch },
        { size: 3, epoch: epoch - 1 },
      ]
      for (const after of stale)
        await expect(store.close('main', { kind: 'deleted' }, after)).rejects.toMatchObject({
          code: 'HEAD_MOVED',
        })
      expect((await store.ledger('main'))!.standing).toEqual({ kind: 'open' })
    })

    test('refuses an id that is already in the ledger, whole batch and all', async () => {
      const { epoch } = await store.takeOver('main')
      const source = batchSource('main')
      await store.append([source.next(3, epoch)])
      const batch = source.next(40, epoch)
      const twice = {
        ...batch,
        entries: batch.entries.with(20, { ...batch.entries[20]!, id: source.entries[1]!.id }),
      }
      await expect(store.append([twice])).rejects.toThrow()
      expect((await store.ledger('main'))!.size).toBe(3)
    })

    test('goes on after a restart in the middle of a block', async () => {
      const { epoch } = await store.takeOver('main')
      const source = batchSource('main')
      await store.append([source.next(100, epoch)])
      await store[Symbol.asyncDispose]()
      store = await driver.reopen()
      const again = await store.takeOver('main')
      expect(again.size).toBe(100)
      expect(again.epoch).toBeGreaterThan(epoch)
      await store.append([source.next(400, again.epoch)])
      const fromTiles = await rootAt(sha256, 500, (...tile) => store.readTile('main', ...tile))
      expect(Buffer.from(fromTiles)).toEqual(Buffer.from(source.tree.root()))
    })

    test('erases personal content, salts and digests out of every file, and nothing else', async () => {
      const { epoch } = await store.takeOver('main')
      const source = batchSource('main')
      await store.append([source.next(300, epoch)])
      const gone = [5, 6, 7, 280].map((index) => source.entries[index]!)
      await store.erase('main', [
        { from: 5, to: 8 },
        { from: 280, to: 281 },
      ])
      const entries = [
        ...(await store.readEntries('main', 0, 256)),
        ...(await store.readEntries('main', 256, 256)),
      ]
      expect(entries.filter(({ personal }) => personal.kind === 'erased').map(({ index }) => index)).toEqual([
        5, 6, 7, 280,
      ])
      expect(entries.every(({ core }) => core.kind === 'present')).toBe(true)
      const known = await store.findRecords('main', Buffer.concat(gone.map(({ id }) => id)))
      expect(known).toEqual([5, 6, 7, 280].map((index) => ({ index, digest: undefined })))
      const stored = await driver.storedBytes()
      for (const { personal, personalSalt, digest, leaf } of gone) {
        expect(stored.includes(Buffer.from(personal))).toBe(false)
        expect(stored.includes(Buffer.from(personalSalt))).toBe(false)
        expect(stored.includes(Buffer.from(digest))).toBe(false)
        expect(stored.includes(Buffer.from(leaf.subarray(1, 17)))).toBe(true) // the id
      }
      await store.append([source.next(300, epoch)])
      expect((await store.readEntries('main', 280, 1))[0]!.personal.kind).toBe('erased')
    })

    test('destroys both groups where that is asked for, also of what was erased before; leaves and ids stay', async () => {
      const { epoch } = await store.takeOver('main')
      const source = batchSource('main')
      await store.append([source.next(300, epoch)])
      await store.erase('main', [{ from: 4, to: 6 }])
      const ranges = [{ from: 5, to: 8, groups: 'both' } as const]
      await store.erase('main', ranges)
      await store.erase('main', ranges)
      const entries = await store.readEntries('main', 0, 256)
      const gone = (group: 'core' | 'personal') =>
        entries.filter((entry) => entry[group].kind === 'erased').map(({ index }) => index)
      expect([gone('core'), gone('personal')]).toEqual([
        [5, 6, 7],
        [4, 5, 6, 7],
      ])
      const destroyed = [5, 6, 7].map((index) => source.entries[index]!)
      const known = await store.findRecords('main', Buffer.concat(destroyed.map(({ id }) => id)))
      expect(known).toEqual([5, 6, 7].map((index) => ({ index, digest: undefined })))
      expect(entries.map(({ leaf }) => Buffer.from(leaf))).toEqual(
        source.entries.slice(0, 256).map(({ leaf }) => Buffer.from(leaf)),
      )
      const stored = await driver.storedBytes()
      for (const { core, coreSalt } of destroyed) {
        expect(stored.includes(Buffer.from(core))).toBe(false)
        expect(stored.includes(Buffer.from(coreSalt))).toBe(false)
      }
    })

    test('gives the space of destroyed entries back', async () => {
      const { epoch } = await store.takeOver('main')
      const source = batchSource('main')
      for (let i = 0; i < 8; i++) await store.append([source.next(1024, epoch)])
      const before = await store.bytes()
      await store.erase('main', [{ from: 0, to: 8 * 1024, groups: 'both' }])
      expect(await store.bytes()).toBeLessThan(before * 0.9)
    })
  })
}
