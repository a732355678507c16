import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiKeys } from './api-keys.ts'
import type { IdentifiedCaller } from './caller-watch.ts'

const marked: unknown[] = []
const store = {
  keys: async () => [],
  addKey: async () => undefined,
  revokeKey: async () => true,
  endKey: async () => true,
  markKeysUsed: async (...asked: unknown[]) => void marked.push(asked),
}

const keys = (): Promise<ApiKeys> => ApiKeys.load(store, Date.now, 'the-token-of-the-settings')

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

test('tells who watches a key that it was revoked, at once and each of them', async () => {
  const all = await keys()
  const { key, token } = await all.create({ createdBy: undefined, name: 'a', scopes: ['read'] })
  const other = await all.create({ createdBy: undefined, name: 'b', scopes: ['read'] })
  const caller = callerOf(all, token)
  const watches = [caller.watch(), caller.watch(), callerOf(all, other.token).watch()]
  expect(watches.map(({ signal }) => signal.aborted)).toEqual([false, false, false])
  const revoking = all.revoke(key.prefix)
  expect(watches.map(({ signal }) => signal.aborted)).toEqual([true, true, false])
  expect(watches[0]!.refusal).toMatchObject({ reason: 'revoked' })
  await revoking
  // A request that was allowed a moment before is told when it begins to watch.
  expect(caller.watch().signal.aborted).toBe(true)
})

test('tells who watches a key that it has expired, also after longer than a timer can wait', async () => {
  const all = await keys()
  const days = 24 * 3600 * 1000
  const { token } = await all.create({
    createdBy: undefined,
    name: 'a',
    scopes: ['read'],
    expiresAt: Date.now() + 60 * days,
  })
  const watch = callerOf(all, token).watch()
  vi.advanceTimersByTime(60 * days - 1)
  expect(watch.signal.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(watch.signal.aborted).toBe(true)
  expect(watch.refusal).toMatchObject({ reason: 'expired' })
})

test('leaves no timer behind when the watching is over, and does not end the key of the settings', async () => {
  const all = await keys()
  const { token } = await all.create({
    createdBy: undefined,
    name: 'a',
    scopes: ['read'],
    expiresAt: Date.now() + 1000,
  })
  {
    using watch = callerOf(all, token).watch()
    expect(watch.refusal).toBeUndefined()
    expect(vi.getTimerCount()).toBe(1)
  }
  expect(vi.getTimerCount()).toBe(0)
  using preset = callerOf(all, 'the-token-of-the-settings').watch()
  expect(preset.signal.aborted).toBe(false)
})

test('a key that is rotated goes on for the overlap, and what was begun with it ends then', async () => {
  const all = await keys()
  const { key, token } = await all.create({ createdBy: undefined, name: 'a', scopes: ['read'], teams: ['x'] })
  using watch = callerOf(all, token).watch()
  const next = (await all.rotate(key.prefix, 60_000, 'user:anna'))!
  expect(next.key).toMatchObject({ name: 'a', scopes: ['read'], teams: ['x'], expiresAt: undefined })
  expect(callerOf(all, next.token).grants).toEqual(callerOf(all, token).grants)
  vi.advanceTimersByTime(59_999)
  expect(watch.signal.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(watch.refusal).toMatchObject({ reason: 'expired' })
  expect(all.identify(token)).toMatchObject({ kind: 'refused', reason: 'expired' })
  expect(await all.rotate(key.prefix, 60_000, 'user:anna')).toBeUndefined()
  // A rotation makes no key last longer.
  const brief = await all.create({
    createdBy: undefined,
    name: 'b',
    scopes: ['read'],
    expiresAt: Date.now() + 1000,
  })
  await all.rotate(brief.key.prefix, 60_000, 'user:anna')
  vi.advanceTimersByTime(1000)
  expect(all.identify(brief.token)).toMatchObject({ reason: 'expired' })
  await expect(all.rotate('preset', 0, 'user:anna')).rejects.toThrow(/preset/)
})

test('the day of the last use is written once a day', async () => {
  const all = await keys()
  const { key, token } = await all.create({ createdBy: undefined, name: 'a', scopes: ['read'] })
  const day = Date.UTC(2026, 0, 1)
  for (const hours of [0, 1, 10]) {
    vi.setSystemTime(day + hours * 3_600_000)
    callerOf(all, token)
    await all.writeUses()
  }
  vi.setSystemTime(day + 25 * 3_600_000)
  callerOf(all, token)
  await all.writeUses()
  expect(marked).toEqual([
    [[key.prefix], day],
    [[key.prefix], Date.UTC(2026, 0, 2)],
  ])
})

function callerOf(all: ApiKeys, token: string): IdentifiedCaller {
  const caller = all.identify(token)
  if (caller?.kind !== 'caller') throw new Error(caller?.detail ?? 'no such key')
  return caller
}
