/** Records are destroyed when their rule says so, all of them that no hold keeps, and every old receipt verifies. */
import { randomBytes } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../cli/command.ts'
import { commandLine } from '../cli/running-server.ts'
import { keyOfAnother } from '../support/another-person.ts'
import { judge } from '../support/damaged-ledger.ts'
import { masterKey } from '../support/master-key.ts'
import { serverHome } from '../support/server-home.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'

const WHY = { authority: 'court', reason: 'case 7' }
const recordId = (n: number): string => `01890a5d-ac96-774b-bcce-${String(n).padStart(12, '0')}`

/** Every third is of the service `debugger`. */
const records = (count: number, text = 'said') =>
  Array.from({ length: count }, (_, n) => ({
    id: recordId(n),
    action: n % 2 === 0 ? 'order.placed' : 'order.paid',
    service: n % 3 === 0 ? 'debugger' : 'shop',
    actor: { type: 'user', id: `somebody-${n}` },
    message: `${text} ${n}`,
  }))
const DEBUG = { name: 'debug', keep_days: 0, query: 'service:debugger' }

const putRules = (server: Pick<TestServer, 'fetch'>, rules: readonly object[], token?: string) =>
  server.fetch('/v1/retention/main', {
    method: 'PUT',
    ...(token !== undefined && { token }),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rules }),
  })

const found = async (server: TestServer, q: string): Promise<number[]> => {
  const { records: page } = await server.get<{ records: { index: number }[] }>(
    `/v1/search?limit=1000&q=${encodeURIComponent(q)}`,
  )
  return page.map(({ index }) => index).toSorted((a, b) => a - b)
}
const countOf = async (server: TestServer): Promise<number> => {
  const { before, after, buckets } = await server.get<{
    before: number
    after: number
    buckets: { count: number }[]
  }>(`/v1/histogram?q=${encodeURIComponent('-service:trailproof')}`)
  return buckets.reduce((sum, { count }) => sum + count, before + after)
}

/** After the pass that is under way, and one more. */
const pass = (server: TestServer): Promise<void> => server.running.services.retention.pass()

function bytesOf(directory: string): Buffer {
  return Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name))))
}

test.each([false, true])(
  'what a rule names is gone from everything, the rest is as it was (encrypted: %s)',
  async (isEncrypted) => {
    const { setting } = masterKey()
    const server = await testServer(isEncrypted ? { master_key: setting } : {})
    const { body } = await server.post('/v1/events?wait=index&receipt=proof', records(300))
    const rules = [
      { name: 'shop', keep_days: null, query: 'service:shop' },
      { name: 'rest', keep_days: 0 },
    ]
    expect((await putRules(server, rules)).status).toBe(200)
    await pass(server)

    const kept = records(300).flatMap(({ service }, n) => (service === 'shop' ? [n] : []))
    expect(await found(server, 'action:order.*')).toEqual(kept)
    expect(await found(server, 'service:debugger')).toEqual([])
    expect(await found(server, '-service:shop -service:trailproof')).toEqual([])
    expect(await countOf(server)).toBe(kept.length)
    expect((await server.fetch(`/v1/events/${recordId(0)}`)).status).toBe(404)
    expect((await server.fetch(`/v1/events/${recordId(1)}`)).status).toBe(200)
    // A record that comes again is not recorded again.
    const again = await server.post('/v1/events', records(1))
    expect(again.body.receipts[0]).toMatchObject({ status: 'duplicate', index: 0 })

    const exported = await (await server.fetch('/v1/export')).text()
    const file = join(server.data, '..', 'main.ndjson')
    writeFileSync(file, exported)
    const receipts = join(server.data, '..', 'receipts.ndjson')
    writeFileSync(receipts, JSON.stringify(body))
    await server.post('/v1/ledgers/main/index/rebuild', {})
    await expect.poll(() => countOf(server), { timeout: 30_000 }).toBe(kept.length)
    const { verifier_keys } = await server.get<{ verifier_keys: string[] }>('/v1/ledgers/main')
    await server.running.stop()

    const disk = Buffer.concat([bytesOf(server.data), bytesOf(server.keys)])
    expect(disk.includes('somebody-0"') || disk.includes('said 297')).toBe(false)
    const key = ['--vkey', verifier_keys[0]!]
    const keys = ['--keys', server.keys, ...(isEncrypted ? ['--master-key', setting] : [])]
    const whole = await run(['verify', server.data, '--ledger', 'main', ...keys])
    expect(whole.stdout).toContain('destroyed        entry 0 by entry 300, rule rest')
    expect(whole.code).toBe(0)
    expect((await run(['verify', file, ...key])).stdout).toContain('erased')
    expect((await run(['verify', receipts, ...key])).code).toBe(0)
  },
)

test('the first rule that matches counts, and what none matches stays', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', records(12))
  await putRules(server, [
    { name: 'paid', keep_days: 3650, query: 'action:order.paid' },
    { name: 'debug', keep_days: 0, query: 'service:debugger' },
  ])
  await pass(server)
  // 0 and 6 are of the debugger and placed; 3 and 9 are paid, too, and young.
  expect(await found(server, 'action:order.*')).toEqual([1, 2, 3, 4, 5, 7, 8, 9, 10, 11])
})

test('a hold keeps what is due, and what it kept goes once it is released', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', records(12))
  await server.post('/v1/holds', { name: 'case-7', ...WHY, query: 'actor:somebody-3' })
  const preview = async () => (await server.get<{ rules: object[] }>('/v1/retention/main/preview')).rules
  await putRules(server, [DEBUG])
  await pass(server)
  expect(await found(server, 'service:debugger')).toEqual([3])
  expect(await preview()).toEqual([{ name: 'debug', records: 0, bytes: 0, held: 1 }])
  await server.fetch('/v1/holds/case-7?authority=court&reason=over', { method: 'DELETE' })
  await pass(server)
  expect(await found(server, 'service:debugger')).toEqual([])
})

test('a preview destroys nothing, and says how much it would be', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', records(12))
  const { body } = await server.post('/v1/retention/main/preview', { rules: [DEBUG] })
  expect(body).toMatchObject({ complete: true, rules: [{ name: 'debug', records: 4, held: 0 }] })
  await pass(server)
  expect(await found(server, 'service:debugger')).toEqual([0, 3, 6, 9])
})

test('rules that may destroy something sooner take two, longer ones do not', async () => {
  const server = await testServer({ approvals: 'two' })
  await server.post('/v1/events?wait=index', records(12))
  const other = await keyOfAnother(server)
  const asked = await putRules(server, [{ ...DEBUG, keep_days: 30 }])
  expect(asked.status).toBe(202)
  const { approval } = (await asked.json()) as { approval: { id: string; digest: string } }
  const approve = (token: string) =>
    server.fetch(`/v1/approvals/${approval.id}/approve`, {
      method: 'POST',
      token,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ digest: approval.digest, reason: 'r' }),
    })
  expect((await approve(ADMIN_TOKEN)).status).toBe(403)
  expect(((await (await approve(other)).json()) as { state: string }).state).toBe('done')
  expect((await putRules(server, [{ ...DEBUG, keep_days: 31 }])).status).toBe(200)
  expect((await putRules(server, [{ ...DEBUG, keep_days: 29 }])).status).toBe(202)
  expect((await putRules(server, [{ ...DEBUG, query: 'service:shop', keep_days: 99 }])).status).toBe(202)
  expect((await putRules(server, [])).status).toBe(200)
})

test.each<[string, readonly object[]]>([
  ['personal fields', [{ ...DEBUG, query: 'actor:somebody-1' }]],
  ['free text', [{ ...DEBUG, query: 'said' }]],
  ['a saved search', [{ ...DEBUG, query: '$mine' }]],
  ['a pipe', [{ ...DEBUG, query: 'service:a | count by service' }]],
  ['an age of their own', [{ ...DEBUG, query: 'last:15m' }]],
  ['no query', [{ ...DEBUG, query: 'a:(b' }]],
  ['one name twice', [DEBUG, DEBUG]],
  ['a time before now', [{ ...DEBUG, keep_days: -1 }]],
])('rules with %s are refused', async (_, rules) => {
  const server = await testServer()
  expect((await putRules(server, rules)).status).toBe(400)
})

test('the space is given back to the disk', async () => {
  const server = await testServer()
  for (let n = 0; n < 4; n++)
    await server.post(
      '/v1/events?wait=index',
      records(2000, randomBytes(150).toString('hex')).map((record, i) => ({
        ...record,
        id: recordId(n * 2000 + i),
        metadata: { n: randomBytes(100).toString('base64') },
      })),
    )
  await server.restart().then((again) => again.running.stop())
  const sizeOf = (file: string) => statSync(join(server.data, file)).size
  const before = [sizeOf('ledger.db'), sizeOf('index.db')]
  const again = await server.restart()
  await putRules(again, [{ name: 'all', keep_days: 0 }])
  await pass(again)
  await again.running.stop()
  expect(sizeOf('ledger.db')).toBeLessThan(0.7 * before[0]!)
  expect(sizeOf('index.db')).toBeLessThan(0.8 * before[1]!)
}, 120_000)

/** Where the server is killed in a pass; what was begun is done after the next start. */
test.each(
  [
    { call: 'fsync', file: 'keys/main.erasures', at: 1 },
    { call: 'fdatasync', file: 'keys/main.lock', at: 1 },
    { call: 'ftruncate', file: 'data/index.db-wal', at: 1 },
    { call: 'ftruncate', file: 'data/ledger.db-wal', at: 1 },
  ].flatMap((kill) => [false, true].map((isEncrypted) => ({ ...kill, isEncrypted }))),
)(
  'killed at the $call of $file, the next start does the rest (encrypted: $isEncrypted)',
  async ({ call, file, at, isEncrypted }) => {
    const home = serverHome()
    const { setting } = masterKey()
    const settings = isEncrypted ? { master_key: setting } : {}
    const first = await startServerProcess(home, { settings })
    await ask(first, '/v1/events?wait=index', 'POST', records(600))
    await first.end('SIGTERM')
    const doomed = await startServerProcess(home, {
      settings,
      wrapper: [
        'strace',
        '-f',
        `-o${home.root}/trace`,
        `-P${home.root}/${file}`,
        `-etrace=${call}`,
        `-einject=${call}:signal=SIGKILL:when=${at}`,
      ],
    })
    await ask(doomed, '/v1/retention/main', 'PUT', { rules: [DEBUG] }).catch(() => undefined)
    await doomed.exited

    const next = await startServerProcess(home, { settings })
    const left = async () =>
      ((await ask(next, '/v1/search?q=service:debugger', 'GET')) as { records: unknown[] }).records.length
    await expect.poll(left, { timeout: 30_000 }).toBe(0)
    const { records: others } = (await ask(next, '/v1/search?q=service:shop&limit=1000', 'GET')) as {
      records: unknown[]
    }
    expect(others).toHaveLength(400)
    await next.end('SIGTERM')
    if (isEncrypted) return
    const { verdict, erased } = await judge(home)
    expect(verdict).toBe('erased')
    expect(erased).toHaveLength(200)
    expect(bytesOf(home.data).includes('"somebody-300"')).toBe(false)
  },
)

async function ask(server: ServerProcess, path: string, method: string, body?: unknown): Promise<unknown> {
  const response = await fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return await response.json()
}

test('a backup from before is destroyed from again, before it serves', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', records(12))
  await server.running.stop()
  const backup = join(server.data, '..', 'backup')
  cpSync(server.data, backup, { recursive: true })
  const again = await server.restart()
  await putRules(again, [DEBUG])
  await pass(again)
  await again.running.stop()
  rmSync(server.data, { recursive: true })
  cpSync(backup, server.data, { recursive: true })
  const where = ['--data', server.data, '--keys', server.keys, '--reason', 'restored']
  expect((await run(['ledger', 'succeed', 'main', ...where])).code).toBe(0)
  expect(bytesOf(server.data).includes('"somebody-0"')).toBe(true)
  const restored = await server.restart()
  expect(await found(restored, 'service:debugger')).toEqual([])
  const stays = await restored.get<{ erased?: unknown }>(`/v1/events/${recordId(1)}?ledger=main`)
  expect(stays.erased).toBeUndefined()
  expect((await restored.fetch(`/v1/events/${recordId(0)}?ledger=main`)).status).toBe(404)
  await restored.running.stop()
  expect(bytesOf(server.data).includes('"somebody-0"')).toBe(false)
})

/** The second is destroyed by DEBUG. */
const numbered = (seq: number) => ({
  action: 'till.opened',
  service: seq === 2 ? 'debugger' : 'shop',
  stream: { id: 'till-1', seq },
})

test('a server that reads the streams anew misses nothing of what was destroyed', async () => {
  const server = await testServer({ gap_quiet_seconds: 1 })
  await server.post('/v1/events?wait=index', [1, 2, 3].map(numbered))
  await putRules(server, [DEBUG])
  await pass(server)
  await server.running.stop()
  for (const name of readdirSync(server.data))
    if (name.startsWith('streams.db')) rmSync(join(server.data, name))
  const again = await server.restart()
  await again.post('/v1/events?wait=index', [4, 6].map(numbered))
  await expect.poll(() => found(again, 'action:stream.gap')).toHaveLength(1)
  const { records: gaps } = await again.get<{ records: unknown[] }>('/v1/search?q=action:stream.gap')
  expect(gaps).toMatchObject([{ metadata: { stream: { id: 'till-1', from: 5, to: 5 } } }])
})

test('the command line shows, sets and previews', async () => {
  const line = await commandLine()
  await line.server.post('/v1/events?wait=index', records(12))
  const file = join(line.server.data, '..', 'rules.json')
  writeFileSync(file, JSON.stringify({ rules: [DEBUG] }))
  expect((await line.run(['retention', 'show'])).stdout).toBe('ledger main keeps its records for ever\n')
  const previewed = await line.run(['retention', 'preview', '--file', file])
  expect(previewed.stdout).toMatch(/^debug: 4 records, [\d,]+ bytes\n$/)
  expect((await line.run(['retention', 'set', '--file', file, '--yes'])).stdout).toContain('0 days')
  expect((await line.run(['retention', 'show'])).stdout).toContain('service:debugger')
})
