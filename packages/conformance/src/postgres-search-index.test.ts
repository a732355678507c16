/** What the search index on PostgreSQL promises beside the suite: privileges, several indexers, bounds, plans. */
import type { Filter } from '@trailproof/core/query'
import { Deadline, type IndexedEntry, type SearchIndex } from '@trailproof/server/ports'
import { openPostgresSearchIndex } from '@trailproof/server/postgres'
import { describe, expect, test } from 'vitest'
import { execute, onEachPostgres } from '../../../test/support/each-postgres.ts'
import { migrated } from '../../../test/support/migrated-database.ts'

const INDEX = 'trailproof_index'
const EPOCH_MS = Date.UTC(2026, 0, 1)

function entry(index: number, personal: Readonly<Record<string, unknown>> = {}): IndexedEntry {
  return {
    index,
    recordedAt: (EPOCH_MS + index) * 1000,
    core: { kind: 'event', action: 'order.placed', timestamp: new Date(EPOCH_MS + index).toISOString() },
    personal: { actor: { id: `person-${index % 500}` }, ...personal },
  }
}

const entries = (from: number, to: number): IndexedEntry[] =>
  Array.from({ length: to - from }, (_, i) => entry(from + i))

const is = (field: string, value: string): Filter => ({ kind: 'field', field, test: { op: 'equals', value } })

const ask = (
  index: SearchIndex,
  filter: Filter | undefined,
  { limit = 100, ms = 60_000, high = 1e9 }: { limit?: number; ms?: number; high?: number } = {},
) =>
  index.candidates(
    { ledger: 'main', filter, nowMs: EPOCH_MS, order: 'newest', low: 0, high, limit },
    new Deadline(ms),
  )

async function indexUpTo(index: SearchIndex, size: number): Promise<void> {
  for (let at = 0; at < size; at = await index.cursor('main')) {
    const to = Math.min(size, at + 70)
    await index.apply('main', entries(at, to), to)
  }
}

onEachPostgres((postgres) => {
  const database = async (): Promise<string> => migrated(await postgres.database())

  describe('The search index', () => {
    test("the application's role is enough, and for no more", async () => {
      const owner = await postgres.database()
      await execute(owner, "CREATE ROLE trailproof_app LOGIN PASSWORD 'app'").catch(() => undefined)
      await migrated(owner, 'trailproof_app')
      const role = owner.replace('postgres:postgres@', 'trailproof_app:app@')
      await using index = await openPostgresSearchIndex({ url: role, partitionEntries: 64 })
      await index.apply('main', entries(0, 200), 200)
      await index.apply('main', entries(200, 300), 300)
      await index.eraseEntries('main', [entry(3)])
      expect((await ask(index, is('actor.id', 'person-7'))).indexes).toEqual([7])
      expect(await index.personalIn('main', { from: 3, to: 4 })).toEqual([])
      await index.reset('main')
      expect(await index.cursor('main')).toBe(0)
      for (const statement of [
        `TRUNCATE ${INDEX}.indexed_entry`,
        `DROP TABLE ${INDEX}.indexed_entry_1`,
        `DELETE FROM ${INDEX}.indexed_ledger`,
        `CREATE TABLE ${INDEX}.x (a int)`,
      ])
        await expect(execute(role, statement)).rejects.toMatchObject({ code: '42501' })
    })

    test('says so when the schema is not there', async () => {
      await expect(openPostgresSearchIndex(await postgres.database())).rejects.toMatchObject({
        code: 'BAD_SETTING',
      })
    })

    test('of indexers that apply the same steps at once, each step counts once', async () => {
      const url = await database()
      const indexers = await Promise.all([1, 2, 3].map(() => openPostgresSearchIndex(url)))
      await Promise.all(indexers.map((index) => indexUpTo(index, 1000)))
      const [index] = indexers
      const tally = await index!.tally(
        { ledger: 'main', filter: undefined, nowMs: 0, edges: [], by: ['action', 'actor.id'] },
        new Deadline(60_000),
      )
      expect(tally!.counts).toEqual([1000])
      expect(tally!.by['actor.id']!.get('person-1')).toEqual([2])
      expect(await execute(url, `SELECT count(*)::int AS n FROM ${INDEX}.indexed_entry`)).toEqual([
        { n: 1000 },
      ])
      for (const each of indexers) await each[Symbol.asyncDispose]()
    })

    test.each([
      ['reset', (index: SearchIndex) => index.reset('main')],
      ['erased in', (index: SearchIndex) => index.eraseEntries('main', [entry(3)])],
      ['fenced off', (index: SearchIndex) => index.fence('main')],
    ])('refuses a step read before another indexer %s the ledger', async (_, change) => {
      const url = await database()
      await using one = await openPostgresSearchIndex(url)
      await using other = await openPostgresSearchIndex(url)
      await one.apply('main', entries(0, 10), 10)
      expect(await one.cursor('main')).toBe(10)
      await change(other)
      await expect(one.apply('main', entries(10, 20), 20)).rejects.toMatchObject({ code: 'HEAD_MOVED' })
      const cursor = await one.cursor('main')
      await one.apply('main', entries(cursor, 20), 20)
      expect((await ask(one, is('actor.id', 'person-12'))).indexes).toEqual([12])
    })

    test('refuses the very first step, too, when it was read before a fence', async () => {
      const url = await database()
      await using one = await openPostgresSearchIndex(url)
      await using other = await openPostgresSearchIndex(url)
      expect(await one.cursor('main')).toBe(0)
      await other.fence('main')
      await expect(one.apply('main', entries(0, 10), 10)).rejects.toMatchObject({ code: 'HEAD_MOVED' })
      expect(await one.cursor('main')).toBe(0)
      await one.apply('main', entries(0, 10), 10)
      expect(await other.cursor('main')).toBe(10)
    })

    test('an erasure that somebody can still see past is refused, and done by the next', async () => {
      const url = await database()
      await using index = await openPostgresSearchIndex(url)
      await index.apply('main', entries(0, 10), 10)
      const looking = execute(url, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1; SELECT pg_sleep(60)')
      const gone = looking.catch(() => undefined)
      const sleeper = `SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`
      await expect.poll(() => execute(url, sleeper), { timeout: 30_000 }).toHaveLength(1)
      await expect(index.eraseEntries('main', [entry(3)])).rejects.toMatchObject({
        code: 'OVERLOADED',
        retryable: true,
      })
      expect(await execute(url, `SELECT part FROM ${INDEX}.part_to_rewrite`)).toEqual([{ part: 0 }])
      await execute(url, `SELECT pg_terminate_backend(pid) FROM (${sleeper}) AS s`)
      await gone
      await index.eraseEntries('main', [])
      expect(await execute(url, `SELECT part FROM ${INDEX}.part_to_rewrite`)).toEqual([])
    })

    test('the planner keeps no copies of what can be erased', async () => {
      const url = await database()
      await using index = await openPostgresSearchIndex(url)
      await index.apply('main', entries(0, 1000), 1000)
      await execute(url, 'ANALYZE')
      const kept = await execute(
        url,
        `SELECT attname FROM pg_stats WHERE schemaname = '${INDEX}' AND attname IN ('actor', 'status', 'terms')`,
      )
      expect(kept).toEqual([])
    })

    test('an entry with more terms than PostgreSQL takes is a candidate of every search by terms', async () => {
      await using index = await openPostgresSearchIndex(await database())
      const targets = Array.from({ length: 9000 }, (_, i) => ({ id: `${i}${'/'.repeat(60)}` }))
      await index.apply('main', [entry(0), entry(1, { targets }), entry(2)], 3)
      const { indexes, exact } = await ask(index, is('targets.id', targets[8000]!.id))
      expect(indexes).toEqual([1])
      expect(exact).toBe(false)
      expect((await ask(index, is('actor.id', 'person-2'))).indexes).toEqual([2, 1])
    })

    test('a page is cut when the time is over, and the next goes on where it ended', async () => {
      await using index = await openPostgresSearchIndex({ url: await database(), partitionEntries: 1000 })
      await index.apply('main', entries(0, 12_000), 12_000)
      const found: number[] = []
      const rare: Filter = { kind: 'and', parts: [is('actor.id', 'person-7'), is('action', 'order.placed')] }
      let [high, pages]: [number | undefined, number] = [1e9, 0]
      while (high !== undefined) {
        const page = await ask(index, rare, { ms: 0, high })
        found.push(...page.indexes)
        high = page.next
        pages++
      }
      expect(found).toEqual(Array.from({ length: 24 }, (_, i) => 7 + 500 * (23 - i)))
      expect(pages).toBeGreaterThan(1)
    })

    test('what waits for a lock ends with the time of the search, and says where to go on', async () => {
      const url = await database()
      await using index = await openPostgresSearchIndex({ url, partitionEntries: 1000 })
      await index.apply('main', entries(0, 3000), 3000)
      const locking = execute(url, `BEGIN; LOCK TABLE ${INDEX}.indexed_entry_1_0; SELECT pg_sleep(60)`)
      const gone = locking.catch(() => undefined)
      const sleeper = `SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`
      await expect.poll(() => execute(url, sleeper), { timeout: 30_000 }).toHaveLength(1)
      const page = await ask(index, is('actor.id', 'person-7'), { ms: 200 })
      expect(page.next).toBeLessThanOrEqual(3000)
      expect(page.indexes.length).toBeLessThan(6)
      const counted = await index.tally(
        { ledger: 'main', filter: is('actor.id', 'person-7'), nowMs: 0, edges: [], by: [] },
        new Deadline(200),
      )
      expect(counted!.complete).toBe(false)
      await execute(url, `SELECT pg_terminate_backend(pid) FROM (${sleeper}) AS s`)
      await gone
      const rest = await ask(index, is('actor.id', 'person-7'), { high: page.next! })
      expect([...page.indexes, ...rest.indexes]).toEqual([2507, 2007, 1507, 1007, 507, 7])
    })

    test('rare terms are looked up, whether the tables were analyzed or not', async () => {
      const url = await database()
      await using index = await openPostgresSearchIndex({ url, partitionEntries: 4000 })
      await index.apply('main', entries(0, 10_000), 10_000)
      const filters: Filter[] = [
        is('actor.id', 'person-7'),
        { kind: 'text', text: 'person', phrase: false },
        {
          kind: 'field',
          field: 'actor.id',
          test: { op: 'in', values: Array.from({ length: 200 }, (_, i) => `person-${i}`) },
        },
        { kind: 'field', field: 'targets.id', test: { op: 'wildcard', parts: ['o-1', ''] } },
      ]
      for (const prepare of ['VACUUM', 'VACUUM ANALYZE']) {
        await execute(url, prepare)
        for (const filter of filters) {
          const plan = (await index.explain({ ledger: 'main', filter, nowMs: 0 })).join('\n')
          expect(plan.match(/Bitmap Index Scan on indexed_entry_1_\d+_terms_idx/g), plan).toHaveLength(3)
          expect(plan).not.toContain('Seq Scan')
        }
      }
    })
  })
})
