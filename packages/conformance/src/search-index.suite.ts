/** What every SearchIndex must do. */
import { type Filter, recordMatcher } from '@trailproof/core/query'
import { Deadline, type IndexedEntry, JOINT, type SearchIndex } from '@trailproof/server/ports'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleEntries, sampleFilters } from './sample-entries.ts'

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

function withTime(index: number, timestamp: string): IndexedEntry {
  const plain = entry(index)
  return { ...plain, core: { ...plain.core, timestamp } }
}

const entries = (from: number, to: number): IndexedEntry[] =>
  Array.from({ length: to - from }, (_, i) => entry(from + i))

const NOW_MS = EPOCH_MS + 100 * DAY_MS
const MINUTE_MS = 60_000
const is = (field: string, value: string): Filter => ({ kind: 'field', field, test: { op: 'equals', value } })
const begins = (field: string, value: string): Filter => ({
  kind: 'field',
  field,
  test: { op: 'wildcard', parts: [value, ''] },
})
const within = (fromMs: number, toMs: number): Filter => ({
  kind: 'field',
  field: 'timestamp',
  test: {
    op: 'range',
    low: { value: new Date(fromMs).toISOString(), inclusive: true },
    high: { value: new Date(toMs).toISOString(), inclusive: false },
  },
})
const and = (...parts: Filter[]): Filter => ({ kind: 'and', parts })

interface Asked {
  readonly ledger?: string
  readonly order?: 'newest' | 'oldest'
  readonly low?: number
  readonly high?: number
  readonly limit?: number
}

export function searchIndexSuite(driver: SearchIndexDriver): void {
  describe(`SearchIndex: ${driver.name}`, () => {
    let index: SearchIndex
    beforeEach(async () => {
      index = await driver.open()
    })
    afterEach(() => index[Symbol.asyncDispose]())

    const ask = (filter: Filter | undefined, asked: Asked = {}) =>
      index.candidates(
        { ledger: 'main', filter, nowMs: NOW_MS, order: 'newest', low: 0, high: 1e9, limit: 100, ...asked },
        new Deadline(60_000),
      )
    const find = async (filter: Filter | undefined, asked: Asked = {}): Promise<readonly number[]> =>
      (await ask(filter, asked)).indexes
    const tally = (filter: Filter | undefined, edges: readonly number[], by: readonly string[]) =>
      index.tally({ ledger: 'main', filter, nowMs: NOW_MS, edges, by }, new Deadline(60_000))

    test('knows nothing of a ledger it was not given', async () => {
      expect(await index.cursor('main')).toBe(0)
      expect(await ask(undefined)).toEqual({ indexes: [], exact: true, next: undefined })
      expect(await index.timeRange('main')).toBeUndefined()
    })

    test('finds by each field, without case, in ledger order, newest first', async () => {
      await index.apply('main', entries(0, 50), 50)
      expect(await find(is('actor.id', 'person-3'))).toEqual([43, 33, 23, 13, 3])
      expect(await find(is('actor.id', 'PERSON-3'))).toEqual([43, 33, 23, 13, 3])
      expect(await find(is('targets.id', 'o-7'))).toEqual([7])
      expect(await find(is('targets.id', 'every'), { limit: 3 })).toEqual([49, 48, 47])
      expect(await find(is('id', entry(5).core['id'] as string))).toContain(5)
      expect(await find(is('actor.id', 'person-'))).toEqual([])
      expect(await find(is('service', 'shop'), { limit: 1 })).toEqual([49])
    })

    test('all conditions must hold, beginnings of values among them', async () => {
      await index.apply('main', entries(0, 50), 50)
      expect(await find(and(is('actor.id', 'person-3'), is('action', 'order.placed')))).toEqual([])
      const shipped = and(
        is('actor.id', 'person-3'),
        is('action', 'order.shipped'),
        begins('source.ip', '10.0.'),
      )
      expect(await find(shipped)).toEqual([43, 33, 23, 13, 3])
      expect(await find(and(begins('targets.id', 'o-4'), begins('action', 'order.p')))).toEqual([
        48, 46, 44, 42, 40, 4,
      ])
    })

    test('pages by index in both directions, and says where the rest begins', async () => {
      await index.apply('main', entries(0, 50), 50)
      const placed = is('action', 'order.placed')
      expect(await ask(placed, { limit: 3, high: 44 })).toEqual({
        indexes: [42, 40, 38],
        exact: true,
        next: 38,
      })
      expect(await ask(placed, { limit: 3, low: 41, order: 'oldest' })).toMatchObject({
        indexes: [42, 44, 46],
        next: 47,
      })
      expect(await ask(placed, { limit: 3, low: 45, order: 'oldest' })).toMatchObject({
        indexes: [46, 48],
        next: undefined,
      })
      expect(await find(undefined, { limit: 2, high: 10 })).toEqual([9, 8])
    })

    test('filters by the time that the producer gave, the end excluded', async () => {
      await index.apply('main', entries(0, 50), 50)
      const time = within(EPOCH_MS + 10 * DAY_MS, EPOCH_MS + 13 * DAY_MS)
      expect(await find(time)).toEqual([12, 11, 10])
      expect(await find(and(is('actor.id', 'person-1'), time))).toEqual([11])
      expect(await index.timeRange('main')).toEqual({ fromMs: EPOCH_MS, toMs: EPOCH_MS + 49 * DAY_MS + 1 })
    })

    test('times within bounds do not reach to those of clocks that are far off', async () => {
      const far = [withTime(50, '0001-01-01T00:00:00Z'), withTime(51, '9999-12-31T23:59:59Z')]
      await index.apply('main', [...entries(0, 50), ...far], 52)
      const days = { fromMs: EPOCH_MS - DAY_MS, toMs: EPOCH_MS + 100 * DAY_MS }
      expect(await index.timeRange('main', days)).toEqual({
        fromMs: EPOCH_MS,
        toMs: EPOCH_MS + 49 * DAY_MS + MINUTE_MS,
      })
      expect(await index.timeRange('main', { ...days, toMs: EPOCH_MS + 10 })).toEqual({
        fromMs: EPOCH_MS,
        toMs: EPOCH_MS + 10,
      })
      expect(await index.timeRange('main', { ...days, toMs: EPOCH_MS })).toBeUndefined()
      expect((await index.timeRange('main'))?.toMs).toBe(Date.UTC(10_000, 0) - 999)
    })

    test('finds every record that a filter takes, and says so when it names more', async () => {
      const property = fc.asyncProperty(
        sampleEntries,
        fc.array(sampleFilters, { minLength: 5, maxLength: 20 }),
        async (all, filters) => {
          await index.reset('main')
          await index.apply('main', all, all.length)
          for (const filter of filters) {
            const matches = recordMatcher(filter, { nowMs: NOW_MS })
            const expected = all.filter(matches).map((each) => each.index)
            const { indexes, exact, next } = await ask(filter, { order: 'oldest' })
            expect(next).toBeUndefined()
            if (exact) expect(indexes).toEqual(expected)
            else expect(indexes).toEqual(expect.arrayContaining(expected))
            expect(await find(filter)).toEqual(indexes.toReversed())
            const counted = await tally(filter, [], ['outcome', 'actor.id'])
            if (counted) expect(counted.counts).toEqual([expected.length])
          }
        },
      )
      await fc.assert(property, { numRuns: 60 })
    })

    test('counts by time and by values as the records say', async () => {
      const property = fc.asyncProperty(
        sampleEntries,
        sampleFilters,
        fc.array(fc.integer({ min: -5, max: 41 * 24 * 60 }), { minLength: 2, maxLength: 8 }),
        fc.constantFrom(1, 1000, MINUTE_MS, 60 * MINUTE_MS),
        async (all, filter, cuts, grain) => {
          await index.reset('main')
          await index.apply('main', all, all.length)
          const edges = [
            ...new Set(
              cuts.map(
                (cut) =>
                  EPOCH_MS +
                  (grain === 1 ? cut * MINUTE_MS + 7 : Math.floor((cut * MINUTE_MS) / grain) * grain),
              ),
            ),
          ].toSorted((a, b) => a - b)
          if (edges.length < 2) return
          const counted = await tally(filter, edges, ['outcome', 'actor.id', 'service,action'])
          if (!counted) return
          const matches = recordMatcher(filter, { nowMs: NOW_MS })
          const found = all.filter(matches)
          for (const [i, from] of edges.slice(0, -1).entries()) {
            const inside = found.filter(({ core }) => {
              const at = Date.parse(core['timestamp'] as string)
              return at >= from && at < edges[i + 1]!
            })
            expect(counted.counts[i]).toBe(inside.length)
            for (const outcome of ['success', 'failure', 'denied'])
              expect(counted.by['outcome']!.get(outcome)?.[i] ?? 0).toBe(
                inside.filter(({ core }) => core['outcome'] === outcome).length,
              )
            const pair = 'pay-api\u001forder.placed'
            expect(counted.by['service,action']!.get(pair)?.[i] ?? 0).toBe(
              inside.filter(({ core }) => core['service'] === 'pay-api' && core['action'] === 'order.placed')
                .length,
            )
          }
        },
      )
      await fc.assert(property, { numRuns: 80 })
    })

    test('entries without a value count under the empty text when that is asked for, and no entry twice', async () => {
      const property = fc.asyncProperty(sampleEntries, sampleFilters, async (all, filter) => {
        await index.reset('main')
        await index.apply('main', all, all.length)
        const request = {
          ledger: 'main',
          filter,
          nowMs: NOW_MS,
          edges: [],
          by: ['actor.id', `severity${JOINT}actor.id`],
        }
        const counted = await index.tally({ ...request, countsMissing: true }, new Deadline(60_000))
        if (!counted) return
        expect(counted.valuesCut).toBe(false)
        for (const values of Object.values(counted.by))
          expect([...values.values()].reduce((sum, [count]) => sum + count!, 0)).toBe(counted.counts[0])
        const found = all.filter(recordMatcher(filter, { nowMs: NOW_MS }))
        const nobodys = found.filter(
          ({ personal }) => (personal?.['actor'] as { id?: unknown })?.id === undefined,
        )
        expect(counted.by['actor.id']!.get('')?.[0] ?? 0).toBe(nobodys.length)
      })
      await fc.assert(property, { numRuns: 50 })
    })

    test('applying the same entries again changes nothing', async () => {
      await index.apply('main', entries(0, 20), 20)
      await index.apply('main', entries(10, 30), 30)
      await index.apply('main', entries(0, 20), 20)
      expect(await index.cursor('main')).toBe(30)
      expect(await find(is('actor.id', 'person-3'))).toEqual([23, 13, 3])
      expect((await tally(undefined, [], ['action']))!.counts).toEqual([30])
    })

    test('keeps ledgers apart', async () => {
      await index.apply('main', entries(0, 10), 10)
      await index.apply('other', entries(0, 3), 3)
      expect(await find(is('targets.id', 'every'), { ledger: 'other' })).toEqual([2, 1, 0])
      expect(await index.cursor('main')).toBe(10)
      expect((await tally(is('action', 'order.placed'), [], []))!.counts).toEqual([5])
    })

    test('keeps what was applied', async () => {
      await index.apply('main', entries(0, 20), 20)
      await index[Symbol.asyncDispose]()
      index = await driver.reopen()
      expect(await index.cursor('main')).toBe(20)
      expect(await find(is('actor.id', 'person-3'))).toEqual([13, 3])
      await index.apply('main', entries(20, 40), 40)
      expect(await find(is('actor.id', 'person-3'))).toEqual([33, 23, 13, 3])
    })

    test('forgets the personal fields of erased entries, once and out of every file', async () => {
      const secret = {
        ...entry(5),
        personal: { actor: { id: 'very-personal-name' }, message: 'sehrgeheim', labels: { team: 'hush' } },
      }
      await index.apply('main', [...entries(0, 5), secret, ...entries(6, 20)], 20)
      expect(await find({ kind: 'text', text: 'sehrgeheim', phrase: false })).toEqual([5])
      expect(await index.personalIn('main', { from: 5, to: 6 })).toEqual([5])
      await index.eraseEntries('main', [secret])
      await index.eraseEntries('main', [secret])
      expect(await index.personalIn('main', { from: 5, to: 6 })).toEqual([])
      const others = Array.from({ length: 20 }, (_, i) => i).filter((i) => i !== 5)
      const left = await index.personalIn('main', { from: 0, to: 300 })
      expect(left.toSorted((a, b) => a - b)).toEqual(others)
      expect(await index.personalIn('unknown', { from: 0, to: 9 })).toEqual([])
      expect(await find(is('actor.id', 'very-personal-name'))).toEqual([])
      expect(await find(is('id', secret.core['id'] as string))).toContain(5)
      expect(await find(is('actor.id', 'person-6'))).toEqual([16, 6])
      const stored = await driver.storedBytes()
      for (const gone of ['very-personal-name', 'personal', 'sehrgeheim', 'hush'])
        expect(stored.includes(gone)).toBe(false)
    })

    test('drops entries with all that is counted of them, also of what was erased before, once and out of every file', async () => {
      const secret = { ...entry(5), core: { ...entry(5).core, id: 'very-secret-core-id' } }
      await index.apply('main', [...entries(0, 5), secret, ...entries(6, 20)], 20)
      await index.eraseEntries('main', [entry(6)])
      const doomed = [secret, { ...entry(6), personal: undefined }, entry(7)]
      const left = entries(0, 20).filter(({ index: at }) => at < 5 || at > 7)
      if (await index.forgetEntries('main', doomed)) await index.forgetEntries('main', doomed)
      else {
        // A driver that cannot drop them has its index of the ledger built anew, without them.
        await index.reset('main')
        await index.apply('main', left, 20)
      }
      expect(await find(is('actor.id', 'person-3'))).toEqual([13, 3])
      expect(await find(is('actor.id', 'person-7'))).toEqual([17])
      expect(await find(is('id', 'very-secret-core-id'))).toEqual([])
      const counted = await index.tally(
        { ledger: 'main', filter: undefined, nowMs: 0, edges: [], by: ['service'] },
        new Deadline(10_000),
      )
      expect(counted!.counts).toEqual([left.length])
      expect((await driver.storedBytes()).includes('very-secret-core-id')).toBe(false)
      await index.apply('main', entries(20, 25), 25)
      expect(await index.cursor('main')).toBe(25)
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
        "it's; DROP TABLE x",
      ]
      await index.apply(
        'main',
        values.map((id, i) => ({ ...entry(i), personal: { actor: { id } } })),
        values.length,
      )
      for (const [i, value] of values.entries())
        if (value !== '') expect(await find(is('actor.id', value))).toContain(i)
    })

    test('a reset drops everything, and it can be filled again', async () => {
      await index.apply('main', entries(0, 20), 20)
      await index.reset('main')
      expect(await index.cursor('main')).toBe(0)
      expect(await find(is('actor.id', 'person-3'))).toEqual([])
      await index.apply('main', entries(0, 20), 20)
      expect(await find(is('actor.id', 'person-3'))).toEqual([13, 3])
      expect((await tally(undefined, [], []))!.counts).toEqual([20])
    })
  })
}
