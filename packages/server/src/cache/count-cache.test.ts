import { randomBytes } from 'node:crypto'
import { encodeBase64 } from '@trailproof/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { LedgerTable } from '../ledger/ledger-table.ts'
import { Metrics } from '../metrics/metrics.ts'
import type { WorkerApi } from '../process/worker-call.ts'
import type { SearchHandlers } from '../search/search-worker.ts'
import type { TallyAnswer } from '../search/searcher.ts'
import { CacheReports } from './cache-reports.ts'
import { CacheSeal } from './cache-seal.ts'
import type { CacheStore } from './cache-store.ts'
import { rememberCounts } from './count-cache.ts'
import { ErasureGate } from './erasure-gate.ts'

/** In memory; `onRead` is called while somebody waits for what is read. */
let kept: Map<string, Buffer>
let onRead: () => Promise<void>
const store: CacheStore = {
  async read(names) {
    await onRead()
    return names.map((name) => kept.get(name))
  },
  write: (entries) => entries.forEach(({ name, value }) => kept.set(name, Buffer.from(value))),
  tally: async () => undefined,
  forget: async () => true, // it cannot be reached
  [Symbol.asyncDispose]: async () => undefined,
}

/** What the index finds at this moment, and how often it was asked. */
let found: number
let cursor: number
let onCursor: () => void
let asked: number
let onAsk: () => Promise<void>
const answer = (): TallyAnswer => ({
  counts: [found],
  by: {},
  complete: true,
  valuesCut: false,
  sampled: undefined,
})

let ledgers: LedgerTable
let gate: ErasureGate
let isWhole: boolean
let searcher: WorkerApi<SearchHandlers>
beforeEach(() => {
  kept = new Map()
  ;[found, cursor, asked, isWhole] = [1, 1, 0, true]
  onCursor = () => undefined
  onRead = async () => undefined
  onAsk = async () => undefined
  ledgers = new LedgerTable(Date.now)
  addLedger('main')
  gate = new ErasureGate({
    listed: async () => 1,
    forget: async () => undefined,
    now: () => 0,
    follows: false,
  })
  const metrics = new Metrics()
  const log = { warn: () => undefined }
  searcher = rememberCounts(
    {
      tally: async () => {
        asked++
        const counted = answer()
        await onAsk()
        return counted
      },
      cursor: async () => {
        onCursor()
        return cursor
      },
    } as unknown as WorkerApi<SearchHandlers>, // nothing else is asked
    {
      store,
      seal: new CacheSeal(Buffer.alloc(32)),
      reports: new CacheReports(metrics, log, () => 0),
      ledgers,
      gate,
      isIndexWhole: () => isWhole,
    },
  )
})

function addLedger(name: string): void {
  const dedupeKey = randomBytes(32)
  ledgers.add({
    name,
    origin: `example.com/${name}`,
    verifierKey: '',
    size: 0,
    checkpoint: '',
    dedupeKey,
    idKey: dedupeKey,
    state: { kind: 'open' },
  })
  grow(name, 1)
}

/** To a size, with all of it indexed. */
function grow(ledger: string, size: number): void {
  const root = encodeBase64(randomBytes(32))
  const checkpoint = `example.com/${ledger}\n${size}\n${root}\n\n— example.com/${ledger} ${encodeBase64(randomBytes(68))}\n`
  ledgers.advance({ ledger, size, checkpoint })
  cursor = size
  ledgers.indexed(ledger, size)
}

/** What is remembered is so behind the caller's back. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function count(ledger = 'main', nowMs = 7): Promise<number> {
  const request = { ledger, filter: undefined, nowMs, timeoutMs: 5_000, edges: [], by: [], sample: 5_000 }
  const { counts } = await searcher.tally(request)
  await settled()
  return counts[0]!
}

describe('counts', () => {
  test('are asked for once', async () => {
    expect([await count(), await count(), await count('main', 8)]).toEqual([1, 1, 1])
    expect(asked).toBe(1)
  })

  test('of a ledger that has grown are asked for again', async () => {
    await count()
    found = 2
    grow('main', 2)
    expect(await count()).toBe(2)
  })

  test('of another ledger of the same name are asked for again', async () => {
    await count()
    found = 9
    addLedger('main')
    expect(await count()).toBe(9)
  })

  test('are neither remembered nor told while the index is behind', async () => {
    await count()
    ledgers.indexed('main', 0)
    expect([await count(), await count()]).toEqual([1, 1])
    expect(asked).toBe(3)
    expect(kept.size).toBe(1)
  })

  test('that a record came in on are not remembered', async () => {
    onAsk = async () => grow('main', 2)
    await count()
    expect(kept.size).toBe(0)
  })

  test('of an index that is made anew are not remembered, before that is known of it', async () => {
    cursor = 0
    await count()
    expect(kept.size).toBe(0)
    cursor = 1
    let asks = 0
    onCursor = () => (cursor = ++asks === 1 ? 1 : 0)
    await count()
    expect(kept.size).toBe(0)
  })

  test('of an index that could not take everything in are not remembered', async () => {
    isWhole = false
    await count()
    expect(kept.size).toBe(0)
  })
})

describe('while something is erased', () => {
  test('nothing is told that was remembered before, though Redis cannot forget it', async () => {
    await count()
    await gate.erasing('main', async () => {
      found = 0
      expect(await count()).toBe(0)
    })
    expect(await count()).toBe(0)
    expect(asked).toBe(3)
  })

  test('what was counted before it and comes back after it is not remembered', async () => {
    onAsk = async () =>
      gate.erasing('main', async () => {
        found = 0
      })
    expect(await count()).toBe(1)
    expect(kept.size).toBe(0)
    onAsk = async () => undefined
    expect(await count()).toBe(0)
  })

  test('what was read before it and comes back after it is not told', async () => {
    await count()
    onRead = async () =>
      gate.erasing('main', async () => {
        found = 0
      })
    expect(await count()).toBe(0)
  })
})
