/** Erasing takes two people: one asks, another approves, and the server does it once, whenever it is killed. */
import { expect, test } from 'vitest'
import { run } from '../cli/command.ts'
import { keyOfAnother } from '../support/another-person.ts'
import { tokenFor } from '../support/api-key.ts'
import { judge } from '../support/damaged-ledger.ts'
import { masterKey } from '../support/master-key.ts'
import { serverHome } from '../support/server-home.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'

const ID = '01890a5d-ac96-774b-bcce-b302099a8057'
const WHO = 'subject-4711'
const WHY = { authority: 'GDPR Art. 17', reason: 'asked on 22 November' }

interface Approval {
  readonly id: string
  readonly state: string
  readonly digest: string
  readonly outcome: Record<string, unknown> | null
  readonly request?: Record<string, unknown> | null
}

async function withRecord(settings: Record<string, unknown> = {}): Promise<TestServer> {
  const server = await testServer({ approvals: 'two', ...settings })
  const record = { id: ID, action: 'order.placed', actor: { type: 'user', id: WHO } }
  expect((await server.post('/v1/events?wait=index', [record])).status).toBe(200)
  return server
}

interface Called<T> {
  readonly status: number
  readonly body: T
}

/** As the holder of a token. */
async function call<T>(
  server: Pick<TestServer, 'url'>,
  token: string,
  path: string,
  body?: unknown,
): Promise<Called<T>> {
  const response = await fetch(server.url + path, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  })
  const answered: Called<T> = { status: response.status, body: (await response.json()) as T }
  return answered
}

const eraseSubject = { subject: { id: WHO }, ...WHY }
const eraseRecord = { ids: [ID], ...WHY }

test.each([
  ['/v1/erasures', eraseRecord],
  ['/v1/erasures/subject', eraseSubject],
])('%s is asked for, approved by another, done, and named by both', async (path, asked) => {
  const server = await withRecord()
  const other = await keyOfAnother(server, 'Bert')
  const { status, body } = await call<{ approval: Approval }>(server, ADMIN_TOKEN, path, asked)
  expect(status).toBe(202)
  const { id, digest } = body.approval
  expect(body.approval).toMatchObject({ state: 'asked', ledger: 'main' })
  expect(JSON.stringify(body)).not.toContain(WHO)
  const isErased = async () =>
    (await server.get<{ erased?: string[] }>(`/v1/events/${ID}`)).erased !== undefined
  expect(await isErased()).toBe(false)

  // The list names nobody; whoever decides sees what exactly.
  const listed = await call<{ approvals: Approval[] }>(server, other, '/v1/approvals?state=asked')
  expect(listed.body.approvals.map((each) => each.id)).toEqual([id])
  expect(JSON.stringify(listed.body)).not.toContain(WHO)
  const shown = await call<Approval>(server, other, `/v1/approvals/${id}`)
  expect(shown.body).toMatchObject({ digest, request: asked })

  const decision = { reason: 'looked at it', digest }
  const own = await call(server, ADMIN_TOKEN, `/v1/approvals/${id}/approve`, decision)
  expect(own.status).toBe(403)
  const stale = await call(server, other, `/v1/approvals/${id}/approve`, {
    ...decision,
    digest: '0'.repeat(64),
  })
  expect(stale.status).toBe(409)
  const done = await call<Approval>(server, other, `/v1/approvals/${id}/approve`, decision)
  expect(done.body).toMatchObject({ state: 'done', decision: { reason: 'looked at it' } })
  expect(await isErased()).toBe(true)
  expect((await call(server, other, `/v1/approvals/${id}/approve`, decision)).status).toBe(409)
  expect((await call<Approval>(server, other, `/v1/approvals/${id}`)).body.request).toBeNull()

  const said = await (await server.fetch('/v1/ledgers/main/entries?count=10')).text()
  expect(said).toContain(`approval\\":{\\"approved_by\\"`)
  const accesses = await (await server.fetch('/v1/ledgers/main.access/entries?count=100')).text()
  for (const action of ['approval.asked', 'approval.approve', 'erasure'])
    expect(accesses).toContain(`access.${action}`)
  expect(accesses).toContain('Bert')
  if (path.endsWith('subject')) for (const text of [said, accesses]) expect(text).not.toContain(WHO)
})

test('who may not erase in that ledger, or may not approve, does not decide', async () => {
  const server = await withRecord()
  await server.post('/v1/ledgers', { name: 'other' })
  const { body } = await call<{ approval: Approval }>(server, ADMIN_TOKEN, '/v1/erasures', eraseRecord)
  const { id, digest } = body.approval
  const put = await server.fetch('/v1/roles/approver', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ permissions: ['approve'] }),
  })
  expect(put.status).toBe(200)
  const cases = [
    [{ roles: ['approver'] }, 403], // sees it, and cannot do it
    [{ roles: ['auditor'] }, 403],
    [{ roles: ['owner'], ledger: 'other' }, 404], // is not told that it is there
  ] as const
  for (const [key, status] of cases) {
    const token = await tokenFor(server, key)
    for (const decision of ['approve', 'reject'])
      expect(
        (
          await call(server, token, `/v1/approvals/${id}/${decision}`, {
            reason: 'r',
            ...(decision === 'approve' && { digest }),
          })
        ).status,
      ).toBe(status)
    expect((await call(server, token, `/v1/approvals/${id}/withdraw`, { reason: 'r' })).status).not.toBe(200)
  }
  expect((await call<Approval>(server, ADMIN_TOKEN, `/v1/approvals/${id}`)).body.state).toBe('asked')
})

test('keys that one person has made, or has rotated, are one person; a third person approves', async () => {
  const server = await withRecord()
  const bert = await keyOfAnother(server, 'Bert')
  const key = { name: 'k', roles: ['owner'] }
  const newKey = async (by: string): Promise<{ token: string; prefix: string }> =>
    (await call<{ token: string; prefix: string }>(server, by, '/v1/keys', key)).body
  const rotated = async (by: string, prefix: string): Promise<string> =>
    (await call<{ token: string }>(server, by, `/v1/keys/${prefix}/rotate`, {})).body.token
  const first = await newKey(ADMIN_TOKEN)
  const made = await newKey(first.token)
  const berts = await newKey(bert)
  const { body } = await call<{ approval: Approval }>(server, first.token, '/v1/erasures', eraseRecord)
  const { id, digest } = body.approval
  const approve = (token: string) =>
    call<Approval & { detail: string }>(server, token, `/v1/approvals/${id}/approve`, { reason: 'r', digest })

  const keysOfOne = {
    'made by who asks': made.token,
    'made by a key of theirs': (await newKey(made.token)).token,
    'that made the one that asks': ADMIN_TOKEN,
    'of the same maker': (await newKey(ADMIN_TOKEN)).token,
    'the own one, with another token': await rotated(first.token, first.prefix),
    'of somebody else, whose token they renewed': await rotated(made.token, berts.prefix),
  }
  for (const [which, token] of Object.entries(keysOfOne)) {
    const { status, body: refused } = await approve(token)
    expect([which, status]).toEqual([which, 403])
    expect(refused.detail).toContain('one person is behind this key and the one that asks')
  }
  expect((await call<Approval>(server, bert, `/v1/approvals/${id}`)).body.state).toBe('asked')
  const asRefused = '/v1/search?ledger=main.access&limit=1000&q=action:access.denied'
  const recorded = async () =>
    new Set(
      (await server.get<{ records: { actor: { id: string } }[] }>(asRefused)).records.map(
        ({ actor }) => actor.id,
      ),
    )
  await expect.poll(recorded, { timeout: 40_000 }).toContain(made.prefix)
  expect((await approve(bert)).body).toMatchObject({ state: 'done' })

  // Neither does it go the other way round: who approves has made the key that asks.
  const other = await newKey(bert)
  const asked = await call<{ approval: Approval }>(server, other.token, '/v1/erasures/subject', eraseSubject)
  const next = asked.body.approval
  const decision = { reason: 'r', digest: next.digest }
  expect((await call(server, bert, `/v1/approvals/${next.id}/approve`, decision)).status).toBe(403)
  expect((await call(server, made.token, `/v1/approvals/${next.id}/approve`, decision)).status).toBe(200)
})

test('what is not there is not asked for', async () => {
  const server = await withRecord()
  const ids = ['01890a5d-ac96-774b-bcce-b302099a8058']
  expect((await call(server, ADMIN_TOKEN, '/v1/erasures', { ids, ...WHY })).status).toBe(404)
  expect((await server.get<{ approvals: unknown[] }>('/v1/approvals')).approvals).toEqual([])
})

test('the command line says who approves, and how', async () => {
  const server = await withRecord()
  const other = await keyOfAnother(server)
  const as = (token: string) => ({ env: { TRAILPROOF_URL: server.url, TRAILPROOF_TOKEN: token } })
  const why = ['--authority', WHY.authority, '--reason', WHY.reason, '--yes']
  const asked = await run(['erase', '--subject', WHO, ...why], as(ADMIN_TOKEN))
  expect(asked.stdout).toContain('asked, not done')
  const id = /approvals approve (\S+)/.exec(asked.stdout)![1]!
  expect((await run(['approvals', 'list'], as(other))).stdout).toContain(id)
  expect((await run(['approvals', 'show', id], as(other))).stdout).toContain(WHO)
  const approve = ['approvals', 'approve', id, '--reason', 'looked at it', '--yes']
  expect((await run(approve, as(ADMIN_TOKEN))).code).not.toBe(0)
  expect((await run(approve, as(other))).stdout).toContain('done, ledger main, complete true, records 1')
  const second = await run(['erase', ID, ...why], as(ADMIN_TOKEN))
  const secondId = /approvals approve (\S+)/.exec(second.stdout)![1]!
  const withdraw = ['approvals', 'withdraw', secondId, '--reason', 'a mistake']
  expect((await run(withdraw, as(ADMIN_TOKEN))).stdout).toBe('withdrawn\n')
})

/** Where the server is killed, by a call of its own; what was approved is done by the next one. */
const KILLS = [
  { call: 'fsync', file: 'keys/main.erasures', at: 1 }, // listed, not committed
  { call: 'fdatasync', file: 'keys/main.lock', at: 1 }, // committed, not signed
] as const

test.each(KILLS.flatMap((kill) => [false, true].map((isEncrypted) => ({ ...kill, isEncrypted }))))(
  'killed at the $call of $file after the approval, the next start does it once (encrypted: $isEncrypted)',
  async ({ call: syscall, file, at, isEncrypted }) => {
    const home = serverHome()
    const { setting } = masterKey()
    const settings = { approvals: 'two', ...(isEncrypted && { master_key: setting }) }
    const first = await startServerProcess(home, { settings })
    const record = { id: ID, action: 'order.placed', actor: { type: 'user', id: WHO } }
    await call(first, ADMIN_TOKEN, '/v1/events?wait=index', [record])
    const other = await keyOfAnother(first)
    const { approval } = (
      await call<{ approval: Approval }>(first, ADMIN_TOKEN, '/v1/erasures/subject', eraseSubject)
    ).body
    await first.end('SIGTERM')

    const doomed = await startServerProcess(home, { settings, wrapper: killing(home, syscall, file, at) })
    const decision = { reason: 'r', digest: approval.digest }
    await expect(call(doomed, other, `/v1/approvals/${approval.id}/approve`, decision)).rejects.toThrow()
    await doomed.exited

    const next = await startServerProcess(home, { settings })
    await expect.poll(() => stateOf(next, approval.id), { timeout: 30_000 }).toBe('done')
    await next.end('SIGTERM')
    const again = await startServerProcess(home, { settings })
    expect(await stateOf(again, approval.id)).toBe('done')
    await again.end('SIGTERM')
    if (isEncrypted) return
    const { verdict, erased } = await judge(home)
    expect(verdict).toBe('erased')
    expect(erased.map(({ from, to }) => [from, to])).toEqual([[0, 1]])
  },
)

async function stateOf(server: ServerProcess, id: string): Promise<string> {
  return (await call<Approval>(server, ADMIN_TOKEN, `/v1/approvals/${id}`)).body.state
}

function killing(home: { root: string }, syscall: string, file: string, at: number): readonly string[] {
  return [
    'strace',
    '-f',
    `-o${home.root}/trace`,
    `-P${home.root}/${file}`,
    `-etrace=${syscall}`,
    `-einject=${syscall}:signal=SIGKILL:when=${at}`,
  ]
}
