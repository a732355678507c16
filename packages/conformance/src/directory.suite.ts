/** What every Directory must do. */
import type { Directory, QuarantinedRecord, StoredKey } from '@trailproof/server/ports'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

export interface DirectoryDriver {
  readonly name: string
  open(): Promise<Directory>
  reopen(): Promise<Directory>
  storedBytes(): Promise<Buffer>
}

const key = (prefix: string): StoredKey => ({
  prefix,
  hash: `hash-of-${prefix}`,
  name: `key ${prefix}`,
  ledger: undefined,
  scopes: ['ingest', 'read'],
  createdAt: 1000,
  expiresAt: 2000,
  revokedAt: undefined,
})

const bad = (n: number, ledger = 'main'): QuarantinedRecord => ({
  id: `0190000${n}-0000-7000-8000-000000000000`,
  ledger,
  receivedAt: n,
  keyPrefix: 'abcd',
  problems: [{ field: '/action', message: 'no' }],
  source: `source of ${n}`,
})

export function directorySuite(driver: DirectoryDriver): void {
  describe(`Directory: ${driver.name}`, () => {
    let directory: Directory
    beforeEach(async () => {
      directory = await driver.open()
    })
    afterEach(() => directory[Symbol.asyncDispose]())

    test('keeps keys as they were given, and refuses a prefix that is taken', async () => {
      await directory.addKey(key('a'))
      await directory.addKey({ ...key('b'), ledger: 'acme', expiresAt: undefined, scopes: ['admin'] })
      await expect(directory.addKey(key('a'))).rejects.toThrow()
      await directory[Symbol.asyncDispose]()
      directory = await driver.reopen()
      expect(await directory.keys()).toEqual([
        key('a'),
        { ...key('b'), ledger: 'acme', expiresAt: undefined, scopes: ['admin'] },
      ])
    })

    test('revokes a key once', async () => {
      await directory.addKey(key('a'))
      expect(await directory.revokeKey('a', 1500)).toBe(true)
      expect(await directory.revokeKey('a', 1600)).toBe(false)
      expect(await directory.revokeKey('x', 1600)).toBe(false)
      expect((await directory.keys())[0]!.revokedAt).toBe(1500)
    })

    test('quarantines all of a batch or, without room, none of it', async () => {
      expect(await directory.quarantine([bad(1), bad(2)], 3)).toBe(true)
      expect(await directory.quarantine([bad(3), bad(4)], 3)).toBe(false)
      expect(await directory.quarantineSize()).toBe(2)
      expect(await directory.quarantine([bad(3)], 3)).toBe(true)
    })

    test('lists quarantined records by ledger in the order of arrival, page by page', async () => {
      await directory.quarantine([bad(1), bad(2, 'other'), bad(3), bad(4)], 100)
      expect(await directory.quarantined('main', undefined, 2)).toEqual([bad(1), bad(3)])
      expect(await directory.quarantined('main', bad(3).id, 2)).toEqual([bad(4)])
      expect(await directory.quarantinedRecord(bad(2, 'other').id)).toEqual(bad(2, 'other'))
      expect(await directory.quarantinedRecord('nothing')).toBeUndefined()
    })

    test('counts quarantined records in all and of one ledger', async () => {
      await directory.quarantine([bad(1), bad(2, 'other'), bad(3)], 100)
      expect(await directory.quarantineSize()).toBe(3)
      expect(await directory.quarantineSizeOf('main')).toBe(2)
      expect(await directory.quarantineSizeOf('other')).toBe(1)
      expect(await directory.quarantineSizeOf('empty')).toBe(0)
    })

    test('destroys a discarded record out of every file', async () => {
      await directory.quarantine([{ ...bad(1), source: 'a-very-personal-text' }, bad(2)], 100)
      expect(await directory.discard(bad(1).id)).toBe(true)
      expect(await directory.discard(bad(1).id)).toBe(false)
      expect(await directory.quarantineSize()).toBe(1)
      expect((await driver.storedBytes()).includes('a-very-personal-text')).toBe(false)
    })
  })
}
