/** What every SearchIndex must do. */
import type { IndexedEntry, SearchIndex } from '@trailproof/server/ports'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

export interface SearchIndexDriver {
  readonly name: string
  open(): Promise<SearchIndex>
  /** Opens the same index again after `close`. */
  reopen(): Promise<SearchIndex>
  /** Every byte the driver keeps outside the process. */
  storedBytes(): Promise<Buffer>
}

const DAY_MS = 86_400_000
const EPOCH_MS = Date.UTC(2026, 0, 1)

/** Entry `index` is of person `index % 10`, of the day `index`, and of one of two actions. */
function entry(index: number): IndexedEntry {
  return {
    index,
    recordedAt: (EPOCH_MS + index) * 1000,
    core: {
      id: `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`,
      kind: 'event',
      action: index % 2 === 0 ? 'order.placed' : 'order.shipped',
      service: 'Shop',
      timestamp: new Date(EPOCH_MS + index * DAY_MS).toISOString(),
      target_types: ['order'],
    },
    personal: {
      actor: { type: 'user', id: `person-${index % 10}` },
      targets: [
        { type: 'order', id: `o-${index}` },
        { type: 'order', id: 'every' },
      ],
      source: { ip: '10.0.0.1' },
    },
  }
}

const entries = (from: number, to: number): IndexedEntry[] =>
  Array.from({ length: to - from }, (_, i) => entry(from + i))

type Condition = Parameters<SearchIndex['search']>[0]['query']['conditions'][number]
const is = (field: Condition['field'], value: string): Condition => ({ field, value, prefix: false })
const begins = (field: Condition['field'], value: string): Condition => ({ field, value, prefix: true })

export function searchIndexSuite(driver: SearchIndexDriver): void {
  describe(`SearchIndex: ${driver.name}`, () => {
    let index: SearchIndex
    beforeEach(async () => {
      index = await driver.open()
    })
    afterEach(() => index[Symbol.asyncDispose]())

    const find = async (
      conditions: Condition[],
      more: object = {},
      ledger = 'main',
    ): Promise<readonly number[]> => {
      const page = await index.search({
        ledger,
        limit: 100,
        ...more,
        query: { conditions, ...(more as { time?: object }).time },
      })
      return page.indexes
    }

    test('knows nothing of a ledger it was not given', async () => {
      expect(await index.cursor('main')).toBe(0)
      expect(await index.search({ ledger: 'main', query: { conditions: [] }, limit: 10 })).toEqual({
        indexes: [],
        indexedSize: 0,
      })
    })

    test('finds by each field, exactly, in ledger order, newest first', async () => {
      await index.apply('main', entries(0, 50), 50)
      expect(await find([is('actor', 'person-3')])).toEqual([43, 33, 23, 13, 3])
      expect(await find([is('target', 'o-7')])).toEqual([7])
      expect(await find([is('target', 'every')], { limit: 3 })).toEqual([49, 48, 47])
      expect(await find([is('id', entry(5).core['id'] as string)])).toEqual([5])
      expect(await find([is('actor', 'person-')])).toEqual([])
      expect(await find([is('service', 'shop')])).toEqual([])
      expect(await find([is('service', 'Shop')], { limit: 1 })).toEqual([49])
    })

    test('all conditions must hold, prefixes among them', async () => {
      await index.apply('main', entries(0, 50), 50)
      expect(await find([is('actor', 'person-3'), is('action', 'order.placed')])).toEqual([])
      expect(
        await find([is('actor', 'person-3'), is('action', 'order.shipped'), begins('ip', '10.')]),
      ).toEqual([43, 33, 23, 13, 3])
      expect(await find([begins('target', 'o-4'), begins('action', 'order.p')])).toEqual([
        48, 46, 44, 42, 40, 4,
      ])
      expect(await find([begins('action', '')], { limit: 2 })).toEqual([49, 48])
    })

    test('pages by index in both directions', async () => {
      await index.apply('main', entries(0, 50), 50)
      const action = [is('action', 'order.placed')]
      expect(await find(action, { limit: 3, before: 44 })).toEqual([42, 40, 38])
      expect(await find(action, { limit: 3, from: 41 })).toEqual([42, 44, 46])
      expect(await find([], { limit: 2, before: 10 })).toEqual([9, 8])
    })

    test('filters by the time that the producer gave, the end excluded', async () => {
      await index.apply('main', entries(0, 50), 50)
      const time = { fromMs: EPOCH_MS + 10 * DAY_MS, toMs: EPOCH_MS + 13 * DAY_MS }
      expect(await find([], { time })).toEqual([12, 11, 10])
      expect(await find([is('actor', 'person-1')], { time })).toEqual([11])
    })

    test('applying the same entries again changes nothing', async () => {
      await index.apply('main', entries(0, 20), 20)
      await index.apply('main', entries(10, 30), 30)
      await index.apply('main', entries(0, 20), 20)
      expect(await index.cursor('main')).toBe(30)
      expect(await find([is('actor', 'person-3')])).toEqual([23, 13, 3])
    })

    test('keeps ledgers apart', async () => {
      await index.apply('main', entries(0, 10), 10)
      await index.apply('other', entries(0, 3), 3)
      expect(await find([is('target', 'every')], {}, 'other')).toEqual([2, 1, 0])
      expect(await index.cursor('main')).toBe(10)
    })

    test('keeps what was applied', async () => {
      await index.apply('main', entries(0, 20), 20)
      await index[Symbol.asyncDispose]()
      index = await driver.reopen()
      expect(await index.cursor('main')).toBe(20)
      expect(await find([is('actor', 'person-3')])).toEqual([13, 3])
    })

    test('forgets the personal fields of erased entries, once and out of every file', async () => {
      const secret = { ...entry(5), personal: { actor: { id: 'very-personal-name' } } }
      await index.apply('main', [...entries(0, 5), secret, ...entries(6, 20)], 20)
      expect(await index.holdsPersonal('main', 5)).toBe(true)
      await index.eraseEntries('main', [secret])
      await index.eraseEntries('main', [secret])
      expect(await index.holdsPersonal('main', 5)).toBe(false)
      expect(await find([is('actor', 'very-personal-name')])).toEqual([])
      expect(await find([is('id', secret.core['id'] as string)])).toEqual([5])
      expect(await find([is('actor', 'person-6')])).toEqual([16, 6])
      const stored = await driver.storedBytes()
      expect(stored.includes('very-personal-name')).toBe(false)
      expect(stored.includes(Buffer.from('very-personal-name').toString('hex'))).toBe(false)
    })

    test('takes values of any length and alphabet', async () => {
      const values = [
        '',
        ' ',
        '"quoted" AND NOT x*',
        'ünïcödé ✓ 日本',
        'a'.repeat(5000),
        `${'a'.repeat(5000)}b`,
        '\u0000',
      ]
      await index.apply(
        'main',
        values.map((id, i) => ({ ...entry(i), personal: { actor: { id } } })),
        values.length,
      )
      for (const [i, value] of values.entries())
        if (value !== '') expect(await find([is('actor', value)])).toEqual([i])
    })

    test('a reset drops everything, and it can be filled again', async () => {
      await index.apply('main', entries(0, 20), 20)
      await index.reset('main')
      expect(await index.cursor('main')).toBe(0)
      expect(await find([is('actor', 'person-3')])).toEqual([])
      await index.apply('main', entries(0, 20), 20)
      expect(await find([is('actor', 'person-3')])).toEqual([13, 3])
    })
  })
}
