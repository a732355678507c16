/** What every Directory must do. */
import type {
  Directory,
  QuarantinedRecord,
  SavedSearch,
  StoredApproval,
  StoredHold,
  StoredKey,
  StoredRole,
} from '@trailproof/server/ports'
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
  roles: [],
  teams: [],
  createdAt: 1000,
  createdBy: undefined,
  rotatedBy: undefined,
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

const search = (name: string, query: string): SavedSearch => ({
  ledger: 'main',
  name,
  owner: 'abcd',
  shared: false,
  pinned: false,
  query,
  description: 'said of it',
  changedAt: 1_800_000_000_000,
})

const role = (name: string): StoredRole => ({
  name,
  description: 'what it is for',
  permissions: ['read', 'export'],
  rows: 'record.labels.team in caller.teams',
  hidden: ['actor.email', 'metadata.cost centre'],
  changedAt: 1_800_000_000_000,
})

const approval = (n: number, more: Partial<StoredApproval> = {}): StoredApproval => ({
  id: `0190000${n}-0000-7000-8000-000000000000`,
  ledger: 'main',
  state: 'asked',
  act: 'subject-erasure',
  request: `{"act":{"subject":"a-request-of-somebody-${n}\\u0000"}}`,
  digest: 'd'.repeat(64),
  askedBy: { id: 'abcd', name: 'Anna "A"' },
  askedAt: 1_800_000_000_000 + n,
  expiresAt: 1_800_000_600_000,
  decision: undefined,
  outcome: undefined,
  ...more,
})

const hold = (name: string): StoredHold => ({
  ledger: 'main',
  name,
  records: { kind: 'query', query: 'actor:u-1 "a\\\\b"' },
  authority: 'court',
  reason: 'case 7',
  heldBy: { id: 'abcd', name: 'Anna' },
  heldAt: 1_800_000_000_000,
  entry: undefined,
})

/** Longer than any test. */
const LONG_MS = 3_600_000
/** For polls: only as long as a state that comes late on a busy machine may take. */
const PATIENT = { timeout: 50_000 }

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

    test('keeps roles and teams of keys, also names with spaces', async () => {
      const roles = ['viewer', 'own-team']
      await directory.addKey({ ...key('c'), scopes: [], roles, teams: ['cost centre', 'b'] })
      await directory[Symbol.asyncDispose]()
      directory = await driver.reopen()
      expect(await directory.keys()).toEqual([
        { ...key('c'), scopes: [], roles, teams: ['cost centre', 'b'] },
      ])
    })

    test('keeps who made a key, and who renewed its token', async () => {
      const made = { ...key('d'), createdBy: 'user:0190 "Anna"' }
      const rotated = { ...key('e'), createdBy: 'd', rotatedBy: 'user:0191' }
      await directory.addKey(made)
      await directory.addKey(rotated)
      await directory[Symbol.asyncDispose]()
      directory = await driver.reopen()
      expect(await directory.keys()).toEqual([made, rotated])
    })

    test('keeps roles by their names, replaces and deletes them', async () => {
      await directory.putRole(role('b'))
      await directory.putRole({ ...role('a'), rows: undefined, hidden: [] })
      await directory.putRole({ ...role('b'), permissions: ['read'] })
      await directory[Symbol.asyncDispose]()
      directory = await driver.reopen()
      expect(await directory.roles()).toEqual([
        { ...role('a'), rows: undefined, hidden: [] },
        { ...role('b'), permissions: ['read'] },
      ])
      expect(await directory.deleteRole('b')).toBe(true)
      expect(await directory.deleteRole('b')).toBe(false)
      expect((await directory.roles()).map(({ name }) => name)).toEqual(['a'])
    })

    test('revokes a key once', async () => {
      await directory.addKey(key('a'))
      expect(await directory.revokeKey('a', 1500)).toBe(true)
      expect(await directory.revokeKey('a', 1600)).toBe(false)
      expect(await directory.revokeKey('x', 1600)).toBe(false)
      expect((await directory.keys())[0]!.revokedAt).toBe(1500)
    })

    test('ends a key at the earliest time that was said, and not one that was revoked', async () => {
      await directory.addKey({ ...key('a'), expiresAt: undefined })
      expect(await directory.endKey('a', 1500)).toBe(true)
      expect(await directory.endKey('a', 1800)).toBe(true)
      expect((await directory.keys())[0]!.expiresAt).toBe(1500)
      await directory.revokeKey('a', 1600)
      expect(await directory.endKey('a', 1400)).toBe(false)
      expect(await directory.endKey('x', 1400)).toBe(false)
    })

    test('keeps when keys were last used', async () => {
      for (const prefix of ['a', 'b', 'c']) await directory.addKey(key(prefix))
      await directory.markKeysUsed(['a', 'c', 'x'], 1700)
      await directory.markKeysUsed([], 1800)
      expect((await directory.keys()).map(({ lastUsedAt }) => lastUsedAt)).toEqual([1700, undefined, 1700])
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

    test('keeps a quarantined text letter by letter, NUL and lone surrogates included', async () => {
      const source = 'a\0b"\\\ud800\u2028'
      await directory.quarantine([{ ...bad(1), source, problems: [{ message: 'a\0b' }] }], 3)
      const kept = await directory.quarantinedRecord(bad(1).id)
      expect(kept!.problems).toEqual([{ message: 'a\0b' }])
      // What is no text in UTF-8 may become the sign for that, in every driver.
      expect([source, source.toWellFormed()]).toContain(kept!.source)
    })

    test('keeps saved searches, and destroys a deleted one out of every file', async () => {
      await directory.putSavedSearch(search('a', 'one'))
      await directory.putSavedSearch(search('b', 'a-very-secret-query'))
      await directory.putSavedSearch({ ...search('a', 'two'), pinned: true })
      expect(await directory.savedSearches()).toEqual([
        { ...search('a', 'two'), pinned: true },
        search('b', 'a-very-secret-query'),
      ])
      expect(await directory.deleteSavedSearch('main', 'b')).toBe(true)
      expect(await directory.deleteSavedSearch('main', 'b')).toBe(false)
      expect((await driver.storedBytes()).includes('a-very-secret-query')).toBe(false)
    })

    test('keeps approvals as they were given, lists them without what is asked for, the newest first', async () => {
      for (const n of [1, 2]) expect(await directory.addApproval(approval(n), 10)).toBe(true)
      await directory[Symbol.asyncDispose]()
      directory = await driver.reopen()
      expect(await directory.approval(approval(1).id)).toEqual(approval(1))
      expect(await directory.approval('none')).toBeUndefined()
      const facts = [2, 1].map((n) => {
        const { request: _, ...rest } = approval(n)
        return rest
      })
      expect(await directory.approvals(['asked', 'approved'], 10)).toEqual(facts)
      expect(await directory.approvals(['asked'], 1)).toEqual(facts.slice(0, 1))
      expect(await directory.approvals(['done'], 10)).toEqual([])
    })

    test('moves an approval once from where it is, and destroys what was asked for once it is settled', async () => {
      const asked = approval(1, { request: 'another-request-of-somebody' })
      await directory.addApproval(asked, 10)
      const decision = { by: { id: 'b', name: 'Bert' }, at: 1_800_000_000_100, reason: 'r' }
      const { id } = approval(1)
      const approving = { from: 'asked', to: 'approved', decision } as const
      const moved = await Promise.all([
        directory.moveApproval(id, approving),
        directory.moveApproval(id, approving),
        directory.moveApproval(id, { from: 'asked', to: 'rejected', decision }),
      ])
      expect(moved.filter(Boolean)).toHaveLength(1)
      const { state } = (await directory.approval(id))!
      if (state === 'approved') {
        expect((await directory.approval(id))!.request).toBe(asked.request)
        expect(await directory.moveApproval(id, { from: 'approved', to: 'done', outcome: { n: 1 } })).toBe(
          true,
        )
        expect(await directory.approval(id)).toEqual(
          approval(1, { state: 'done', request: '', decision, outcome: { n: 1 } }),
        )
      }
      expect((await driver.storedBytes()).includes('another-request-of-somebody')).toBe(false)
    })

    test('takes no more approvals than may be open, and forgets the settled ones of long ago', async () => {
      for (const n of [1, 2]) await directory.addApproval(approval(n), 2)
      expect(await directory.addApproval(approval(3), 2)).toBe(false)
      await directory.moveApproval(approval(1).id, { from: 'asked', to: 'expired' })
      expect(await directory.addApproval(approval(3), 2)).toBe(true)
      await directory.moveApproval(approval(2).id, { from: 'asked', to: 'expired' })
      await directory.forgetApprovals(approval(2).askedAt)
      expect(await directory.approval(approval(1).id)).toBeUndefined()
      for (const n of [2, 3]) expect(await directory.approval(approval(n).id)).toBeDefined()
    })

    test('keeps holds of each ledger as they were given, and no two of one name', async () => {
      expect(await directory.addHold(hold('b'), 9)).toBe(true)
      const range: StoredHold = { ...hold('a'), records: { kind: 'range', from: 0, to: 7 }, entry: 3 }
      expect(await directory.addHold(range, 9)).toBe(true)
      expect(await directory.addHold({ ...hold('b'), reason: 'another' }, 9)).toBe(false)
      expect(await directory.addHold({ ...hold('b'), ledger: 'other' }, 9)).toBe(true)
      expect(await directory.addHold(hold('c'), 3)).toBe(false)
      await directory.holdRecorded('main', 'b', 8)
      await directory[Symbol.asyncDispose]()
      directory = await driver.reopen()
      expect(await directory.holds('main')).toEqual([range, { ...hold('b'), entry: 8 }])
      expect(await directory.holds('none')).toEqual([])
    })

    test('destroys a hold that has ended out of every file', async () => {
      const records = { kind: 'subject', id: 'somebody-who-was-held', type: 'user' } as const
      await directory.addHold({ ...hold('a'), records }, 9)
      expect(await directory.deleteHold('main', 'a')).toBe(true)
      expect(await directory.deleteHold('main', 'a')).toBe(false)
      expect((await driver.storedBytes()).includes('somebody-who-was-held')).toBe(false)
    })

    test('keeps the retention of a ledger, and progress of the rules that it is of alone', async () => {
      const rules = [
        { name: 'short', keepDays: 30, query: 'category:debug' },
        { name: 'rest', keepDays: undefined, query: undefined },
      ]
      const retention = {
        ledger: 'main',
        rules,
        changedBy: { id: 'abcd', name: 'Anna' },
        changedAt: 1_800_000_000_000,
        progress: undefined,
      }
      expect(await directory.retention('main')).toBeUndefined()
      await directory.putRetention(retention)
      expect(await directory.retention('main')).toEqual(retention)
      const progress = { basis: 'b', doneTo: [7, 0] }
      await directory.retentionProgress('main', retention.changedAt - 1, { basis: 'a', doneTo: [9, 9] })
      await directory.retentionProgress('main', retention.changedAt, progress)
      await directory[Symbol.asyncDispose]()
      directory = await driver.reopen()
      expect(await directory.retention('main')).toEqual({ ...retention, progress })
      await directory.putRetention({ ...retention, rules: [], changedAt: retention.changedAt + 1 })
      expect(await directory.retention('main')).toMatchObject({ rules: [], progress: undefined })
    })

    test('gives a lease to one of many who want it', async () => {
      await using other = await driver.reopen()
      const wanted = Array.from({ length: 12 }, (_, i) =>
        (i % 2 === 0 ? directory : other).acquireLease('scheduler', `holder-${i}`, LONG_MS, Date.now()),
      )
      const got = await Promise.all(wanted)
      expect(got.filter((lease) => lease !== undefined)).toEqual([{ epoch: 1 }])
      expect(await directory.acquireLease('another', 'x', LONG_MS, Date.now())).toEqual({ epoch: 1 })
    })

    test('gives its holder the same lease again, and more time', async () => {
      const first = await directory.acquireLease('scheduler', 'a', LONG_MS, Date.now())
      expect(await directory.acquireLease('scheduler', 'a', LONG_MS, Date.now())).toEqual(first)
      expect(await directory.renewLease('scheduler', 'a', first!.epoch, LONG_MS, Date.now())).toBe(true)
      expect(await directory.acquireLease('scheduler', 'b', LONG_MS, Date.now())).toBeUndefined()
    })

    test('gives a lease that ran out to another, under a higher epoch, and refuses the first one’s renewal', async () => {
      const first = await directory.acquireLease('scheduler', 'a', 1, Date.now())
      let second: { readonly epoch: number } | undefined
      await expect
        .poll(
          async () => (second = await directory.acquireLease('scheduler', 'b', LONG_MS, Date.now())),
          PATIENT,
        )
        .toBeDefined()
      expect(second!.epoch).toBeGreaterThan(first!.epoch)
      expect(await directory.renewLease('scheduler', 'a', first!.epoch, LONG_MS, Date.now())).toBe(false)
      expect(await directory.releaseLease('scheduler', 'a', first!.epoch)).toBe(false)
      expect(await directory.renewLease('scheduler', 'b', first!.epoch, LONG_MS, Date.now())).toBe(false)
      expect(await directory.renewLease('scheduler', 'b', second!.epoch, LONG_MS, Date.now())).toBe(true)
    })

    test('does not renew what ran out, also when nobody else has it', async () => {
      const first = await directory.acquireLease('scheduler', 'a', 1, Date.now())
      await expect
        .poll(() => directory.renewLease('scheduler', 'a', first!.epoch, 1, Date.now()), PATIENT)
        .toBe(false)
      const again = await directory.acquireLease('scheduler', 'a', LONG_MS, Date.now())
      expect(again!.epoch).toBeGreaterThan(first!.epoch)
    })

    test('a released lease is free at once, and its epoch goes on rising over restarts', async () => {
      const first = await directory.acquireLease('scheduler', 'a', LONG_MS, Date.now())
      expect(await directory.releaseLease('scheduler', 'a', first!.epoch)).toBe(true)
      expect(await directory.releaseLease('scheduler', 'a', first!.epoch)).toBe(false)
      await directory[Symbol.asyncDispose]()
      directory = await driver.reopen()
      const second = await directory.acquireLease('scheduler', 'b', LONG_MS, Date.now())
      expect(second!.epoch).toBeGreaterThan(first!.epoch)
    })
  })
}
