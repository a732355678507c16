/** A whole server whose ledgers are in PostgreSQL: the same answers as on SQLite, and a database that goes away and comes back. */
import { describe, expect, test, vi } from 'vitest'
import { execute, onEachPostgres, type TestedPostgres } from '../support/each-postgres.ts'
import { migrated } from '../support/migrated-database.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const PATIENCE = { timeout: 30_000, interval: 50 }

async function started(postgres: TestedPostgres): Promise<{ database: string; server: TestServer }> {
  const database = await migrated(await postgres.database())
  return { database, server: await testServer({ database }) }
}

onEachPostgres((postgres) => {
  describe('a server with its ledgers there', { timeout: 60_000 }, () => {
    test('records, finds, proves, exports, and has all of it after a restart', async () => {
      const { server } = await started(postgres)
      const id = '01890a5d-ac96-774b-bcce-b302099a8057'
      const batch = [
        { id, action: 'order.placed' },
        ...Array.from({ length: 600 }, () => ({ action: 'order.paid' })),
      ]
      const first = await server.post('/v1/events?receipt=proof', batch)
      expect(first.status).toBe(200)
      expect(first.body.receipts[600]).toMatchObject({ status: 'recorded', index: 600 })
      expect(first.body.receipts[600]?.proof?.length).toBeGreaterThan(3)
      const again = await server.post('/v1/events', { id, action: 'order.placed' })
      expect(again.body.receipts).toMatchObject([{ status: 'duplicate', index: 0 }])
      const conflict = await server.post('/v1/events', [{ id, action: 'order.cancelled' }])
      expect(conflict.body.receipts).toMatchObject([{ status: 'conflict', index: 0 }])
      expect((await server.post('/v1/events?wait=index', { action: 'order.sent' })).body['indexed']).toBe(
        true,
      )
      expect(JSON.stringify(await server.get('/v1/search?q=action:order.sent'))).toContain('order.sent')

      const restarted = await server.restart()
      expect(await restarted.get(`/v1/events/${id}`)).toMatchObject({ action: 'order.placed' })
      expect(await restarted.get('/v1/ledgers/main')).toMatchObject({ size: 603 })
      const lines = (await (await restarted.fetch('/v1/export?format=ndjson')).text()).trim().split('\n')
      expect(lines.length).toBeGreaterThanOrEqual(603)
    })

    test('what is erased is in no answer any more, and its proof stands', async () => {
      const { server } = await started(postgres)
      const { body } = await server.post('/v1/events', {
        action: 'user.joined',
        actor: { type: 'user', id: 'u-77' },
      })
      const { id } = body.receipts[0]!
      const erased = await server.post('/v1/erasures', {
        ledger: 'main',
        ids: [id],
        authority: 'GDPR Art. 17',
        reason: 'asked for',
      })
      expect(erased.status).toBe(200)
      expect(JSON.stringify(await server.get(`/v1/events/${id}`))).not.toContain('u-77')
    })

    test('connections that are cut are made again; nothing that was acknowledged is lost or there twice', async () => {
      const { server, database } = await started(postgres)
      const acknowledged = new Set<string>()
      let cuts = 0
      for (let i = 0; i < 60; i++) {
        const id = `01890a5d-ac96-774b-bcce-${String(i).padStart(12, '0')}`
        if (i % 12 === 5) {
          await execute(database, CUT)
          cuts++
        }
        await vi.waitUntil(async () => {
          const { status, body } = await server.post('/v1/events', { id, action: 'order.placed' })
          if (status === 503) return false
          expect(body.receipts).toHaveLength(1)
          return acknowledged.add(id)
        }, PATIENCE)
      }
      expect(cuts).toBe(5)
      expect(acknowledged.size).toBe(60)
      expect(await server.get('/v1/ledgers/main')).toMatchObject({ size: 60 })
    })
  })
})

/** Every connection of the server, whatever it does. */
const CUT = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()`
