/** A ledger is deleted by two: nothing of its records is left anywhere, its old proofs stand, and it takes no more. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { run } from '../cli/command.ts'
import { keyOfAnother } from '../support/another-person.ts'
import { tokenFor } from '../support/api-key.ts'
import { onEachPostgres } from '../support/each-postgres.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { masterKey } from '../support/master-key.ts'
import { migrated } from '../support/migrated-database.ts'
import { bytesBelow, tablesOf } from '../support/stored-bytes.ts'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'

const WHY = { authority: 'contract 12', reason: 'the customer left' }
const PATH = `/v1/ledgers/shop?${new URLSearchParams(WHY).toString()}`
const ID = '01890a5d-ac96-774b-bcce-b302099a8057'
const WHO = 'subject-4711'
const SECRET = 'said-in-confidence'

interface Approval {
  readonly id: string
  readonly state: string
  readonly digest: string
  readonly outcome: Record<string, unknown> | null
}

const remove = (server: TestServer, path = PATH, token = ADMIN_TOKEN) =>
  server.fetch(path, { method: 'DELETE', token })

const records = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    ...(n === 0 && { id: ID }),
    action: 'order.placed',
    service: `${SECRET}-service`,
    actor: { type: 'user', id: WHO },
    message: `${SECRET} ${n}`,
  }))

/** A ledger of some records, with a bad one in quarantine and a saved search. */
async function withShop(settings: Record<string, unknown> = {}, count = 300): Promise<TestServer> {
  const server = await testServer(settings)
  expect((await server.post('/v1/ledgers', { name: 'shop' })).status).toBe(201)
  await server.post('/v1/events', { action: 'of.another.ledger' })
  expect((await server.post('/v1/events?ledger=shop', records(count))).status).toBe(200)
  const bad = [{ action: '', message: SECRET }, { action: 'order.paid' }]
  expect((await server.post('/v1/events?ledger=shop&wait=index', bad)).status).toBe(200)
  const search = await server.fetch('/v1/saved/of-one?ledger=shop', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `actor:${WHO}` }),
  })
  expect(search.status).toBe(200)
  return server
}

async function approved(server: TestServer, id: string, by: string): Promise<Approval> {
  const { digest } = await server.get<Approval>(`/v1/approvals/${id}`)
  const response = await server.fetch(`/v1/approvals/${id}/approve`, {
    method: 'POST',
    token: by,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'looked at it', digest }),
  })
  expect(response.status).toBe(200)
  return (await response.json()) as Approval
}

const actionsIn = async (server: TestServer, ledger: string): Promise<string[]> => {
  const { records: found } = await server.get<{ records: { action: string }[] }>(
    `/v1/search?ledger=${ledger}&limit=1000`,
  )
  return found.map(({ action }) => action)
}

describe.each([false, true])('on SQLite (encrypted: %s)', (isEncrypted) => {
  test('asked for by one and approved by another, it is gone; what was proven of it stands', async () => {
    const { setting } = masterKey()
    const server = await withShop({ approvals: 'two', ...(isEncrypted && { master_key: setting }) })
    const { body: receipts } = await server.post('/v1/events?ledger=shop&receipt=proof', records(1))
    expect(receipts.receipts[0]).toMatchObject({ status: 'duplicate', index: 0 })
    const { verifier_keys } = await server.get<{ verifier_keys: string[] }>('/v1/ledgers/shop')
    const other = await keyOfAnother(server)

    const asked = await remove(server)
    expect(asked.status).toBe(202)
    const { approval } = (await asked.json()) as { approval: Approval }
    const own = await server.fetch(`/v1/approvals/${approval.id}/approve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'r', digest: approval.digest }),
    })
    expect(own.status).toBe(403)
    expect((await server.post('/v1/events?ledger=shop', { action: 'order.sent' })).status).toBe(200)

    const done = await approved(server, approval.id, other)
    expect(done).toMatchObject({
      state: 'done',
      outcome: { ledger: 'shop', records: 302, quarantined: 1, saved_searches: 1, erasure_indexes: [302] },
    })
    expect(await server.get('/v1/ledgers/shop')).toMatchObject({ state: { kind: 'deleted' }, size: 303 })
    expect(await server.get('/v1/saved?ledger=shop')).toMatchObject({ searches: [] })
    expect(await server.get('/v1/quarantine?ledger=shop')).toMatchObject({ total: 0 })
    await expect.poll(() => actionsIn(server, 'shop')).toEqual(['trailproof.erasure'])
    const metrics = await (await server.fetch('/metrics')).text()
    expect(metrics).toContain('trailproof_ledgers{state="deleted"} 1')

    const accesses = await (await server.fetch('/v1/ledgers/shop.access/entries?count=100')).text()
    expect(accesses).toContain('access.ledger.deleted')
    expect(accesses).toContain('Bert')
    expect((await server.fetch(`/v1/events/${ID}?ledger=shop`)).status).toBe(404)
    expect((await server.fetch('/v1/ledgers/shop/entries/5/proof')).status).toBe(200)
    const file = join(server.data, '..', 'shop.ndjson')
    writeFileSync(file, await (await server.fetch('/v1/export?ledger=shop')).text())
    const kept = join(server.data, '..', 'receipts.ndjson')
    writeFileSync(kept, JSON.stringify(receipts))

    const again = await server.restart()
    expect(await again.get('/v1/ledgers/shop')).toMatchObject({ state: { kind: 'deleted' }, size: 303 })
    expect((await again.post('/v1/ledgers', { name: 'shop' })).status).toBe(409)
    expect(await actionsIn(again, 'main')).toContain('of.another.ledger')
    await again.running.stop()

    const disk = Buffer.concat([bytesBelow(again.data), bytesBelow(again.keys)])
    for (const text of [WHO, SECRET]) expect(disk.includes(text)).toBe(false)
    const key = ['--vkey', verifier_keys[0]!]
    const keys = ['--keys', again.keys, ...(isEncrypted ? ['--master-key', setting] : [])]
    const whole = await run(['verify', again.data, '--ledger', 'shop', ...keys])
    expect(whole.stdout).toContain('by entry 302')
    expect(whole.stdout).toContain(WHY.authority)
    expect(whole.code).toBe(0)
    expect((await run(['verify', file, ...key])).stdout).toContain('erased')
    expect((await run(['verify', kept, ...key])).code).toBe(0)
  })
})

test('what is sent to it is refused by every protocol, and the ledgers beside it take theirs', async () => {
  const server = await withShop()
  expect((await remove(server)).status).toBe(200)
  const refused = await server.post('/v1/events?ledger=shop', { action: 'a.b' })
  expect(refused).toMatchObject({
    status: 410,
    body: {
      type: 'urn:trailproof:problem:ledger-deleted',
      detail: expect.stringContaining('shop was deleted'),
    },
  })
  expect((await server.post('/v1/events?ledger=main', { action: 'a.b' })).status).toBe(200)
  const { logEvent, logEvents } = AuditService.method
  const client = new GrpcClient(server.url)
  const event = { action: 'a.b' }
  for (const call of [
    client.call(logEvent, event, { metadata: { 'trailproof-ledger': 'shop' } }),
    client.call(logEvents, { events: [event], ledger: 'shop' }),
  ])
    expect(await failureOf(call)).toMatchObject({ code: 9, info: { reason: 'LEDGER_DELETED' } })
  const hold = { ledger: 'shop', name: 'late', ...WHY, range: { from: 0, to: 1 } }
  expect((await server.post('/v1/holds', hold)).status).toBe(410)
  expect((await server.post('/v1/erasures', { ledger: 'shop', ids: [ID], ...WHY })).status).toBe(410)
  const rules = await server.fetch('/v1/retention/shop', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rules: [] }),
  })
  expect(rules.status).toBe(410)
  // Once more, it answers the same.
  expect(await (await remove(server)).json()).toMatchObject({ records: 301, erasure_indexes: [301] })
})

test('whoever only holds the role admin, or another ledger, deletes none; neither is a ledger of accesses deleted', async () => {
  const server = await withShop()
  for (const key of [{ roles: ['admin'] }, { roles: ['owner'], ledger: 'main' }])
    expect((await remove(server, PATH, await tokenFor(server, key))).status).toBe(403)
  await server.get('/v1/search?ledger=shop')
  const accesses = await remove(server, PATH.replace('shop', 'shop.access'))
  expect(accesses.status).toBe(400)
  expect(await accesses.text()).toContain('says who read')
  expect((await remove(server, PATH.replace('shop', 'none'))).status).toBe(404)
  expect(await server.get('/v1/ledgers/shop')).toMatchObject({ state: { kind: 'open' } })
})

test('a legal hold keeps it, also one that began after it was asked for', async () => {
  const server = await withShop({ approvals: 'two' })
  const other = await keyOfAnother(server)
  const { approval } = (await (await remove(server)).json()) as { approval: Approval }
  const hold = { ledger: 'shop', name: 'case-7', ...WHY, query: 'action:nothing.of.the.kind' }
  expect((await server.post('/v1/holds', hold)).status).toBe(201)
  const done = await approved(server, approval.id, other)
  expect(done).toMatchObject({ state: 'failed', outcome: { error: 'ledger shop is held by: case-7' } })
  const refused = await remove(server)
  expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining('case-7')])
  expect(await server.get('/v1/ledgers/shop')).toMatchObject({ state: { kind: 'open' } })
})

test('the last ledger that takes records can go, an empty one too, and the server starts without', async () => {
  const server = await testServer()
  const path = PATH.replace('shop', 'main')
  expect(await (await remove(server, path)).json()).toMatchObject({ records: 0, erasure_indexes: [0] })
  const again = await server.restart()
  expect(await again.get('/v1/ledgers/main')).toMatchObject({ state: { kind: 'deleted' }, size: 1 })
  expect((await again.post('/v1/events', { action: 'a.b' })).status).toBe(410)
  expect((await again.post('/v1/ledgers', { name: 'next' })).status).toBe(201)
  expect((await again.post('/v1/events?ledger=next', { action: 'a.b' })).status).toBe(200)
})

test('records of its own stay, and what is erased already is not said again', async () => {
  const server = await withShop({}, 4)
  const erased = await server.post('/v1/erasures', { ledger: 'shop', ids: [ID], ...WHY })
  expect(erased.body['erasure_index']).toBe(5)
  await server.post('/v1/events?ledger=shop', { action: 'order.sent' })
  expect(await (await remove(server)).json()).toMatchObject({ records: 6, erasure_indexes: [7] })
  const entries = await (await server.fetch('/v1/ledgers/shop/entries?count=10')).text()
  expect(entries).not.toContain('order.sent')
  expect(entries).toContain('\\"ranges\\":[[0,5],[6,7]]')
  expect(entries).toContain('\\"closes\\":true')
})

test('whoever writes while it is deleted is acknowledged before, or refused: nothing slips in behind', async () => {
  const server = await withShop()
  const acknowledged: number[] = []
  const over = new AbortController()
  const write = async (): Promise<number> => {
    for (;;) {
      const batch = [{ action: 'order.late', message: SECRET }, { action: 'order.late' }]
      const { status, body } = await server.post('/v1/events?ledger=shop', batch)
      if (status !== 200) return status
      acknowledged.push(...body.receipts.map(({ index }) => index))
    }
  }
  const writeBeside = async (): Promise<void> => {
    while (!over.signal.aborted)
      expect((await server.post('/v1/events', { action: 'order.beside' })).status).toBe(200)
  }
  const writers = Array.from({ length: 8 }, write)
  const beside = Array.from({ length: 2 }, writeBeside)
  await expect.poll(() => acknowledged.length).toBeGreaterThan(50)
  const deleted = (await (await remove(server)).json()) as { erasure_indexes: number[] }
  expect(new Set(await Promise.all(writers))).toEqual(new Set([410]))
  over.abort()
  await Promise.all(beside)
  const last = deleted.erasure_indexes.at(-1)!
  expect(Math.max(...acknowledged)).toBeLessThan(last)
  expect(await server.get('/v1/ledgers/shop')).toMatchObject({ size: last + 1 })
  expect(bytesBelow(server.data).includes(SECRET)).toBe(false)
  await server.running.stop()
  const { stdout, code } = await run(['verify', server.data, '--ledger', 'shop', '--keys', server.keys])
  expect([code, stdout]).toEqual([0, expect.stringContaining(`by entry ${last}`)])
})

test('the command line deletes it, and asks before', async () => {
  const server = await withShop()
  const env = { TRAILPROOF_URL: server.url, TRAILPROOF_TOKEN: ADMIN_TOKEN }
  const why = ['--authority', WHY.authority, '--reason', WHY.reason]
  expect((await run(['ledger', 'delete', 'shop', ...why], { env })).code).not.toBe(0)
  const { stdout } = await run(['ledger', 'delete', 'shop', ...why, '--yes'], { env })
  expect(stdout).toContain('deleted ledger shop: 301 records erased; recorded as entry 301')
  expect((await run(['ledger', 'list'], { env })).stdout).toMatch(/shop +302 +302 +deleted/)
})

test('a backup from before brings nothing of it back', async () => {
  const server = await withShop()
  await server.running.stop()
  const backup = join(server.data, '..', 'backup')
  cpSync(server.data, backup, { recursive: true })
  const doomed = await server.restart()
  await remove(doomed)
  await doomed.running.stop()
  rmSync(server.data, { recursive: true })
  cpSync(backup, server.data, { recursive: true })
  const restored = await server.restart()
  // Its newest entries are missing, as of any ledger that was restored; what they said is done, and stays so.
  expect(await restored.get('/v1/ledgers/shop')).toMatchObject({ state: { kind: 'deleted' } })
  expect((await restored.post('/v1/events?ledger=shop', { action: 'a.b' })).status).toBe(410)
  await restored.running.stop()
  const where = ['--data', server.data, '--keys', server.keys, '--reason', 'restored']
  expect((await run(['ledger', 'succeed', 'shop', ...where])).stderr).toContain('was deleted')
  rmSync(backup, { recursive: true })
  const ledger = readFileSync(join(server.data, 'ledger.db'))
  for (const text of [WHO, `${SECRET} 7`]) expect(ledger.includes(text)).toBe(false)
})

onEachPostgres((postgres) => {
  test('a ledger that was deleted is moved as one', { timeout: 90_000 }, async () => {
    const server = await withShop()
    await remove(server)
    const before = await server.get<{ size: number; checkpoint: string }>('/v1/ledgers/shop')
    await server.running.stop()
    const database = await migrated(await postgres.database())
    const where = ['--data', server.data, '--keys', server.keys, '--database', database]
    expect((await run(['ledger', 'move', ...where])).code).toBe(0)
    const moved = await server.restart({ database })
    const { size, checkpoint } = before
    expect(await moved.get('/v1/ledgers/shop')).toMatchObject({
      state: { kind: 'deleted' },
      size,
      checkpoint,
    })
    expect((await moved.post('/v1/events?ledger=shop', { action: 'a.b' })).status).toBe(410)
    expect((await moved.post('/v1/ledgers', { name: 'shop' })).status).toBe(409)
  })

  test('in PostgreSQL nothing of it is left either, nor in what serves search', {
    timeout: 90_000,
  }, async () => {
    const database = await migrated(await postgres.database())
    const server = await withShop({ database })
    expect((await remove(server)).status).toBe(200)
    await expect.poll(() => actionsIn(server, 'shop')).toEqual(['trailproof.erasure'])
    const again = await server.restart()
    expect(await again.get('/v1/ledgers/shop')).toMatchObject({ state: { kind: 'deleted' }, size: 302 })
    expect((await again.post('/v1/events?ledger=shop', { action: 'a.b' })).status).toBe(410)
    expect((await again.post('/v1/events?ledger=main', { action: 'a.b' })).status).toBe(200)
    const disk = Buffer.concat([
      await tablesOf(postgres.server(), database),
      bytesBelow(again.data),
      bytesBelow(again.keys),
    ])
    // The name of a service, as other values of which there are few, may stay in the index (docs/retention.md).
    for (const text of [WHO, `${SECRET} `]) expect(disk.includes(text)).toBe(false)
  })
})
