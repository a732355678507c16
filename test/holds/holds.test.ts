/** While a legal hold is there, nothing that it is about is erased, whoever asks and however many agree. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commandLine } from '../cli/running-server.ts'
import { keyOfAnother } from '../support/another-person.ts'
import { tokenFor } from '../support/api-key.ts'
import { masterKey } from '../support/master-key.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const WHO = 'subject-4711'
const WHY = { authority: 'court', reason: 'case 7' }
const recordId = (n: number): string => `01890a5d-ac96-774b-bcce-b302099a${String(8000 + n)}`

/** Six records of one, of whom the odd ones are of another category, and one of somebody else. */
async function filled(server: TestServer): Promise<void> {
  const records = Array.from({ length: 7 }, (_, n) => ({
    id: recordId(n),
    action: n % 2 === 0 ? 'order.placed' : 'order.paid',
    actor: { type: 'user', id: n < 6 ? WHO : 'another' },
    metadata: { secret: `content-${n}` },
  }))
  expect((await server.post('/v1/events?wait=index', records)).status).toBe(200)
}

const erased = async (server: TestServer): Promise<number[]> => {
  const found: number[] = []
  for (let n = 0; n < 7; n++)
    if ((await server.get<{ erased?: unknown }>(`/v1/events/${recordId(n)}`)).erased !== undefined)
      found.push(n)
  return found
}

const release = (server: TestServer, name: string, token?: string) =>
  server.fetch(`/v1/holds/${name}?authority=court&reason=over`, {
    method: 'DELETE',
    ...(token !== undefined && { token }),
  })

test.each<[string, object, readonly number[]]>([
  ['a query', { query: 'action:order.paid' }, [1, 3, 5]],
  ['a query about people', { query: 'actor:another' }, [6]],
  ['somebody', { subject: { id: WHO } }, [0, 1, 2, 3, 4, 5]],
  ['somebody of another type', { subject: { id: WHO, type: 'service' } }, []],
  ['a range', { range: { from: 2, to: 4 } }, [2, 3]],
])(
  '%s is held: an erasure of it is refused and names the hold, and one of the rest is not',
  async (_, what, held) => {
    const server = await testServer()
    await filled(server)
    const { status, body } = await server.post('/v1/holds', { name: 'case-7', ...WHY, ...what })
    expect(status).toBe(201)
    expect(body).toMatchObject({ name: 'case-7', entry: 7 })
    for (let n = 0; n < 7; n++) {
      const answer = await server.post('/v1/erasures', { ids: [recordId(n)], ...WHY })
      expect(answer.status).toBe(held.includes(n) ? 409 : 200)
      if (held.includes(n))
        expect(answer.body).toMatchObject({
          type: 'urn:trailproof:problem:held',
          held: [{ index: n, holds: ['case-7'] }],
        })
    }
    expect(await erased(server)).toEqual([0, 1, 2, 3, 4, 5, 6].filter((n) => !held.includes(n)))
    const said = await (await server.fetch('/v1/ledgers/main/entries/7')).text()
    expect(said).toContain('trailproof.hold')
    expect(said).not.toContain(WHO)
    expect(said).not.toContain('another')
  },
)

test.each([false, true])(
  'an erasure of somebody leaves what is held and says how much; after the release it goes on (encrypted: %s)',
  async (isEncrypted) => {
    const { setting } = masterKey()
    const server = await testServer(isEncrypted ? { master_key: setting } : {})
    await filled(server)
    await server.post('/v1/holds', { name: 'paid', ...WHY, query: 'action:order.paid' })
    const ask = async () => (await server.post('/v1/erasures/subject', { subject: { id: WHO }, ...WHY })).body
    expect(await ask()).toMatchObject({ complete: false, records: 3, held: 3, holds: ['paid'] })
    expect(await erased(server)).toEqual([0, 2, 4])
    expect(await ask()).toMatchObject({ complete: false, records: 0, held: 3 })
    expect((await release(server, 'paid')).status).toBe(200)
    expect(await ask()).toMatchObject({ complete: true, records: 3, held: 0, holds: [] })
    expect(await erased(server)).toEqual([0, 1, 2, 3, 4, 5])
  },
)

test('what is known of somebody who is held stays everywhere', async () => {
  const server = await testServer()
  await filled(server)
  await server.get(`/v1/actors/${WHO}/history`)
  await server.post('/v1/events', { action: '', actor: { id: WHO } })
  await server.post('/v1/holds', { name: 'case', ...WHY, subject: { id: WHO } })
  const { body } = await server.post('/v1/erasures/subject', { subject: { id: WHO }, ...WHY })
  expect(body).toMatchObject({ complete: false, records: 0, held: 6, accesses: 0, quarantined: 0 })
})

test('a release takes two, ends that very hold, and nothing of whom it was about is left', async () => {
  const server = await testServer({ approvals: 'two' })
  const other = await keyOfAnother(server)
  await filled(server)
  await server.post('/v1/holds', { name: 'case', ...WHY, subject: { id: 'known-of-the-hold-alone' } })
  const asked = await release(server, 'case')
  expect(asked.status).toBe(202)
  const { approval } = (await asked.json()) as { approval: { id: string; digest: string } }
  const second = (await (await release(server, 'case')).json()) as {
    approval: { id: string; digest: string }
  }
  const approve = async ({ id, digest }: { id: string; digest: string }) => {
    const response = await server.fetch(`/v1/approvals/${id}/approve`, {
      method: 'POST',
      token: other,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'r', digest }),
    })
    return ((await response.json()) as { state: string }).state
  }
  expect(await approve(approval)).toBe('done')
  expect((await server.get<{ holds: unknown[] }>('/v1/holds')).holds).toEqual([])
  // Another one of the same name is not the one whose release was asked for.
  await server.post('/v1/holds', { name: 'case', ...WHY, query: 'action:order.paid' })
  expect(await approve(second.approval)).toBe('failed')
  expect((await server.get<{ holds: unknown[] }>('/v1/holds')).holds).toHaveLength(1)
  await server.running.stop()
  const files = Buffer.concat(readdirSync(server.data).map((name) => readFileSync(join(server.data, name))))
  expect(files.includes('known-of-the-hold-alone')).toBe(false)
})

test('holds outlive a restart, and hold what comes after them', async () => {
  const first = await testServer()
  await first.post('/v1/holds', { name: 'early', ...WHY, query: 'action:order.paid' })
  const server = await first.restart()
  await filled(server)
  expect((await server.post('/v1/erasures', { ids: [recordId(1)], ...WHY })).status).toBe(409)
  expect((await server.post('/v1/erasures', { ids: [recordId(0)], ...WHY })).status).toBe(200)
})

test.each<[string, object]>([
  ['nothing', {}],
  ['two things', { query: 'action:a', subject: { id: 'x' } }],
  ['a range beyond the ledger', { range: { from: 0, to: 99 } }],
  ['an empty range', { range: { from: 1, to: 1 } }],
  ['a query with a pipe', { query: 'action:a | count by action' }],
  ['what is no query', { query: 'a:(b' }],
  ['a name of another alphabet', { name: 'Case 7', query: 'action:a' }],
])('%s is not held', async (_, what) => {
  const server = await testServer()
  await filled(server)
  expect((await server.post('/v1/holds', { name: 'case', ...WHY, ...what })).status).toBe(400)
  expect((await server.get<{ holds: unknown[] }>('/v1/holds')).holds).toEqual([])
})

test('who does not see personal data neither asks about it nor is told what is held', async () => {
  const server = await testServer()
  await filled(server)
  const admin = await tokenFor(server, { roles: ['admin'] })
  const place = (what: object) =>
    server.fetch('/v1/holds', {
      method: 'POST',
      token: admin,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'case', ...WHY, ...what }),
    })
  expect((await place({ query: 'actor:another' })).status).toBe(403)
  expect((await place({ subject: { id: WHO } })).status).toBe(201)
  const listed = await server.fetch('/v1/holds', { token: admin })
  expect(await listed.text()).not.toContain(WHO)
})

test('a hold that begins while an erasure is under way is not passed by', async () => {
  const server = await testServer()
  await filled(server)
  const { erasures } = server.running.services
  const request = { ledger: 'main', ranges: [{ from: 1, to: 2 }], ...WHY, holdsSeenTo: 7 }
  await server.post('/v1/holds', { name: 'just-now', ...WHY, query: 'action:order.paid' })
  await expect(erasures.erase(request)).rejects.toMatchObject({ code: 'HOLD_BEGAN', retryable: true })
  expect(await erased(server)).toEqual([])
})

test('the command line places, lists and releases holds, and says what they kept', async () => {
  const line = await commandLine()
  await filled(line.server)
  const why = ['--authority', 'court', '--reason', 'case 7']
  const placed = await line.run(['holds', 'place', 'case-7', '--query', 'action:order.paid', ...why])
  expect(placed.stdout).toBe('held in ledger main as case-7; recorded as entry 7\n')
  expect((await line.run(['holds', 'list'])).stdout).toContain('action:order.paid')
  const kept = await line.run(['erase', '--subject', WHO, ...why, '--yes'])
  expect(kept.stdout).toContain('not erased: 3 records, held by case-7')
  expect((await line.run(['holds', 'release', 'case-7', ...why])).stdout).toBe(
    'released case-7 in ledger main\n',
  )
  expect((await line.run(['holds', 'list'])).stdout).toBe('nothing of ledger main is held\n')
})
