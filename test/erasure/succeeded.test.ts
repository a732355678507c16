/** Somebody is erased from a ledger that was succeeded, too; its successor says so, and both prove themselves. */
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { succeedLedger } from '@trailproof/server'
import { describe, expect, test } from 'vitest'
import { ApiClient } from '../../packages/cli/src/api/api-client.ts'
import { openServer } from '../../packages/cli/src/verify/http-evidence.ts'
import { type Judged, judgeLedger } from '../../packages/cli/src/verify/judge-ledger.ts'
import { run } from '../cli/command.ts'
import { keyOfAnother } from '../support/another-person.ts'
import { judge } from '../support/damaged-ledger.ts'
import { masterKey } from '../support/master-key.ts'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'

const ID = 'subject-7f3a'
const NAME = 'Annabella Archivist'
const EMAIL = 'annabella@archive.example'
const OTHER = 'subject-7f3ab'
const WHY = { authority: 'GDPR Art. 17', reason: 'asked on 21 November' }
const recordId = (n: number): string => `01890a5d-ac96-774b-bcce-${String(n).padStart(12, '0')}`

/** Every second one is somebody's, of the service `debugger`. */
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => from + i).map((n) =>
    n % 2 === 0
      ? {
          id: recordId(n),
          action: 'order.placed',
          service: 'debugger',
          actor: { type: 'user', id: ID, name: NAME, email: EMAIL },
        }
      : { id: recordId(n), action: 'order.placed', service: 'shop', actor: { type: 'user', id: OTHER } },
  )

const put = (server: TestServer, path: string, body: unknown) =>
  server.fetch(path, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

/** Asks for somebody, so that the ledger of accesses names them. */
const ask = (server: TestServer, ledger = 'main') =>
  server.get(`/v1/search?ledger=${ledger}&q=${encodeURIComponent(`actor.id:${ID}`)}`)

const eraseSubject = async (server: TestServer, ledger = 'main') =>
  await server.post('/v1/erasures/subject', { ledger, subject: { id: ID }, ...WHY })

/** Where a directory is kept as it is now. */
function backUp(server: TestServer): string {
  const backup = join(server.data, '..', `backup-${Math.random()}`)
  cpSync(server.data, backup, { recursive: true })
  return backup
}

function restore(server: TestServer, backup: string): void {
  rmSync(server.data, { recursive: true })
  cpSync(backup, server.data, { recursive: true })
}

const succeed = (server: TestServer, ledger: string, settings: { master_key?: string }) =>
  succeedLedger(
    { ...server, ...(settings.master_key !== undefined && { masterKey: settings.master_key }) },
    ledger,
    'restored',
  )

/** `main` has 20 records of two people, and was succeeded by `main-2` after a restore; so was `main.access`. */
async function succeeded(settings: { master_key?: string; approvals?: string } = {}): Promise<TestServer> {
  const server = await testServer(settings)
  await server.post('/v1/events?wait=index', records(0, 20))
  await server.post('/v1/events', [{ action: '', actor: { id: ID, email: EMAIL } }])
  await ask(server)
  await put(server, '/v1/saved/theirs', { query: `actor.id:${ID}`, shared: true })
  await server.running.stop()
  const backup = backUp(server)
  const again = await server.restart()
  await again.post('/v1/events?wait=index', records(100, 104))
  await ask(again)
  await again.running.stop()
  restore(server, backup)
  await succeed(server, 'main', settings)
  return await server.restart()
}

/** What any file there holds of somebody: none of the words. */
function wordsIn(...directories: readonly string[]): readonly string[] {
  const bytes = bytesOf(...directories).replaceAll(OTHER, '')
  return [ID, NAME, EMAIL].filter((word) => bytes.includes(word))
}

function bytesOf(...directories: readonly string[]): string {
  return Buffer.concat(
    directories.flatMap((directory) =>
      readdirSync(directory).map((name) => readFileSync(join(directory, name))),
    ),
  ).toString('latin1')
}

/** What `trailproof verify` says of a running server's ledger. */
async function judged(server: TestServer, ledger: string): Promise<Judged> {
  await using place = await openServer(new ApiClient(server.url, ADMIN_TOKEN), { pinned: [], ledger })
  const progress = { update: () => undefined, [Symbol.dispose]: () => undefined }
  return await judgeLedger(place, ledger, { from: undefined, remembered: undefined, progress, now: Date.now })
}

/** As the holder of a token. */
async function post(
  server: TestServer,
  token: string,
  path: string,
  body: unknown,
): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/json' }
  const response = await server.fetch(path, { method: 'POST', token, headers, body: JSON.stringify(body) })
  return (await response.json()) as Record<string, unknown>
}

const evens = (to: number, erasedBy: number) =>
  Array.from({ length: to / 2 }, (_, i) => ({ from: 2 * i, to: 2 * i + 1, erasedBy, ledger: 'main-2' }))

test.each([false, true])(
  'of somebody nothing is left, in no ledger and in no file (encrypted: %s)',
  async (isEncrypted) => {
    const settings = isEncrypted ? { master_key: masterKey().setting } : {}
    const server = await succeeded(settings)
    await server.post('/v1/events?wait=index', records(200, 206))
    await ask(server, 'main-2')
    const { status, body } = await eraseSubject(server)
    expect(status).toBe(200)
    // Entry 0 of main-2 is its succession, then come six records.
    expect(body).toMatchObject({
      ledger: 'main-2',
      complete: true,
      records: 13,
      quarantined: 1,
      saved_searches: 1,
      erasure_indexes: [7, 8],
    })
    // Of main.access, of what has succeeded it, and of main-2.access.
    expect(body['accesses']).toBeGreaterThanOrEqual(2)
    expect((await eraseSubject(server)).body).toMatchObject({ records: 0, erasure_indexes: [] })
    const left = await server.get<{ records: unknown[] }>(`/v1/search?ledger=main&actor=${OTHER}`)
    expect(left.records).toHaveLength(10)

    await server.running.stop()
    expect(wordsIn(server.data, server.keys)).toEqual([])
    const again = await server.restart()
    const main = await judged(again, 'main')
    expect(main.verdict).toBe('erased')
    expect(main.erased).toMatchObject(evens(20, 7))
    const next = await judged(again, 'main-2')
    expect(next.verdict).toBe('erased')
    expect(next.erased).toMatchObject([1, 3, 5].map((from) => ({ from, erasedBy: 8 })))
    const accesses = await judged(again, 'main.access')
    expect(accesses.verdict).toBe('erased')
    expect(accesses.erased[0]!.ledger).toBe('main.access-2')
    const { stdout } = await run(['verify', `${again.url}/ledgers/main`, '--token', ADMIN_TOKEN])
    expect(stdout).toContain('entry 0 by entry 7 of ledger main-2: GDPR Art. 17')
  },
)

test('records are erased by their ids in whichever ledger they stand, and in each where they stand twice', async () => {
  const server = await succeeded()
  await server.post('/v1/events?wait=index', [...records(0, 1), ...records(200, 201)])
  const ids = [0, 4, 200].map(recordId)
  const { status, body } = await server.post('/v1/erasures', { ids, ...WHY })
  expect(status).toBe(200)
  expect(body).toMatchObject({ ledger: 'main-2', erased: ids, erasure_index: 3, erasure_indexes: [3, 4] })
  const again = await server.restart()
  const main = await judged(again, 'main')
  expect(main).toMatchObject({
    verdict: 'erased',
    erased: [{ from: 0, erasedBy: 3, ledger: 'main-2' }, { from: 4 }],
  })
  expect((await judged(again, 'main-2')).erased).toMatchObject([1, 2].map((from) => ({ from, erasedBy: 4 })))
  const unknown = await again.post('/v1/erasures', { ids: [recordId(999)], ...WHY })
  expect(unknown.status).toBe(404)
})

test('a key of the successor alone erases nothing of the ledger before it', async () => {
  const server = await succeeded()
  const make = async (ledger: string) =>
    (await server.post('/v1/keys', { name: ledger, scopes: ['admin'], ledger })).body['token'] as string
  const token = await make('main-2')
  const erase = async (body: object) => {
    const response = await server.fetch('/v1/erasures/subject', {
      method: 'POST',
      token,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ledger: 'main-2', subject: { id: ID }, ...WHY, ...body }),
    })
    return { status: response.status, body: await response.json() }
  }
  expect(await erase({})).toMatchObject({ status: 200, body: { records: 0 } })
  expect(await erase({ ledger: 'main' })).toMatchObject({ status: 403 })
  expect((await judged(server, 'main')).verdict).toBe('intact')
})

const removeLedger = (server: TestServer, ledger: string, token = ADMIN_TOKEN) =>
  server.fetch(`/v1/ledgers/${ledger}?${new URLSearchParams(WHY).toString()}`, { method: 'DELETE', token })

const hold = (server: TestServer, ledger: string) =>
  server.post('/v1/holds', { ledger, name: 'case-7', subject: { id: ID }, ...WHY })

test('who approves it holds what it takes of every ledger that it reaches', async () => {
  const server = await succeeded({ approvals: 'two' })
  const bert = await keyOfAnother(server)
  const make = async (ledger: string) => {
    const made = await post(server, bert, '/v1/keys', { name: ledger, scopes: ['admin'], ledger })
    return made['token'] as string
  }
  const asked = await eraseSubject(server)
  expect(asked.status).toBe(202)
  const { id, digest } = asked.body['approval'] as { id: string; digest: string }
  const approve = (token: string) =>
    post(server, token, `/v1/approvals/${id}/approve`, { digest, reason: 'looked at it' })
  expect(await approve(await make('main-2'))).toMatchObject({
    detail: expect.stringContaining('on ledger main') as string,
  })
  expect(await approve(await make('main'))).toMatchObject({
    state: 'done',
    outcome: { records: 10, complete: true },
  })
  const main = await judged(await server.restart(), 'main')
  expect(main.erased).toMatchObject(evens(20, 1))
})

describe('holds', () => {
  test('of the successor keep what stands in the ledger before it', async () => {
    const server = await succeeded()
    expect((await hold(server, 'main-2')).status).toBe(201)
    expect((await eraseSubject(server)).body).toMatchObject({
      complete: false,
      records: 0,
      held: 10,
      holds: ['case-7'],
    })
    const byId = await server.post('/v1/erasures', { ids: [recordId(0)], ...WHY })
    expect(byId.status).toBe(409)
    expect(byId.body['held']).toEqual([{ ledger: 'main', index: 0, holds: ['case-7'] }])
    expect((await judged(server, 'main')).verdict).toBe('intact')
  })

  test('of the closed ledger keep it, and retention leaves it', async () => {
    const before = await testServer()
    await before.post('/v1/events?wait=index', records(0, 4))
    expect((await hold(before, 'main')).status).toBe(201)
    await before.running.stop()
    rmSync(join(before.keys, 'main.lock'))
    await succeed(before, 'main', {})
    const server = await before.restart()
    expect((await eraseSubject(server)).body).toMatchObject({ records: 0, held: 2 })
    await put(server, '/v1/retention/main', { rules: [{ name: 'all', keep_days: 0 }] })
    await server.running.services.retention.pass()
    expect((await removeLedger(server, 'main-2')).status).toBe(409)
    const again = await server.restart()
    const { erased } = await judged(again, 'main')
    expect(erased).toMatchObject([
      { from: 1, to: 2, rule: 'all', ledger: 'main-2' },
      { from: 3, to: 4 },
    ])
    const release = `/v1/holds/case-7?${new URLSearchParams({ ledger: 'main', ...WHY }).toString()}`
    expect((await again.fetch(release, { method: 'DELETE' })).status).toBe(200)
    expect((await eraseSubject(again)).body).toMatchObject({ complete: true, records: 2, held: 0 })
  })
})

test('deleting what goes on destroys what stands in the ledger before it, and takes the leave for both', async () => {
  const server = await succeeded()
  await server.post('/v1/events?wait=index', records(200, 206))
  expect((await removeLedger(server, 'main')).status).toBe(400)
  const owner = { name: 'owner of the successor', roles: ['owner'], ledger: 'main-2' }
  const { body: key } = await server.post('/v1/keys', owner)
  expect((await removeLedger(server, 'main-2', key['token'] as string)).status).toBe(403)
  const deleted = await removeLedger(server, 'main-2')
  expect([deleted.status, await deleted.json()]).toMatchObject([
    200,
    // Of both ledgers.
    { ledger: 'main-2', records: 26, quarantined: 1, saved_searches: 1 },
  ])
  await server.running.stop()
  expect(bytesOf(server.data).includes('order.placed')).toBe(false)
  const again = await server.restart()
  const main = await judged(again, 'main')
  expect(main).toMatchObject({
    verdict: 'erased',
    erased: [{ from: 0, to: 20, isWhole: true, ledger: 'main-2' }],
  })
  expect((await judged(again, 'main-2')).verdict).toBe('erased')
  expect((await again.post('/v1/events?ledger=main', records(300, 301))).status).toBe(410)
})

test('retention goes on in the closed ledger under its rules', async () => {
  const server = await succeeded()
  await put(server, '/v1/retention/main', {
    rules: [{ name: 'debug', keep_days: 0, query: 'service:debugger' }],
  })
  await server.running.services.retention.pass()
  const again = await server.restart()
  const main = await judged(again, 'main')
  expect(main.verdict).toBe('erased')
  expect(main.erased).toMatchObject(evens(20, 1).map((range) => ({ ...range, isWhole: true, rule: 'debug' })))
  expect((await judged(again, 'main-2')).verdict).toBe('intact')
})

test('a backup from before is erased from again before it serves, and said anew where its entry is lost', async () => {
  const server = await succeeded()
  await server.running.stop()
  const backup = backUp(server)
  const erasing = await server.restart()
  await eraseSubject(erasing)
  await erasing.running.stop()
  restore(server, backup)
  expect(wordsIn(server.data)).toContain(NAME)
  await succeed(server, 'main-2', {})
  const restored = await server.restart()
  const { records: left } = await restored.get<{ records: unknown[] }>(`/v1/search?ledger=main&actor=${ID}`)
  expect(left).toEqual([])
  await restored.running.stop()
  expect(wordsIn(server.data)).not.toContain(NAME)
  const again = await restored.restart()
  const main = await judged(again, 'main')
  expect(main.verdict).toBe('erased')
  expect(main.erased).toMatchObject(evens(20, 1).map((range) => ({ ...range, ledger: 'main-3' })))
  expect((await judged(again, 'main-3')).verdict).toBe('intact')
  // What the locks have signed and the restores have lost is missing, and nothing else is held against them.
  await again.running.stop()
  const found = await judge(server)
  expect(found).toMatchObject({ verdict: 'broken', badCount: 1, firstBad: { index: 20, step: 'missing' } })
  expect(found.erased).toEqual(main.erased)
})

test('what a ledger erased itself is said by its successor where a restore has lost the entry', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', records(0, 4))
  await server.running.stop()
  const backup = backUp(server)
  const erasing = await server.restart()
  await eraseSubject(erasing)
  await erasing.running.stop()
  restore(server, backup)
  await succeed(server, 'main', {})
  const again = await server.restart()
  expect(await judged(again, 'main')).toMatchObject({ verdict: 'erased', erased: evens(4, 1) })
  await again.running.stop()
  expect(wordsIn(server.data)).not.toContain(NAME)
})
