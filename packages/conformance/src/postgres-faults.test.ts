/** What the way to PostgreSQL, and PostgreSQL itself, can do to a commit. */
import { rootAt } from '@trailproof/core'
import { sha256 } from '@trailproof/server/ports'
import { type LedgerStoreOptions, openPostgresLedgerStore } from '@trailproof/server/postgres'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startCuttingProxy } from '../../../test/support/cutting-proxy.ts'
import { execute, onEachPostgres } from '../../../test/support/each-postgres.ts'
import { migrated } from '../../../test/support/migrated-database.ts'
import { startPostgres, startStandby, systemBinaries } from '../../../test/support/postgres-server.ts'
import { batchSource } from './sealed-batches.ts'

/** For polls: only as long as a state that comes late on a busy machine may take. */
const PATIENT = { timeout: 50_000 }

const LEDGER = {
  name: 'main',
  origin: 'test/main',
  dedupeKey: new Uint8Array(32).fill(1),
  idKey: new Uint8Array(32).fill(2),
}

async function openWithLedger(options: LedgerStoreOptions | string) {
  const store = await openPostgresLedgerStore(options)
  onTestFinished(() => store[Symbol.asyncDispose]())
  await store.createLedger(LEDGER)
  return { store, epoch: (await store.takeOver('main')).epoch, source: batchSource('main') }
}

const through = (url: string, port: number): string => url.replace(/:\d+\//, `:${port}/`)

onEachPostgres((postgres) => {
  test('goes on after the server was restarted between two appends', async () => {
    const { store, epoch, source } = await openWithLedger(await migrated(await postgres.database()))
    await store.append([source.next(10, epoch)])
    await postgres.server().stop()
    await postgres.server().start()
    await store.append([source.next(10, epoch)])
    expect((await store.ledger('main'))!.size).toBe(20)
  })

  test('a connection that is ended before COMMIT stores nothing, says so, and the same batch goes through', async () => {
    const url = await migrated(await postgres.database())
    const { store, epoch, source } = await openWithLedger(url)
    const batch = source.next(300, epoch)
    // Holds the append up after the head was moved and before its ids are in.
    const lock = await held(url, 'LOCK TABLE trailproof_ledger.record_id IN EXCLUSIVE MODE')
    const appended = store.append([batch]).catch((error: unknown) => error)
    await expect
      .poll(
        () =>
          execute(
            url,
            "SELECT pid FROM pg_stat_activity WHERE query LIKE '%move_head%' AND wait_event_type = 'Lock'",
          ),
        PATIENT,
      )
      .toHaveLength(1)
    await execute(
      url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%move_head%' AND wait_event_type = 'Lock'",
    )
    expect(await appended).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
    await lock.release()
    expect((await store.ledger('main'))!.size).toBe(0)
    await store.append([batch])
    expect((await store.ledger('main'))!.size).toBe(300)
  })

  test.each([
    ['before', 0],
    ['after', 10],
  ] as const)('a connection cut %s COMMIT leaves the outcome unknown: %i entries', async (what, size) => {
    const url = await migrated(await postgres.database())
    await using proxy = await startCuttingProxy(postgres.server().port)
    const { store, epoch, source } = await openWithLedger(through(url, proxy.port))
    proxy.at('COMMIT', what)
    await expect(store.append([source.next(10, epoch)])).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(await store.takeOver('main')).toMatchObject({ size })
  })

  test('a connection cut before COMMIT is sent stores nothing', async () => {
    const url = await migrated(await postgres.database())
    await using proxy = await startCuttingProxy(postgres.server().port)
    const { store, epoch, source } = await openWithLedger(through(url, proxy.port))
    for (const what of ['before', 'after'] as const) {
      const batch = batchSource('main').next(5, epoch)
      proxy.at('move_head', what)
      await expect(store.append([batch])).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable: true,
      })
    }
    expect((await store.ledger('main'))!.size).toBe(0)
    await store.append([source.next(5, epoch)])
    expect((await store.ledger('main'))!.size).toBe(5)
  })

  test('a network that falls silent is given up', async () => {
    const url = await migrated(await postgres.database())
    await using proxy = await startCuttingProxy(postgres.server().port)
    const options = { url: through(url, proxy.port), statementTimeoutMs: 500 }
    const { store, epoch, source } = await openWithLedger(options)
    const batch = source.next(5, epoch)
    proxy.at('move_head', 'silence')
    await expect(store.append([batch])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    proxy.at('COMMIT', 'silence')
    await expect(store.append([batch])).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  })

  test('a statement that takes too long is ended, and stores nothing', async () => {
    const url = await migrated(await postgres.database())
    const { store, epoch, source } = await openWithLedger({ url, lockTimeoutMs: 200 })
    const batch = source.next(5, epoch)
    const lock = await held(url, 'LOCK TABLE trailproof_ledger.record_id IN EXCLUSIVE MODE')
    await expect(store.append([batch])).rejects.toMatchObject({ code: 'OVERLOADED', retryable: true })
    await lock.release()
    await store.append([batch])
  })

  test('makes partitions ahead of need, also across several in one batch, and reads over their bounds', async () => {
    const url = await migrated(await postgres.database())
    const { store, epoch, source } = await openWithLedger({ url, partitionEntries: 512 })
    for (const count of [100, 500, 3000, 1, 511]) await store.append([source.next(count, epoch)])
    const fromTiles = await rootAt(sha256, source.tree.size, (...tile) => store.readTile('main', ...tile))
    expect(Buffer.from(fromTiles)).toEqual(Buffer.from(source.tree.root()))
    const asked = source.entries.filter((_, i) => i % 500 === 7)
    const found = await store.findRecords('main', Buffer.concat(asked.map(({ id }) => id)))
    expect(
      found.map((known) => Buffer.compare(known!.digest!, source.entries[known!.index]!.digest)),
    ).toEqual(asked.map(() => 0))
    expect(await store.wrongIds('main')).toEqual({ first: undefined, count: 0 })
    await expect
      .poll(
        () => execute(url, 'SELECT max(end_index) AS room FROM trailproof_ledger.entry_partition'),
        PATIENT,
      )
      .toEqual([{ room: '4608' }])
    // `migrate up` makes some, too: of the usual size, behind those that are there.
    await migrated(url)
    expect(
      await execute(url, 'SELECT max(end_index) AS room FROM trailproof_ledger.entry_partition'),
    ).toEqual([{ room: String(4608 + 262_144) }])
    await store.erase('main', [{ from: 500, to: 1030 }])
    expect((await store.readEntries('main', 1029, 1))[0]!.personal.kind).toBe('erased')
    expect((await store.readEntries('main', 1030, 1))[0]!.personal.kind).toBe('present')
  })

  test('an erasure that somebody could still see past is not called done', async () => {
    const url = await migrated(await postgres.database())
    const { store, epoch, source } = await openWithLedger(url)
    await store.append([source.next(10, epoch)])
    const old = await held(
      url,
      'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM trailproof_ledger.tile_piece',
    )
    await expect(store.erase('main', [{ from: 0, to: 1 }])).rejects.toMatchObject({
      code: 'OVERLOADED',
      retryable: true,
    })
    await old.release()
    await store.erase('main', [{ from: 0, to: 1 }])
  })

  test('warns of a server that does not keep what it answers for', async () => {
    const url = await migrated(await postgres.database())
    const warnings: string[] = []
    await using store = await openPostgresLedgerStore({ url, onWarning: (message) => warnings.push(message) })
    await store.ledgers()
    expect(warnings).toEqual([expect.stringContaining('fsync=off')])
    expect(warnings[0]).not.toContain('postgres:postgres')
  })

  test.each([
    ['a database without the schema', (url: string) => url, 'BAD_SETTING', /migrate up/],
    ['a server that is not there', () => 'postgres://x@127.0.0.1:1/x', 'STORE_UNAVAILABLE', /ECONNREFUSED/],
  ])('does not open %s', async (_, place, code, message) => {
    const url = place(await postgres.database())
    await expect(openPostgresLedgerStore({ url, reconnectMs: 100 })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })
})

/** A transaction that stays open until it is released. */
async function held(url: string, statements: string): Promise<{ release(): Promise<void> }> {
  const { Client } = (await import('pg')).default
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  await client.query(`BEGIN; ${statements}`)
  return { release: () => client.end() }
}

describe.skipIf(systemBinaries() === undefined)('With a synchronous standby', () => {
  test('a standby promoted while records come in has every acknowledged one, and the stale writer is refused', async () => {
    await using primary = await startPostgres({ kind: 'system', settings: { fsync: 'on' } })
    const url = await migrated(primary.url)
    await using standby = await startStandby(primary, 'standby')
    await execute(primary.url, "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
    await execute(primary.url, 'SELECT pg_reload_conf()')
    const state = () => execute(primary.url, 'SELECT sync_state FROM pg_stat_replication')
    await expect.poll(state, PATIENT).toEqual([{ sync_state: 'sync' }])
    const both = url.replace(/@[^/]*/, `@127.0.0.1:${standby.port},127.0.0.1:${primary.port}`)
    // The standby stands first, and is passed over as long as it takes no writes.
    const { store, epoch, source } = await openWithLedger({ url: both, reconnectMs: 30_000 })
    let acknowledged = 0
    const writing = (async () => {
      for (;;) {
        await store.append([source.next(7, epoch)])
        acknowledged = source.tree.size
      }
    })().catch((error: unknown) => error)
    await expect.poll(() => acknowledged, PATIENT).toBeGreaterThan(50)
    await primary.kill()
    await standby.promote()
    expect(await writing).toMatchObject({ code: expect.stringMatching(/OUTCOME_UNKNOWN|STORE_UNAVAILABLE/) })

    await using next = await openPostgresLedgerStore({ url: both, reconnectMs: 30_000 })
    const head = await next.takeOver('main')
    expect(head.size).toBeGreaterThanOrEqual(acknowledged)
    expect(head.size).toBeLessThanOrEqual(source.tree.size)
    const root = await rootAt(sha256, head.size, (...tile) => next.readTile('main', ...tile))
    expect(Buffer.from(root)).toEqual(Buffer.from(head.root))
    // The writer of before reaches the new primary, with an epoch that is no longer the ledger's.
    const stale = { ...batchSource('main').next(1, epoch), after: { size: head.size, epoch } }
    await expect(
      store.append([{ ...stale, head: { ...stale.head, size: head.size + 1 } }]),
    ).rejects.toMatchObject({
      code: 'HEAD_MOVED',
    })
  })

  test('a commit that stopped waiting for the standby is not called done', async () => {
    await using primary = await startPostgres({ kind: 'system' })
    const { store, epoch, source } = await openWithLedger(await migrated(primary.url))
    await execute(primary.url, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    await execute(primary.url, 'SELECT pg_reload_conf()')
    await expect
      .poll(() => execute(primary.url, 'SHOW synchronous_standby_names'), PATIENT)
      .toEqual([{ synchronous_standby_names: 'nobody' }])
    const appended = store.append([source.next(5, epoch)]).catch((error: unknown) => error)
    const waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    await expect.poll(() => execute(primary.url, waiting), PATIENT).toHaveLength(1)
    await execute(primary.url, `SELECT pg_cancel_backend(pid) FROM (${waiting}) AS waiting`)
    expect(await appended).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    await execute(primary.url, "ALTER SYSTEM SET synchronous_standby_names = ''")
    await execute(primary.url, 'SELECT pg_reload_conf()')
  })
})
