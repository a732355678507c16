/** A writer that was away for longer than its lease: another one writes by then, and it must not. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { execute } from '../support/each-postgres.ts'
import { migrated } from '../support/migrated-database.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { openLedgerOn } from '../support/stored-ledger.ts'
import { ADMIN_TOKEN } from '../support/test-server.ts'

/** `EXIT_FATAL` of the server. */
const EXIT_FATAL = 70

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())

async function record({ url }: ServerProcess, id: string): Promise<number | 'cut'> {
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id, action: 'order.placed' }),
  }).catch(() => undefined)
  return response?.status ?? 'cut'
}

test('resumed, it is refused and stops; the ledger is that of the other', { timeout: 90_000 }, async () => {
  await execute(postgres.url, 'CREATE DATABASE paused')
  const database = await migrated(postgres.url.replace(/[^/]*$/, 'paused'))
  const root = mkdtempSync(join(tmpdir(), 'trailproof-paused-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const keys = join(root, 'keys')
  const start = async (name: string): Promise<ServerProcess> => {
    const settings = { database, lock_database: database }
    const server = await startServerProcess({ data: join(root, name), keys }, { settings })
    onTestFinished(async () => void (await server.end('SIGKILL')))
    return server
  }
  const first = await start('first')
  const acknowledged = [uuidv7(), uuidv7(), uuidv7()]
  expect(await record(first, acknowledged[0]!)).toBe(200)
  first.pause()
  const second = await start('second') // resolves once it is its turn
  expect(await record(second, acknowledged[1]!)).toBe(200)

  const late = uuidv7()
  const answer = record(first, late) // waits until it is resumed
  first.resume()
  expect([503, 'cut']).toContain(await answer)
  expect(await first.exited).toMatchObject({ code: EXIT_FATAL })
  expect(await record(second, acknowledged[2]!)).toBe(200)
  await second.end('SIGTERM')

  await using ledger = await openLedgerOn(database, keys)
  expect(await ledger.verify()).toMatchObject({ verdict: 'intact' })
  expect((await ledger.entries()).map(({ id }) => id)).toEqual(acknowledged)
})
