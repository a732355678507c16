import { expect, test } from 'vitest'
import type { StoredKey } from '../directory/directory.ts'
import { ApiKeys } from './api-keys.ts'
import type { IdentifiedCaller } from './caller-watch.ts'
import { type CallerSource, Callers } from './callers.ts'
import type { Credentials } from './credentials.ts'

const stored: StoredKey[] = []
const store = {
  keys: async () => stored,
  addKey: async (key: StoredKey) => void stored.push(key),
  revokeKey: async () => true,
  endKey: async () => true,
  markKeysUsed: async () => undefined,
}

const service: IdentifiedCaller = {
  kind: 'caller',
  subject: { kind: 'service', id: 'till' },
  id: 'service:till',
  name: 'till',
  grants: [],
  home: undefined,
  watch: () => {
    throw new Error('nobody watches')
  },
}

/** Knows one token, and is told of everything. */
function source(token: string) {
  const told: string[] = []
  const caller: CallerSource = {
    identify: ({ token: shown }: Credentials) => (shown === token ? service : undefined),
    prepare: ({ token: shown }: Credentials) => (shown === 'new' ? Promise.resolve() : undefined),
    isThere: (id) => (id.startsWith('service:') ? id === service.id : undefined),
    holdersOf: () => ['service till'],
    rolesChanged: (names) => void told.push(`roles ${[...names].join()}`),
    reload: async () => void told.push('reload'),
  }
  return { caller, told }
}

test('keys are looked for first, then each other kind; nobody is told what there is', async () => {
  const keys = await ApiKeys.load(store, Date.now, 'the-token-of-the-settings')
  const { token, key } = await keys.create({
    createdBy: undefined,
    name: 'k',
    scopes: ['read'],
    roles: ['viewer'],
  })
  // Whoever knows the token of a key, too, is not asked.
  const callers = new Callers(keys, { reload: async () => new Set() }, [
    source(token).caller,
    source('t').caller,
  ])
  expect(callers.identify({ token })).toMatchObject({ subject: { kind: 'key', id: key.prefix } })
  expect(callers.identify({ token: 't' })).toBe(service)
  expect(callers.identify({ token: 't' }, 'read')).toMatchObject({
    reason: 'missing-permission',
    caller: service,
  })
  expect(callers.identify({ token: 'x' })).toMatchObject({ reason: 'unknown-token' })
  expect(callers.identify({ token: '' })).toMatchObject({ reason: 'no-token' })
  expect(callers.prepare({ token })).toBeUndefined()
  expect(callers.prepare({ token: 'new' })).toBeInstanceOf(Promise)
  expect([callers.idOf({ token }), callers.idOf({ token: 'x' })]).toEqual([key.prefix, undefined])
  expect(['service:till', 'service:other', key.prefix, 'none'].map((id) => callers.isValid(id))).toEqual([
    true,
    false,
    true,
    false,
  ])
  expect(callers.holdersOf('viewer')).toContain(`API key ${key.prefix}`)
})

test('what other servers have changed is taken over, roles before those who have them', async () => {
  stored.length = 0
  const keys = await ApiKeys.load(store, Date.now, '')
  const { token, key } = await keys.create({ createdBy: undefined, name: 'k', roles: ['viewer'] })
  const { caller, told } = source('t')
  const callers = new Callers(keys, { reload: async () => new Set(['viewer']) }, [caller])
  const known = callers.identify({ token })
  if (known.kind !== 'caller') throw new Error(known.detail)
  using watch = known.watch()
  await callers.reload()
  expect(told).toEqual(['roles viewer', 'reload'])
  expect(watch.refusal).toMatchObject({ reason: 'role-changed' })

  // A rotation at another server brings the end of the key nearer, and never further away.
  stored[0] = { ...key, expiresAt: Date.now() - 1 }
  await callers.reload()
  expect(callers.identify({ token })).toMatchObject({ reason: 'expired' })
  stored[0] = key
  await callers.reload()
  expect(callers.identify({ token })).toMatchObject({ reason: 'expired' })
})
