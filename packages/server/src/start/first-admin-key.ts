/** The key with which everything begins. */
import { randomUUID } from 'node:crypto'
import type { ApiKeys } from '../access/api-keys.ts'
import type { Leases } from './lease.ts'

const LEASE_MS = 10_000

/** Its token, to be shown once, where there was no key at all; of several servers that start together, one makes it. */
export async function firstAdminKey(keys: ApiKeys, leases: Leases): Promise<string | undefined> {
  if (!keys.isEmpty) return undefined
  const holder = randomUUID()
  const lease = await leases.acquireLease('first-admin-key', holder, LEASE_MS, Date.now())
  if (lease === undefined) return undefined
  try {
    await keys.reload()
    if (!keys.isEmpty) return undefined
    const { token } = await keys.create({ name: 'admin', scopes: ['admin'], createdBy: undefined })
    return token
  } finally {
    // It ends by itself, only later; a token that was made is shown now or never.
    await leases.releaseLease('first-admin-key', holder, lease.epoch).catch(() => undefined)
  }
}
