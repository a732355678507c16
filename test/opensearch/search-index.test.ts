/** The search index on a real OpenSearch: what the port promises, and what is kept when requests, writers and servers fail. */
import type { Filter } from '@trailproof/core/query'
import { openOpenSearchIndex } from '@trailproof/server/opensearch'
import { Deadline, type IndexedEntry, type SearchIndex } from '@trailproof/server/ports'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { searchIndexSuite } from '../../packages/conformance/src/search-index.suite.ts'
import { type OpenSearchNode, startOpenSearch } from '../support/opensearch-node.ts'
import {
  type OpenSearchProxy,
  type PassedRequest,
  startOpenSearchProxy,
  type Treatment,
} from '../support/opensearch-proxy.ts'
import { bytesBelow } from '../support/stored-bytes.ts'

const EPOCH_MS = Date.UTC(2026, 0, 1)
/** Entries in one index: a few of them make several. */
const PART = 8

let node: OpenSearchNode
let proxy: OpenSearchProxy
let prefixes = 0
let prefix = ''
beforeAll(async () => {
  node = await startOpenSearch()
  proxy = await startOpenSearchProxy(node.port)
})
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await node[Symbol.asyncDispose]()
})

searchIndexSuite({
  name: 'opensearch',
  open() {
    prefix = `suite${++prefixes}`
    return openOpenSearchIndex({ url: `${node.url}/${prefix}` })
  },
  reopen: () => openOpenSearchIndex({ url: `${node.url}/${prefix}` }),
  storedBytes: async () => bytesBelow(node.data),
})

describe('The search index on OpenSearch', () => {
  let index: SearchIndex
  beforeEach(async () => {
    prefix = `own${++prefixes}`
    proxy.treat = () => 'pass'
    index = await open()
  })
  afterEach(async () => {
    proxy.treat = () => 'pass'
    await index[Symbol.asyncDispose]()
    await call('DELETE', `/${await names()}`)
  })

  test('of indexers that apply the same steps at once, each step counts once', async () => {
    const indexers = await Promise.all([1, 2, 3].map(() => open()))
    await Promise.all(indexers.map((each) => applyUpTo(each, 60)))
    expect(await found(index)).toEqual(indexesTo(60))
    expect(await counted(index)).toEqual(60)
    for (const each of indexers) {
      const byAction = await each.tally(
        { ledger: 'main', filter: undefined, nowMs: 0, edges: [], by: ['action', 'actor.id'] },
        new Deadline(60_000),
      )
      expect(byAction!.by['action']!.get('action-3')).toEqual([6])
      expect(byAction!.by['actor.id']!.get('person-1')).toEqual([12])
    }
  })

  test('refuses the very first step, too, when it was read before a fence', async () => {
    expect(await index.cursor('main')).toBe(0)
    await (await open()).fence('main')
    await expect(index.apply('main', entries(0, 10), 10)).rejects.toMatchObject({ code: 'HEAD_MOVED' })
    await applyUpTo(index, 10)
    expect(await found(index, is('actor.id', 'person-2'))).toEqual([2, 7])
  })

  test.each([
    ['reset', (other: SearchIndex) => other.reset('main')],
    ['erased in', (other: SearchIndex) => other.eraseEntries('main', [entry(3)])],
    ['fenced off', (other: SearchIndex) => other.fence('main')],
  ])('refuses a step read before another indexer %s the ledger', async (_, change) => {
    await applyUpTo(index, 10)
    expect(await index.cursor('main')).toBe(10)
    await change(await open())
    await expect(index.apply('main', entries(10, 20), 20)).rejects.toMatchObject({
      code: 'HEAD_MOVED',
      retryable: true,
    })
    await applyUpTo(index, 20)
    expect(await found(index, is('actor.id', 'person-2'))).toEqual([2, 7, 12, 17])
  })

  test('a writer that was paused neither brings back what was erased nor moves the cursor', async () => {
    await applyUpTo(index, 10)
    const paused = await open(proxy.url)
    await paused.cursor('main')
    const reached = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    proxy.treat = async ({ path }): Promise<Treatment> => {
      if (!path.includes('writes/_bulk')) return 'pass'
      reached.resolve()
      await goOn.promise
      return 'pass'
    }
    const late = paused.apply('main', [entry(10), saying(11, 'lateone'), saying(12, 'latetwo')], 13)
    await reached.promise
    await index.apply('main', [entry(10), saying(11, 'lateone')], 12)
    await index.eraseEntries('main', [saying(11, 'lateone')])
    await index.apply('main', [{ ...entry(12), personal: undefined }], 13)
    goOn.resolve()
    await expect(late).rejects.toMatchObject({ code: 'HEAD_MOVED' })
    expect(await index.cursor('main')).toBe(13)
    expect(await index.personalIn('main', { from: 11, to: 12 })).toEqual([])
    expect(await index.personalIn('main', { from: 12, to: 13 })).toEqual([])
    for (const gone of ['lateone', 'latetwo']) {
      expect(await found(index, text(gone))).toEqual([])
      expect(bytesBelow(node.data).includes(gone)).toBe(false)
    }
  })

  test('what a step left behind that was cut off, and was erased since, is in no file after the next', async () => {
    const cut = await open(proxy.url)
    await cut.apply('main', entries(0, 4), 4)
    proxy.treat = ({ path }) => (path.includes('_refresh') ? 'refuse' : 'pass')
    await expect(
      cut.apply('main', [entry(4), saying(5, 'leftover'), ...entries(6, 12)], 12),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await index.cursor('main')).toBe(4)
    expect(await found(index)).toEqual(indexesTo(4))
    expect(await index.personalIn('main', { from: 5, to: 6 })).toEqual([5])
    const again = [entry(4), { ...entry(5), personal: undefined }, ...entries(6, 12)]
    await index.apply('main', again, 12)
    expect(await found(index)).toEqual(indexesTo(12))
    expect(await index.personalIn('main', { from: 5, to: 6 })).toEqual([])
    expect(await found(index, is('targets.id', 'order-6'))).toEqual([6])
    expect(bytesBelow(node.data).includes('leftover')).toBe(false)
  })

  test.each(['refuse', 'lose'] as const)(
    'a step of which any request fails (%s) is whole when it is applied again',
    async (treatment) => {
      const requests = await countRequests(async (cut) => {
        await cut.reset('main')
        await applyOnce(cut, 20)
      })
      for (let fails = 1; fails <= requests; fails++) {
        const cut = await open(proxy.url)
        proxy.treat = failingAt(fails, treatment)
        await outcomeOf(async () => {
          await cut.reset('main')
          await applyOnce(cut, 20)
        })
        proxy.treat = () => 'pass'
        await applyOnce(cut, 20)
        expect(await found(index), `request ${fails}`).toEqual(indexesTo(20))
        expect(await counted(index)).toBe(20)
      }
    },
  )

  test.each(['refuse', 'lose'] as const)(
    'an erasure of which any request fails (%s) is complete when it is run again',
    async (treatment) => {
      // What is erased differs each time, so that nothing of it is in the files of another attempt.
      const erased = saying(PART, 'first')
      await index.apply('main', [...entries(0, PART), erased], PART + 1)
      const requests = await countRequests((cut) => cut.eraseEntries('main', [erased]))
      for (let fails = 1; fails <= requests; fails++) {
        const secret = `hush${fails}x${treatment}`
        const secretive = saying(PART, secret)
        await index.reset('main')
        await index.apply('main', [...entries(0, PART), secretive, entry(PART + 1)], PART + 2)
        const cut = await open(proxy.url)
        proxy.treat = failingAt(fails, treatment)
        const error = await outcomeOf(() => cut.eraseEntries('main', [secretive]))
        proxy.treat = () => 'pass'
        expect(await found(index), `request ${fails}`).toEqual(indexesTo(PART + 2))
        if (error !== undefined) {
          expect(error, `request ${fails}`).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
          await cut.eraseEntries('main', [secretive])
        }
        expect(await found(index), `request ${fails}`).toEqual(indexesTo(PART + 2))
        expect(await found(index, text(secret))).toEqual([])
        expect(await index.personalIn('main', { from: PART, to: PART + 1 })).toEqual([])
        expect(await index.personalIn('main', { from: PART + 1, to: PART + 2 })).toEqual([PART + 1])
        expect((await names()).split(',')).toHaveLength(3)
        expect(bytesBelow(node.data).includes(secret), `request ${fails}`).toBe(false)
      }
    },
  )

  test('an erasure takes along what another indexer applies meanwhile', async () => {
    await applyUpTo(index, 4)
    const erasing = await open(proxy.url)
    let applied = false
    proxy.treat = async ({ path }): Promise<Treatment> => {
      // It has copied what it saw, and is about to say so.
      if (path.includes('_refresh') && !applied) {
        applied = true
        await applyUpTo(index, 7)
      }
      return 'pass'
    }
    await erasing.eraseEntries('main', [entry(1)])
    expect(await found(index)).toEqual(indexesTo(7))
    expect(await index.personalIn('main', { from: 1, to: 2 })).toEqual([])
    expect(await found(index, is('targets.id', 'order-6'))).toEqual([6])
  })

  test('documents that there is no room for are sent again, and no others', async () => {
    const busy = await open(proxy.url)
    const sent: number[] = []
    proxy.treat = ({ path, body }) => {
      if (!path.includes('writes/_bulk')) return 'pass'
      sent.push(body.split('\n').length >> 1)
      if (sent.length === 1) return { status: 429, body: { error: { type: 'rejected', reason: 'full' } } }
      if (sent.length > 3) return 'pass'
      return { change: rejecting(429) }
    }
    await busy.apply('main', entries(0, 6), 6)
    expect(sent).toEqual([6, 6, 1, 1])
    expect(await found(index)).toEqual(indexesTo(6))
  })

  test.each([
    [429, 'OVERLOADED', true],
    [400, 'STORE_REFUSED', false],
  ])('a document that is refused with %i moves no cursor', async (status, code, retryable) => {
    const refused = await open(proxy.url)
    proxy.treat = ({ path }) => (path.includes('writes/_bulk') ? { change: rejecting(status) } : 'pass')
    await expect(refused.apply('main', entries(0, 6), 6)).rejects.toMatchObject({
      code,
      retryable,
      ...(code === 'STORE_REFUSED' && { message: expect.stringContaining('document 5') as string }),
    })
    expect(await index.cursor('main')).toBe(0)
    expect(await found(index)).toEqual([])
  })

  test('indices that another drops at the same moment are no failure, and the others go', async () => {
    await applyUpTo(index, 20)
    expect((await names()).split(',').length).toBeGreaterThan(2)
    const late = await open(proxy.url)
    let drops = 0
    proxy.treat = ({ method }) => {
      if (method !== 'DELETE' || ++drops > 1) return 'pass'
      return { status: 404, body: { error: { type: 'index_not_found_exception', reason: 'no such index' } } }
    }
    await late.reset('main')
    expect(drops).toBe(2)
    expect((await names()).split(',')).toHaveLength(1) // of what is known of ledgers
  })

  test('of a search that the cluster ends, the next goes on where it began', async () => {
    await applyUpTo(index, 20)
    const slow = await open(proxy.url)
    proxy.treat = ({ path }) =>
      path.includes('_search') ? { change: (answer) => ({ ...answer, timed_out: true }) } : 'pass'
    const request = { ledger: 'main', filter: undefined, nowMs: 0 }
    const page = { ...request, order: 'newest', low: 0, high: 15, limit: 100 } as const
    expect(await slow.candidates(page, new Deadline(1000))).toEqual({ indexes: [], exact: true, next: 15 })
    const tally = await slow.tally({ ...request, edges: [], by: ['action'] }, new Deadline(1000))
    expect(tally!.complete).toBe(false)
    await expect(slow.timeRange('main')).rejects.toMatchObject({ code: 'OVERLOADED', retryable: true })
  })

  test('an answer without all shards is none', async () => {
    await applyUpTo(index, 20)
    const partial = await open(proxy.url)
    for (const shards of [
      { total: 3, successful: 2, failed: 1 },
      { total: 3, successful: 2, failed: 0 },
    ]) {
      proxy.treat = ({ path }) =>
        path.includes('_search') ? { change: (answer) => ({ ...answer, _shards: shards }) } : 'pass'
      await expect(found(partial)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
      await expect(counted(partial)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
    }
  })

  test('an index that somebody deleted is missed, until the ledger is indexed again', async () => {
    await applyUpTo(index, 20)
    const one = (await names()).split(',').find((name) => name.includes('.1.'))
    await call('DELETE', `/${one!}`)
    await expect(found(index)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    await index.reset('main')
    await applyUpTo(index, 20)
    expect(await found(index)).toEqual(indexesTo(20))
  })

  test('a reset leaves no index of before, not even one that a crash left', async () => {
    await applyUpTo(index, 20)
    await call('PUT', `/${prefix}-main~0badcafe.0.0`)
    await index.reset('main')
    expect((await names()).split(',')).toEqual([`${prefix}~ledgers`])
  })

  test('an erasure leaves no index that one before it was cut off in', async () => {
    await applyUpTo(index, 20)
    const stray = (await names())
      .split(',')
      .find((name) => name.endsWith('.1.0'))!
      .replace(/0$/, '0badcafe')
    await call('PUT', `/${stray}`)
    await index.eraseEntries('main', [entry(1)])
    expect(await names()).not.toContain(stray)
    expect(await found(index)).toEqual(indexesTo(20))
  })

  test('a search between whose requests the ledger is indexed anew asks again', async () => {
    await applyUpTo(index, 10)
    const searching = await open(proxy.url)
    let isAnew = false
    proxy.treat = async ({ path }): Promise<Treatment> => {
      if (path.includes('_search') && !isAnew) {
        isAnew = true
        await index.reset('main')
        await applyUpTo(index, 12)
      }
      return 'pass'
    }
    expect(await found(searching)).toEqual(indexesTo(12))
  })

  test('entries of shapes beyond the bound are candidates, and are not counted by shape', async () => {
    const few = await openOpenSearchIndex({ url: `${node.url}/${prefix}`, partEntries: PART, shapesMax: 2 })
    await applyUpTo(few, 20)
    const request = { ledger: 'main', filter: is('action', 'action-1'), nowMs: 0, order: 'oldest' } as const
    const page = await index.candidates({ ...request, low: 0, high: 20, limit: 100 }, new Deadline(60_000))
    expect(page.exact).toBe(false)
    // All but those of the other shape that is known.
    expect(page.indexes).toEqual(indexesTo(20).filter((each) => each % 10 !== 0))
    const tally = { ledger: 'main', filter: undefined, nowMs: 0, edges: [], by: ['action'] }
    expect(await index.tally(tally, new Deadline(60_000))).toBeUndefined()
    expect(await counted(index)).toBe(20)
  })

  test('entries whose actor is longer than a keyword may be are found, and not counted by it', async () => {
    const long = { ...entry(1), personal: { actor: { id: 'ü'.repeat(20_000) } } }
    await index.apply('main', [entry(0), long], 2)
    const exists: Filter = { kind: 'field', field: 'actor.id', test: { op: 'exists' } }
    expect(await found(index, exists)).toEqual([0, 1])
    const request = { ledger: 'main', filter: undefined, nowMs: 0, edges: [] }
    expect(await index.tally({ ...request, by: ['actor.id'] }, new Deadline(60_000))).toBeUndefined()
    expect((await index.tally({ ...request, by: ['kind'] }, new Deadline(60_000)))!.counts).toEqual([2])
  })

  test('counts go on over as many answers as they need', async () => {
    await applyUpTo(index, 40)
    const edges = Array.from({ length: 3000 }, (_, i) => EPOCH_MS + i * 10)
    const tally = await index.tally(
      { ledger: 'main', filter: undefined, nowMs: 0, edges, by: ['action', 'actor.id'] },
      new Deadline(60_000),
    )
    expect(tally!.complete).toBe(true)
    expect(tally!.counts.reduce((sum, count) => sum + count, 0)).toBe(40)
    expect(tally!.counts.slice(0, 4)).toEqual([10, 10, 10, 10])
    expect(tally!.by['actor.id']!.get('person-4')!.slice(0, 5)).toEqual([2, 2, 2, 2, 0])
  })

  test('a server that is away is said to be, and what was applied before and after is there', async () => {
    await applyUpTo(index, 10)
    const applying = outcomeOf(async () => {
      for (let size = 12; size <= 400; size += 2) await applyOnce(index, size)
    })
    await expect.poll(() => index.cursor('main')).toBeGreaterThan(20)
    await node.kill()
    expect(await applying).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
    for (const question of [() => found(index), () => counted(index), () => index.cursor('main')])
      await expect(question()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
    await expect(open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
    await node.start()
    // While its shards are read, it answers with everything or not at all.
    await expect.poll(() => outcomeOf(() => found(index)), { timeout: 30_000 }).toBeUndefined()
    const cursor = await index.cursor('main')
    expect(await found(index)).toEqual(indexesTo(cursor))
    await applyUpTo(index, cursor + 20)
    expect(await found(index)).toEqual(indexesTo(cursor + 20))
    expect(await counted(index)).toBe(cursor + 20)
  })
})

function entry(index: number): IndexedEntry {
  return {
    index,
    recordedAt: (EPOCH_MS + index) * 1000,
    core: {
      kind: 'event',
      action: `action-${index % 10}`,
      timestamp: new Date(EPOCH_MS + index).toISOString(),
    },
    personal: { actor: { id: `person-${index % 5}` }, targets: [{ type: 'order', id: `order-${index}` }] },
  }
}

const saying = (index: number, message: string): IndexedEntry => ({ ...entry(index), personal: { message } })
const entries = (from: number, to: number): IndexedEntry[] =>
  Array.from({ length: to - from }, (_, i) => entry(from + i))
const indexesTo = (size: number): number[] => Array.from({ length: size }, (_, i) => i)
const is = (field: string, value: string): Filter => ({ kind: 'field', field, test: { op: 'equals', value } })

const text = (word: string): Filter => ({ kind: 'text', text: word, phrase: false })

const open = (url = node.url): Promise<SearchIndex> =>
  openOpenSearchIndex({ url: `${url}/${prefix}`, partEntries: PART })

async function found(index: SearchIndex, filter?: Filter): Promise<readonly number[]> {
  const request = {
    ledger: 'main',
    filter,
    nowMs: 0,
    order: 'oldest',
    low: 0,
    high: 1e9,
    limit: 1000,
  } as const
  return (await index.candidates(request, new Deadline(60_000))).indexes
}

async function counted(index: SearchIndex): Promise<number> {
  const request = { ledger: 'main', filter: undefined, nowMs: 0, edges: [], by: [] }
  return (await index.tally(request, new Deadline(60_000)))!.counts[0]!
}

async function applyOnce(index: SearchIndex, size: number): Promise<void> {
  const cursor = await index.cursor('main')
  if (cursor < size) await index.apply('main', entries(cursor, size), size)
}

async function applyUpTo(index: SearchIndex, size: number): Promise<void> {
  for (let at = await index.cursor('main'); at < size; at = await index.cursor('main'))
    await index.apply('main', entries(at, Math.min(size, at + 7)), Math.min(size, at + 7))
}

/** How many requests it takes when all goes well. */
async function countRequests(work: (index: SearchIndex) => Promise<unknown>): Promise<number> {
  const index = await open(proxy.url)
  let requests = 0
  proxy.treat = () => {
    requests++
    return 'pass'
  }
  await work(index)
  return requests
}

/** The request fails however often it is sent, until another one is. */
function failingAt(number: number, treatment: Treatment): (request: PassedRequest) => Treatment {
  let requests = 0
  let failed: string | undefined
  return ({ method, path }) => {
    if (failed === `${method} ${path}`) return treatment
    failed = ++requests === number ? `${method} ${path}` : undefined
    return requests === number ? treatment : 'pass'
  }
}

/** The last document is refused. */
function rejecting(status: number) {
  return ({ items }: Record<string, unknown>): object => ({
    items: (items as object[]).map((item, i) =>
      i === (items as object[]).length - 1
        ? { create: { status, error: { type: 'mapper_parsing', reason: 'no' } } }
        : item,
    ),
  })
}

/** The error of work that may fail. */
async function outcomeOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
    return undefined
  } catch (error) {
    return error
  }
}

async function call(method: string, path: string): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${node.port}${path}`, { method })).text()
}

/** Of all indices of this test. */
async function names(): Promise<string> {
  const indices = JSON.parse(await call('GET', `/${prefix}*/_alias`)) as object
  return Object.keys(indices).join(',')
}
