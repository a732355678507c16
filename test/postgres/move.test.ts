/** Outgrown: everything of a server on SQLite goes to PostgreSQL, and what it once promised holds there. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { moveLedgers } from '@trailproof/server'
import { sha256, verifyEd25519 } from '@trailproof/server/ports'
import { verifyReceipt } from '@trailproof/verify'
import { describe, expect, test } from 'vitest'
import { run } from '../cli/command.ts'
import { someRecords } from '../cli/running-server.ts'
import { onEachPostgres } from '../support/each-postgres.ts'
import type { KeptReceipt } from '../support/kept-receipts.ts'
import { migrated } from '../support/migrated-database.ts'
import { openLedgerOn, type StoredLedger } from '../support/stored-ledger.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const RECORDS = 700
const KNOWN = { id: '01890a5d-ac96-774b-bcce-b302099a8057', action: 'order.sent' }
const ERASED = { type: 'user', id: 'u-4711', name: 'Grete Unvergessen' }

/** A server with several blocks of records, an erasure, a second ledger, a key, a saved search and something in quarantine. */
async function grown(): Promise<{ server: TestServer; kept: KeptReceipt[]; token: string }> {
  const server = await testServer()
  const kept: KeptReceipt[] = []
  const send = async (body: string, ledger: string) => {
    const answer = await server.post(`/v1/events?receipt=proof&ledger=${ledger}`, body, {
      'content-type': 'application/x-ndjson',
    })
    const { checkpoint, receipts } = answer.body
    return receipts.map((receipt) => ({ receipt, checkpoint }))
  }
  kept.push(...(await send(someRecords(300), 'main')))
  const [doomed] = await send(JSON.stringify({ action: 'user.joined', actor: ERASED }), 'main')
  kept.push(doomed!, ...(await send(someRecords(RECORDS - 301), 'main')))
  await server.post('/v1/ledgers', { name: 'acme' })
  await send(JSON.stringify(KNOWN), 'acme')
  await send(`{"action":"a.b"}\n{"action":7}\n`, 'acme')
  await server.post('/v1/erasures', {
    ledger: 'main',
    ids: [doomed!.receipt.id],
    authority: 'GDPR Art. 17',
    reason: 'asked for',
  })
  const made = await server.post('/v1/keys', { name: 'till', ledger: 'acme', scopes: ['ingest', 'read'] })
  return { server, kept, token: made.body['token'] as string }
}

/** Every receipt proves its entry, and every checkpoint the ledger. */
async function assertPromised(ledger: StoredLedger, kept: readonly KeptReceipt[]): Promise<void> {
  const checkpoints = [...new Set(kept.map(({ checkpoint }) => checkpoint))]
  expect(await ledger.verify(checkpoints)).toMatchObject({ verdict: 'erased', unproven: [] })
  const entries = await ledger.entries()
  for (const { receipt, checkpoint } of kept) {
    expect(entries[receipt.index]).toEqual({ id: receipt.id, leafHash: receipt.leaf_hash })
    const options = { verifierKeys: [ledger.verifierKey], sha256, verifyEd25519, checkpoint }
    expect(await verifyReceipt(receipt, options)).toMatchObject({ verdict: 'intact' })
  }
}

function cutInMain(ledger: string): void {
  if (ledger === 'main') throw new Error('cut')
}

onEachPostgres((postgres) => {
  const newDatabase = async () => migrated(await postgres.database())

  test('a server goes on in PostgreSQL where it was, and what it once promised holds', async () => {
    const { server, kept, token } = await grown()
    const before = await server.get<{ size: number; origin: string }>('/v1/ledgers/main')
    await server.running.stop()
    const database = await newDatabase()
    const where = ['--data', server.data, '--keys', server.keys, '--database', database]
    const { code, stdout } = await run(['ledger', 'move', ...where, '--lock-database', database])
    expect([code, stdout]).toEqual([0, expect.stringContaining(`main: ${before.size} entries`)])

    const moved = await server.restart({ database, lock_database: database })
    const after = await moved.get<{ size: number; origin: string }>('/v1/ledgers/main')
    expect(after).toMatchObject({ origin: before.origin, size: before.size })
    const sent = async (event: object) =>
      (await moved.post('/v1/events?ledger=acme', event)).body.receipts[0]!.status
    expect(await sent(KNOWN)).toBe('duplicate')
    expect(await sent({ ...KNOWN, action: 'order.lost' })).toBe('conflict')
    expect((await moved.post('/v1/events', { action: 'order.paid' })).status).toBe(200)
    expect(await moved.get('/v1/quarantine?ledger=acme')).toMatchObject({
      records: [expect.objectContaining({ ledger: 'acme' })],
    })
    const init = { method: 'POST', body: '{"action":"order.paid"}', token }
    expect((await moved.fetch('/v1/events', init)).status).toBe(200)
    await moved.running.stop()

    await using ledger = await openLedgerOn(database, server.keys)
    await assertPromised(ledger, kept)
    expect(JSON.stringify(await ledger.reader.readEntries('main', 300, 1))).not.toContain('Grete')
    expect((await ledger.reader.readEntries('main', 300, 1))[0]!.personal.kind).toBe('erased')
  })

  test('cut short, it goes on where it was; until then nothing of the old is touched', async () => {
    const { server } = await grown()
    await server.running.stop()
    const database = await newDatabase()
    const move = (onProgress?: () => void) =>
      moveLedgers({
        data: server.data,
        keys: server.keys,
        database,
        lockDatabase: database,
        ...(onProgress && { onProgress }),
      })
    await expect(
      move(() => {
        throw new Error('cut')
      }),
    ).rejects.toThrow('cut')
    expect(readdirSync(server.data).filter((name) => name.endsWith('.moved'))).toEqual([])
    expect((await move()).map(({ name }) => name)).toEqual(expect.arrayContaining(['main', 'acme']))
    await using ledger = await openLedgerOn(database, server.keys)
    expect(await ledger.verify()).toMatchObject({ verdict: 'erased', unproven: [] })
    await expect(move()).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test.each(['locks in the database', 'locks in files'])(
    'a server started as before does not go on beside the new one: %s',
    async (locks) => {
      const { server } = await grown()
      await server.running.stop()
      const database = await newDatabase()
      const lockDatabase = locks === 'locks in files' ? '' : database
      await moveLedgers({ data: server.data, keys: server.keys, database, lockDatabase })
      const refused = { code: expect.stringMatching(/^(DATA_BEHIND_LOCK|LOCK_MISSING)$/) as string }
      await expect(server.restart()).rejects.toMatchObject(refused)
      const moved = await server.restart({ database, lock_database: lockDatabase })
      expect((await moved.post('/v1/events', { action: 'order.paid' })).status).toBe(200)
      await moved.running.stop()
      await expect(server.restart()).rejects.toMatchObject(refused)
    },
  )

  test('a move that was cut short lets no server start, here or there, and can be ended', async () => {
    const { server, kept } = await grown()
    await server.running.stop()
    const database = await newDatabase()
    const move = { data: server.data, keys: server.keys, database, lockDatabase: database }
    await expect(moveLedgers({ ...move, onProgress: cutInMain })).rejects.toThrow('cut')
    const underWay = { code: 'LOCK_HELD', message: expect.stringContaining('on their way to') as string }
    await expect(server.restart()).rejects.toMatchObject(underWay)
    const there = { database, lock_database: database }
    await expect(server.restart(there)).rejects.toMatchObject(underWay)
    const elsewhere = moveLedgers({ ...move, database: await newDatabase() })
    await expect(elsewhere).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await moveLedgers(move)
    const moved = await server.restart(there)
    expect(await moved.get('/v1/ledgers/main')).toMatchObject({ size: kept.length + 1 })
  })

  test('settings that name another place before anything was moved make no second ledger', async () => {
    const { server, kept } = await grown()
    await server.running.stop()
    const database = await newDatabase()
    for (const lockDatabase of ['', database]) {
      const early = server.restart({ database, lock_database: lockDatabase })
      await expect(early).rejects.toMatchObject({ name: 'TrailproofError' })
    }
    await moveLedgers({ data: server.data, keys: server.keys, database, lockDatabase: database })
    const moved = await server.restart({ database, lock_database: database })
    expect(await moved.get('/v1/ledgers/main')).toMatchObject({ size: kept.length + 1 })
  })

  test('the locks follow later', async () => {
    const { server } = await grown()
    await server.running.stop()
    const database = await newDatabase()
    const move = { data: server.data, keys: server.keys, database }
    await moveLedgers({ ...move, lockDatabase: '' })
    const moved = await server.restart({ database })
    expect((await moved.post('/v1/events', { action: 'order.paid' })).status).toBe(200)
    await expect(moveLedgers({ ...move, lockDatabase: database })).rejects.toMatchObject({
      code: 'LOCK_HELD',
    })
    await moved.running.stop()
    await moveLedgers({ ...move, lockDatabase: database })
    const again = await moved.restart({ database, lock_database: database })
    expect((await again.post('/v1/events', { action: 'order.sent' })).status).toBe(200)
  })
})

onEachPostgres((postgres) => {
  describe('what is not moved', () => {
    test('a ledger with an entry that is not what its leaf says: it is named', async () => {
      const server = await testServer()
      await server.post('/v1/events', someRecords(300), { 'content-type': 'application/x-ndjson' })
      await server.running.stop()
      const db = new DatabaseSync(join(server.data, 'ledger.db'))
      db.exec('UPDATE entry_block SET salts = zeroblob(length(salts)) WHERE count < 256')
      db.close()
      const database = await migrated(await postgres.database())
      const moving = moveLedgers({ data: server.data, keys: server.keys, database, lockDatabase: '' })
      await expect(moving).rejects.toMatchObject({
        code: 'DATA_DAMAGED',
        message: expect.stringMatching(/ledger main, entry 256/) as string,
      })
      expect(existsSync(join(server.data, 'ledger.db'))).toBe(true)
    })

    test('beside a running server', async () => {
      const server = await testServer()
      const database = await migrated(await postgres.database())
      const moving = moveLedgers({ data: server.data, keys: server.keys, database, lockDatabase: '' })
      await expect(moving).rejects.toMatchObject({ code: 'LOCK_HELD' })
    })

    test('into a database that has other ledgers of these names', async () => {
      const database = await migrated(await postgres.database())
      const other = await testServer({ database })
      await other.running.stop()
      const server = await testServer()
      await server.running.stop()
      const moving = moveLedgers({ data: server.data, keys: server.keys, database, lockDatabase: '' })
      await expect(moving).rejects.toMatchObject({ code: 'LEDGER_EXISTS' })
    })
  })
})
