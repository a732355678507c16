import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ApiKeys } from '../access/api-keys.ts'
import { SqliteDirectory } from '../store/sqlite/directory.ts'
import { firstAdminKey } from './first-admin-key.ts'
import type { Leases } from './lease.ts'

let root: string
let directory: SqliteDirectory

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trailproof-first-key-'))
  directory = SqliteDirectory.create(join(root, 'directory.db'))
})

afterEach(async () => {
  await directory[Symbol.asyncDispose]()
  rmSync(root, { recursive: true, force: true })
})

test('of servers that start together, one makes the first key', async () => {
  const servers = await Promise.all([1, 2, 3].map(() => ApiKeys.load(directory, Date.now, '')))
  const tokens = await Promise.all(servers.map((keys) => firstAdminKey(keys, directory)))
  expect(tokens.filter((token) => token !== undefined)).toHaveLength(1)
  expect(await directory.keys()).toHaveLength(1)
  const later = await ApiKeys.load(directory, Date.now, '')
  expect(await firstAdminKey(later, directory)).toBeUndefined()
})

test('a key that could not be stored leaves the lease to whoever tries next', async () => {
  const store = {
    keys: async () => [],
    addKey: () => Promise.reject(new Error('the disk')),
    revokeKey: async () => false,
    endKey: async () => false,
    markKeysUsed: async () => undefined,
  }
  const unlucky = await ApiKeys.load(store, Date.now, '')
  await expect(firstAdminKey(unlucky, directory)).rejects.toThrow('the disk')
  const next = await ApiKeys.load(directory, Date.now, '')
  expect(await firstAdminKey(next, directory)).toMatch(/^tp_/)
})

test('the token of a key that was made is shown, also when the lease could not be released', async () => {
  const leases: Leases = {
    acquireLease: async () => ({ epoch: 1 }),
    renewLease: async () => true,
    releaseLease: () => Promise.reject(new Error('away')),
  }
  expect(await firstAdminKey(await ApiKeys.load(directory, Date.now, ''), leases)).toMatch(/^tp_/)
})
