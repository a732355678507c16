import { describe, expect, test, vi } from 'vitest'
import type { IndexRange, LedgerReader, StoredEntry } from '../ledger/ledger-store.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { Indexer } from './indexer.ts'
import type { IndexedEntry, SearchIndex } from './search-index.ts'

const text = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
const SALT = new Uint8Array(16)

interface State {
  size: number
  indexed: number
  streams: number
  moved: number
  erasures: number
  fences: number
  readonly erased: Set<number>
  /** Told whenever the cursor of a ledger is asked for. */
  asked?: (ledger: string) => void
}

/** A ledger, an index and streams that live in memory; entries hold their own number. */
function rig({ size = 10, sharesIndex = false } = {}) {
  const applied = new Map<number, IndexedEntry>()
  const streamed: IndexRange[] = []
  const failures: string[] = []
  const state: State = {
    size,
    indexed: 0,
    streams: 0,
    moved: 0,
    erasures: 0,
    fences: 0,
    erased: new Set<number>(),
  }
  const entryAt = (index: number): StoredEntry => ({
    index,
    leaf: new Uint8Array(89),
    core: { kind: 'present', bytes: text({ action: `a-${index}` }), salt: SALT },
    personal: state.erased.has(index)
      ? { kind: 'erased' }
      : { kind: 'present', bytes: text({ actor: { id: `u-${index}` } }), salt: SALT },
  })
  const ledgers: Pick<LedgerReader, 'ledger' | 'readEntries'> = {
    ledger: async () => ({ size: state.size }) as never,
    readEntries: async (_, from, count) =>
      Array.from({ length: Math.min(count, state.size - from) }, (__, i) => entryAt(from + i)),
  }
  const index: Partial<SearchIndex> = {
    async cursor(ledger) {
      state.asked?.(ledger)
      return state.indexed
    },
    async apply(_, entries, cursor) {
      if (state.moved-- > 0) throw new TrailproofError('HEAD_MOVED', 'another was first', { retryable: true })
      for (const entry of entries) applied.set(entry.index, entry)
      state.indexed = cursor
    },
    eraseEntries: async (_, entries) => {
      state.erasures++
      for (const { index: at } of entries) applied.set(at, { ...applied.get(at)!, personal: undefined })
    },
    personalIn: async (_, { from, to }) =>
      [...applied.values()].flatMap(({ index: at, personal }) =>
        at >= from && at < to && personal !== undefined ? [at] : [],
      ),
    fence: async () => void state.fences++,
    async reset() {
      applied.clear()
      state.indexed = 0
    },
  }
  const indexer = new Indexer({
    ledgers: ledgers as LedgerReader,
    index: index as SearchIndex,
    streams: {
      cursor: () => state.streams,
      apply(_, entries, to) {
        streamed.push({ from: entries[0]!.index, to })
        state.streams = Math.max(state.streams, to)
      },
    },
    sharesIndex,
    onProgress: () => undefined,
    onFailure: (_, at, error) => failures.push(`${at}: ${error.message}`),
  })
  return { indexer, applied, streamed, failures, state }
}

describe('beside another server that moves the index on', () => {
  test('the streams are followed, and the index is left alone', async () => {
    const { indexer, state, applied } = rig({ sharesIndex: true })
    indexer.announce('main', 10)
    await vi.waitUntil(() => state.streams === 10)
    expect(applied.size).toBe(0)
  })

  test('it goes on from where the other one was once it is its turn', async () => {
    const { indexer, state, applied } = rig({ sharesIndex: true })
    state.indexed = 4
    indexer.announce('main', 10)
    await indexer.lead(true)
    await vi.waitUntil(() => state.indexed === 10)
    expect([...applied.keys()]).toEqual([4, 5, 6, 7, 8, 9])
  })

  test('what both changed at once is read anew, and is no failure', async () => {
    const { indexer, state, applied, failures } = rig()
    state.moved = 2
    indexer.announce('main', 10)
    await vi.waitUntil(() => state.indexed === 10)
    expect([applied.size, failures]).toEqual([10, []])
  })

  test('search comes before streams that have everything still to read', async () => {
    const { indexer, state, streamed, applied } = rig()
    state.indexed = 8
    indexer.announce('main', 10)
    await vi.waitUntil(() => state.streams === 10)
    expect([...applied.keys()]).toEqual([8, 9])
    expect(streamed).toEqual([{ from: 0, to: 10 }])
  })

  test('an index of more than the ledger holds is begun anew by whoever leads', async () => {
    const { indexer, state, applied } = rig({ sharesIndex: true })
    state.indexed = 50
    await indexer.forgetOutlived('main')
    expect(state.indexed).toBe(50)
    indexer.announce('main', 10)
    await indexer.lead(true)
    await vi.waitUntil(() => state.indexed === 10)
    expect(applied.size).toBe(10)
  })
})

test('what is announced while other ledgers are looked at is indexed, too', async () => {
  const { indexer, state } = rig()
  indexer.announce('main', 10)
  await vi.waitUntil(() => state.indexed === 10)
  state.asked = (ledger) => {
    if (ledger !== 'other') return
    delete state.asked
    state.size = 12
    indexer.announce('main', 12)
  }
  indexer.announce('other', 5)
  await vi.waitUntil(() => state.indexed === 12)
})

describe('what is erased', () => {
  test('before it is indexed does not come into the index while its content can still be read', async () => {
    const { indexer, state, applied } = rig({ sharesIndex: true })
    await indexer.erase('main', [{ from: 3, to: 5 }])
    indexer.announce('main', 10)
    await indexer.lead(true)
    await vi.waitUntil(() => state.indexed === 10)
    expect([...applied.values()].filter(({ personal }) => !personal).map(({ index }) => index)).toEqual([
      3, 4,
    ])
  })

  test('is erased at once, however scattered it is', async () => {
    const { indexer, state, applied } = rig()
    indexer.announce('main', 10)
    await vi.waitUntil(() => state.indexed === 10)
    await indexer.erase(
      'main',
      [1, 4, 8].map((from) => ({ from, to: from + 1 })),
    )
    const left = [...applied.values()].filter(({ personal }) => personal).map(({ index }) => index)
    expect([left, state.erasures]).toEqual([[0, 2, 3, 5, 6, 7, 9], 1])
  })

  test('is not indexed again either while its content can still be read', async () => {
    const { indexer, state, applied } = rig()
    indexer.announce('main', 10)
    await vi.waitUntil(() => state.indexed === 10)
    await indexer.erase('main', [{ from: 2, to: 4 }])
    await indexer.rebuild('main')
    await vi.waitUntil(() => state.indexed === 10)
    expect([2, 3].map((at) => applied.get(at)?.personal)).toEqual([undefined, undefined])
  })

  test('is kept from what another server has read before, and what came in is forgotten', async () => {
    const { indexer, state, applied } = rig({ sharesIndex: true })
    indexer.announce('main', 10)
    await indexer.erase('main', [{ from: 5, to: 6 }])
    // The server whose turn it is had read them, and indexes them only now.
    for (let at = 0; at < 10; at++) applied.set(at, { index: at, recordedAt: 0, core: {}, personal: {} })
    state.indexed = 10
    state.erased.add(5)
    await indexer.eraseAgain('main', [{ from: 5, to: 6 }])
    expect([state.fences, state.indexed, applied.size]).toEqual([1, 0, 0])
  })

  test('and destroyed before the index forgot it makes the index begin anew', async () => {
    const { indexer, state, applied } = rig()
    indexer.announce('main', 10)
    await vi.waitUntil(() => state.indexed === 10)
    state.erased.add(6)
    await indexer.erase('main', [{ from: 6, to: 7 }])
    await vi.waitUntil(() => state.indexed === 10)
    expect(applied.get(6)?.personal).toBeUndefined()
  })
})
