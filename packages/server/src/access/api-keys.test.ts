import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiKeys } from './api-keys.ts'

const store = { keys: async () => [], addKey: async () => undefined, revokeKey: async () => true }

const keys = (): Promise<ApiKeys> => ApiKeys.load(store, Date.now, 'the-token-of-the-settings')

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

test('tells who watches a key that it was revoked, at once and each of them', async () => {
  const all = await keys()
  const { key, token } = await all.create({ name: 'a', scopes: ['read'] })
  const other = await all.create({ name: 'b', scopes: ['read'] })
  const caller = all.identify(token, 'read')
  if (caller.kind === 'refused') throw new Error(caller.detail)
  const watches = [all.watch(caller), all.watch(caller), all.watch({ keyPrefix: other.key.prefix })]
  expect(watches.map(({ signal }) => signal.aborted)).toEqual([false, false, false])
  const revoking = all.revoke(key.prefix)
  expect(watches.map(({ signal }) => signal.aborted)).toEqual([true, true, false])
  expect(watches[0]!.refusal).toMatchObject({ reason: 'revoked' })
  await revoking
  // A request that was allowed a moment before is told when it begins to watch.
  expect(all.watch(caller).signal.aborted).toBe(true)
})

test('tells who watches a key that it has expired, also after longer than a timer can wait', async () => {
  const all = await keys()
  const days = 24 * 3600 * 1000
  const { key } = await all.create({ name: 'a', scopes: ['read'], expiresAt: Date.now() + 60 * days })
  const watch = all.watch({ keyPrefix: key.prefix })
  vi.advanceTimersByTime(60 * days - 1)
  expect(watch.signal.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(watch.signal.aborted).toBe(true)
  expect(watch.refusal).toMatchObject({ reason: 'expired' })
})

test('leaves no timer behind when the watching is over, and does not end the key of the settings', async () => {
  const all = await keys()
  const { key } = await all.create({ name: 'a', scopes: ['read'], expiresAt: Date.now() + 1000 })
  {
    using watch = all.watch({ keyPrefix: key.prefix })
    expect(watch.refusal).toBeUndefined()
    expect(vi.getTimerCount()).toBe(1)
  }
  expect(vi.getTimerCount()).toBe(0)
  using preset = all.watch({ keyPrefix: 'preset' })
  expect(preset.signal.aborted).toBe(false)
})
