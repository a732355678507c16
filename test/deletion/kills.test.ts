/** A server that is killed while it deletes a ledger: what was listed is carried out by the next one, the closing too. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keyOfAnother } from '../support/another-person.ts'
import { copyHome, judge } from '../support/damaged-ledger.ts'
import { serverHome } from '../support/server-home.ts'
import { type ServerHome, type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { bytesBelow } from '../support/stored-bytes.ts'
import { ADMIN_TOKEN } from '../support/test-server.ts'

const WHY = { authority: 'contract 12', reason: 'the customer left' }
const SECRET = 'said-in-confidence'

interface Called {
  readonly status: number
  readonly body: Record<string, never>
}

async function call(
  { url }: ServerProcess,
  method: string,
  path: string,
  body?: unknown,
  token = ADMIN_TOKEN,
): Promise<Called> {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Called['body'] }
}

const remove = (server: ServerProcess): Promise<Called> =>
  call(server, 'DELETE', `/v1/ledgers/shop?${new URLSearchParams(WHY).toString()}`)

/** With 300 records in `shop`. */
async function withShop(): Promise<ServerHome & { readonly root: string }> {
  const home = serverHome()
  const server = await startServerProcess(home)
  await call(server, 'POST', '/v1/ledgers', { name: 'shop' })
  const records = Array.from({ length: 300 }, (_, n) => ({
    action: 'order.placed',
    message: `${SECRET} ${n}`,
  }))
  expect((await call(server, 'POST', '/v1/events?ledger=shop&wait=index', records)).status).toBe(200)
  await server.end('SIGTERM')
  return home
}

function traced(
  { root }: { readonly root: string },
  syscall: string,
  file: string,
  inject?: string,
): readonly string[] {
  return [
    'strace',
    '-f',
    `-o${join(root, 'trace')}`,
    `-P${join(root, file)}`,
    `-etrace=${syscall}`,
    ...(inject === undefined ? [] : [`-einject=${syscall}:${inject}`]),
  ]
}

const callsIn = ({ root }: { readonly root: string }, syscall: string): number =>
  readFileSync(join(root, 'trace'), 'utf8').split(`${syscall}(`).length - 1

/** The erasure's entry, its checkpoint, the end of the ledger, and the first of its content that is destroyed. */
const COMMITS = 4

/** Where each is killed: at calls of the server's own, from the first that a deletion makes to the last. */
const KILLS = [
  { call: 'fsync', file: 'keys/shop.erasures', at: 1 }, // listed, not committed
  { call: 'fdatasync', file: 'keys/shop.lock', at: 1 }, // committed, not signed
  { call: 'ftruncate', file: 'data/index.db-wal', at: 1 }, // closed, and in no index
  { call: 'ftruncate', file: 'data/ledger.db-wal', at: 1 }, // destroyed, and still in the log of the store
] as const

test('killed at any write of its own, the next start deletes all of it and closes it', {
  timeout: 180_000,
}, async () => {
  const home = await withShop()
  const WAL = { call: 'fsync', file: 'data/ledger.db-wal' } as const
  const dry = copyHome(home, join(home.root, 'dry'))
  const whole = await startServerProcess(dry, { wrapper: traced(dry, WAL.call, WAL.file) })
  const before = callsIn(dry, WAL.call)
  expect((await remove(whole)).status).toBe(200)
  const commits = callsIn(dry, WAL.call) - before
  await whole.end('SIGTERM')
  expect(commits).toBeGreaterThanOrEqual(COMMITS)

  const kills = [...KILLS, ...Array.from({ length: COMMITS }, (_, n) => ({ ...WAL, at: before + n + 1 }))]
  for (const { call: syscall, file, at } of kills) {
    const doomed = copyHome(home, join(home.root, `${syscall}-${at}-${file.replace('/', '-')}`))
    const inject = `signal=SIGKILL:when=${at}`
    const killed = await startServerProcess(doomed, { wrapper: traced(doomed, syscall, file, inject) })
    await expect(remove(killed), `${syscall} ${file} ${at}`).rejects.toThrow()
    await killed.exited
    const next = await startServerProcess(doomed)
    await assertDeleted(next, doomed, `${syscall} ${file} ${at}`)
  }
})

test('what was approved when it was killed is done by the next start, once', {
  timeout: 60_000,
}, async () => {
  const home = await withShop()
  const settings = { approvals: 'two' }
  const first = await startServerProcess(home, { settings })
  const other = await keyOfAnother(first)
  const { approval } = (await remove(first)).body as unknown as {
    approval: { readonly id: string; readonly digest: string }
  }
  await first.end('SIGTERM')
  const wrapper = traced(home, 'ftruncate', 'data/ledger.db-wal', 'signal=SIGKILL:when=1')
  const killed = await startServerProcess(home, { settings, wrapper })
  const path = `/v1/approvals/${approval.id}`
  const decision = { reason: 'r', digest: approval.digest }
  await expect(call(killed, 'POST', `${path}/approve`, decision, other)).rejects.toThrow()
  await killed.exited
  const next = await startServerProcess(home, { settings })
  await expect
    .poll(async () => (await call(next, 'GET', path)).body, { timeout: 30_000 })
    .toMatchObject({ state: 'done', outcome: { records: 300, erasure_indexes: [300] } })
  await assertDeleted(next, home, 'approved')
})

/** Stops it. */
async function assertDeleted(server: ServerProcess, home: ServerHome, when: string): Promise<void> {
  const shop = await call(server, 'GET', '/v1/ledgers/shop')
  expect(shop.body, when).toMatchObject({ state: { kind: 'deleted' }, size: 301 })
  expect((await call(server, 'POST', '/v1/events?ledger=shop', { action: 'a.b' })).status).toBe(410)
  expect((await call(server, 'POST', '/v1/events', { action: 'a.b' })).status).toBe(200)
  await server.end('SIGTERM')
  const { verdict, erased } = await judge(home, [], 'shop')
  expect(verdict, when).toBe('erased')
  expect(erased, when).toMatchObject([{ from: 0, to: 300, erasedBy: 300, ...WHY }])
  const disk = Buffer.concat([bytesBelow(home.data), bytesBelow(home.keys)])
  expect(disk.includes(SECRET), when).toBe(false)
}
