/** An encrypted ledger outgrows its machine: it moves to PostgreSQL, sealed there as well, and one in clear can be sealed by moving it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../cli/command.ts'
import { execute } from '../support/each-postgres.ts'
import { masterKey } from '../support/master-key.ts'
import { migrated } from '../support/migrated-database.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { testServer } from '../support/test-server.ts'

describe('ledger move', () => {
  let postgres: PostgresServer
  beforeAll(async () => {
    postgres = await startPostgres({ kind: '18' })
  })
  afterAll(async () => {
    await postgres[Symbol.asyncDispose]()
  })

  test.each([
    { of: 'an encrypted ledger', before: true },
    { of: 'a ledger in clear', before: false },
  ])('of $of: everything is sealed in the database, and goes on there', async ({ before }) => {
    const { setting } = masterKey()
    const server = await testServer(before ? { master_key: setting } : {})
    const records = Array.from({ length: 300 }, (_, n) => ({ action: 'a.b', actor: { id: `karenina-${n}` } }))
    expect((await server.post('/v1/events', records)).status).toBe(200)
    const bad = await server.post('/v1/events', [
      { action: 7, actor: { id: 'karenina-bad' } },
      { action: 'a.b' },
    ])
    const quarantined = bad.body.receipts[0]!.quarantine_id!
    await server.running.stop()

    const name = `moved_${before}`
    await execute(postgres.url, `CREATE DATABASE ${name}`)
    const database = await migrated(postgres.url.replace(/[^/]*$/, name))
    const moved = await run([
      'ledger',
      'move',
      '--data',
      server.data,
      '--keys',
      server.keys,
      '--database',
      database,
      '--master-key',
      setting,
    ])
    expect(moved).toMatchObject({ code: 0 })
    const rows = await execute(
      database,
      'SELECT min(encoding) AS least, count(*) AS rows FROM trailproof_ledger.entry_piece',
    )
    expect(rows[0]!['least']).toBeGreaterThanOrEqual(2)
    const wrapped = readFileSync(join(server.keys, 'main.data-keys'), 'utf8')
    expect(wrapped).toContain('"wrapped_by": "file:')

    const again = await server.restart({ database, master_key: setting })
    const entries = await (await again.fetch('/v1/ledgers/main/entries?from=250&count=3')).text()
    expect(entries).toContain('karenina-251')
    expect(await (await again.fetch(`/v1/quarantine/${quarantined}`)).text()).toContain('karenina-bad')
    const sent = await again.post('/v1/events?wait=index', { action: 'a.b', actor: { id: 'lewin' } })
    expect(sent.status).toBe(200)
    const found = await again.get<{ records: unknown[] }>('/v1/search?q=actor.id:karenina-7')
    expect(found.records).toHaveLength(1)
  })
})
