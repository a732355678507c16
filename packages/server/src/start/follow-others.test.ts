import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ErasureGate } from '../cache/erasure-gate.ts'
import type { ListedErasure } from '../ledger/erasure-list.ts'
import type { LedgerInfo } from '../ledger/ledger-info.ts'
import type { IndexRange } from '../ledger/ledger-store.ts'
import { LedgerTable } from '../ledger/ledger-table.ts'
import type { Role } from '../roles.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { type FollowDeps, followOthers } from './follow-others.ts'

let followings: AsyncDisposable[] = []

function follow(deps: FollowDeps): AsyncDisposable {
  const following = followOthers(deps)
  followings.push(following)
  return following
}

beforeEach(() => void vi.useFakeTimers())
afterEach(async () => {
  const ending = Promise.all(followings.map((following) => following[Symbol.asyncDispose]()))
  followings = []
  await vi.advanceTimersByTimeAsync(5000)
  await ending
  vi.useRealTimers()
})

/** Two looks, so that what the first has read is followed by the second. */
const looks = () => vi.advanceTimersByTimeAsync(1200)
const away = () => Promise.reject(new TrailproofError('STORE_UNAVAILABLE', 'away', { retryable: true }))
const silent = () => new Promise<never>(() => undefined)
const shared = { database: 'postgres://db/a', intake: 'redis://broker', search_index: 'postgres://db/b' }

function ledger(name: string, size: number): LedgerInfo {
  return {
    name,
    origin: name,
    verifierKey: '',
    size,
    checkpoint: `${name} ${size}`,
    dedupeKey: new Uint8Array(),
    idKey: new Uint8Array(),
    state: { kind: 'open' },
  }
}

function erasure(from: number): ListedErasure {
  return { ranges: [{ from, to: from + 1 }], record: { id: `e-${from}`, digest: '', core: '', personal: '' } }
}

/** What is stored by all servers, and one server that follows it; each part of it may be replaced by a test. */
function cluster(names: readonly string[]) {
  const stored = new Map(names.map((name) => [name, ledger(name, 10)]))
  const listed = new Map<string, ListedErasure[]>()
  const erased: { ledger: string; ranges: readonly IndexRange[] }[] = []
  const reloaded = { keys: 0, saved: 0 }
  const announced: string[] = []
  const ledgers = new LedgerTable(() => 0)
  for (const info of stored.values()) ledgers.add(info)
  const deps = {
    settings: shared,
    roles: new Set<Role>(['receiver', 'sequencer', 'indexer', 'api']),
    log: pino({ enabled: false }),
    ledgers,
    storedLedgers: async (): Promise<readonly LedgerInfo[]> => [...stored.values()],
    callers: { reload: async () => void reloaded.keys++ },
    saved: { reload: async () => void reloaded.saved++ },
    searcher: { cursor: async (name: string) => stored.get(name)!.size },
    indexer: {
      announce: async (name: string, size: number) => void announced.push(`${name} ${size}`),
      erasedElsewhere: async (name: string, ranges: readonly IndexRange[]) =>
        void erased.push({ ledger: name, ranges }),
    },
    writer: {
      listedErasures: async (name: string): Promise<readonly ListedErasure[]> => listed.get(name) ?? [],
    },
    erasureGate: new ErasureGate({
      listed: async (name) => listed.get(name)?.length ?? 0,
      forget: async () => undefined,
      now: () => 0,
      follows: true,
    }),
  }
  const erase = (name: string, from: number): void => {
    listed.set(name, [...(listed.get(name) ?? []), erasure(from)])
    stored.set(name, ledger(name, stored.get(name)!.size + 1))
  }
  return { stored, listed, erased, erase, reloaded, announced, ledgers, deps }
}

test.each([
  ['away', away],
  ['silent', silent],
])('while the index is %s, keys, saved searches and heads are followed', async (_, cursor) => {
  const { deps, reloaded, stored, ledgers } = cluster(['main', 'other'])
  follow({ ...deps, searcher: { cursor } })
  await looks()
  for (const name of ['main', 'other', 'new']) stored.set(name, ledger(name, 12))
  const { keys, saved } = reloaded
  await looks()
  expect(['main', 'other', 'new'].map((name) => ledgers.get(name)?.size)).toEqual([12, 12, 12])
  expect(reloaded.keys).toBeGreaterThan(keys)
  expect(reloaded.saved).toBeGreaterThan(saved)
})

test.each([
  ['away', away],
  ['silent', silent],
])('while the ledgers are %s, keys are followed', async (_, storedLedgers) => {
  const { deps, reloaded } = cluster(['main'])
  follow({ ...deps, storedLedgers })
  await looks()
  expect(reloaded.keys).toBeGreaterThan(1)
})

test('while keys cannot be read, ledgers are followed', async () => {
  const { deps, stored, ledgers } = cluster(['main'])
  follow({ ...deps, callers: { reload: away }, saved: { reload: away } })
  stored.set('main', ledger('main', 11))
  await looks()
  expect(ledgers.get('main')!.size).toBe(11)
})

test('a ledger whose index cannot be asked holds up no other, and is asked again', async () => {
  const { deps, announced } = cluster(['main', 'other'])
  let isAway = true
  const cursor = (name: string) => (isAway && name === 'main' ? away() : Promise.resolve(10))
  follow({ ...deps, searcher: { cursor } })
  await looks()
  expect(new Set(announced)).toEqual(new Set(['other 10']))
  isAway = false
  await looks()
  expect(announced).toContain('main 10')
})

test('with an index of its own, it is told of a new ledger, also when it could not be at first', async () => {
  const { deps, stored, announced } = cluster(['main'])
  let isAway = true
  const cursor = () => (isAway ? away() : Promise.resolve(0))
  const settings = { ...shared, search_index: '' }
  follow({ ...deps, settings, searcher: { cursor } })
  stored.set('new', ledger('new', 3))
  await looks()
  expect(announced).toEqual([])
  isAway = false
  await looks()
  await looks()
  expect(announced).toEqual(['new 3'])
})

test('what is erased elsewhere is forgotten here, once', async () => {
  const { deps, erase, erased } = cluster(['main', 'other'])
  follow(deps)
  await looks()
  erase('main', 3)
  await looks()
  erase('main', 5)
  erase('other', 7)
  await looks()
  await looks()
  expect(erased).toEqual([
    { ledger: 'main', ranges: [{ from: 3, to: 4 }] },
    { ledger: 'main', ranges: [{ from: 5, to: 6 }] },
    { ledger: 'other', ranges: [{ from: 7, to: 8 }] },
  ])
})

test('what is erased elsewhere from a ledger that was succeeded is forgotten here, when its successor has said so', async () => {
  const { deps, stored, listed, erased, ledgers } = cluster([])
  const closed = { ...ledger('main', 10), state: { kind: 'closed', successor: 'main-2' } as const }
  for (const info of [closed, ledger('main-2', 3)]) {
    stored.set(info.name, info)
    ledgers.add(info)
  }
  follow(deps)
  await looks()
  listed.set('main', [{ ...erasure(4), ledger: 'main-2' }])
  stored.set('main-2', ledger('main-2', 4))
  await looks()
  await looks()
  expect(erased).toEqual([{ ledger: 'main', ranges: [{ from: 4, to: 5 }] }])
})

test('what is erased between the start and the first look is forgotten here', async () => {
  const { deps, erase, erased } = cluster(['main'])
  erase('main', 3)
  follow(deps)
  await looks()
  expect(erased).toEqual([{ ledger: 'main', ranges: [{ from: 3, to: 4 }] }])
})

test('an erasure that the index could not forget is tried again', async () => {
  const { deps, erase, erased } = cluster(['main'])
  let tries = 0
  const erasedElsewhere = async (name: string, ranges: readonly IndexRange[]) =>
    ++tries < 3 ? away() : void erased.push({ ledger: name, ranges })
  follow({ ...deps, indexer: { ...deps.indexer, erasedElsewhere } })
  await looks()
  erase('main', 3)
  await looks()
  await looks()
  expect(erased).toEqual([{ ledger: 'main', ranges: [{ from: 3, to: 4 }] }])
})

test('a damaged list of erasures holds up nothing else, and is told once', async () => {
  const { deps, erase, erased } = cluster(['damaged', 'main'])
  const told: unknown[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void told.push(JSON.parse(line)) })
  const listedErasures = (name: string) =>
    name === 'damaged'
      ? Promise.reject(new TrailproofError('DATA_DAMAGED', 'damaged.erasures, line 1: not JSON'))
      : deps.writer.listedErasures(name)
  follow({ ...deps, log, writer: { listedErasures } })
  await looks()
  erase('main', 3)
  await looks()
  expect(erased).toEqual([{ ledger: 'main', ranges: [{ from: 3, to: 4 }] }])
  expect(told).toMatchObject([{ err: { code: 'DATA_DAMAGED' } }])
})

test('without an index nothing is asked of one', async () => {
  const { deps, stored, ledgers, erased, erase, announced } = cluster(['main'])
  follow({ ...deps, roles: new Set<Role>(['receiver', 'sequencer']) })
  erase('main', 3)
  stored.set('new', ledger('new', 1))
  await looks()
  expect([ledgers.get('main')?.size, ledgers.get('new')?.size]).toEqual([11, 1])
  expect([...erased, ...announced]).toEqual([])
})

test('it ends with a look in hand, after seconds when that is never over', async () => {
  const { deps, reloaded } = cluster(['main'])
  const following = follow({ ...deps, searcher: { cursor: silent } })
  await looks()
  let isOver = false
  const ending = following[Symbol.asyncDispose]().then(() => (isOver = true))
  await vi.advanceTimersByTimeAsync(4_900)
  expect(isOver).toBe(false)
  await vi.advanceTimersByTimeAsync(200)
  await ending
  const { keys } = reloaded
  await looks()
  expect(reloaded.keys).toBe(keys)
  expect(vi.getTimerCount()).toBe(0)
})
