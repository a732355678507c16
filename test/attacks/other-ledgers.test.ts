/**
 * What is of another ledger or person is as if it were not there: whoever guesses its name or id is answered as for one
 * that there is not, byte for byte but for the name itself.
 *
 * | attack | shown |
 * |---|---|
 * | every route and RPC of a ledger that is not the caller's; ids of records, quarantine, sessions, users, invitations, keys and saved searches | here |
 * | records outside of the rows of a role, in every way out | `test/access/sight.test.ts` |
 * | what an admin of one ledger may do to another | `test/http/administration.test.ts` |
 */
import { expect, test } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { tokenFor } from '../support/api-key.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { logIn, newUser } from '../support/new-user.ts'
import { type TestServer, testServer } from '../support/test-server.ts'
import { deniedOf, PATIENT, sent } from './denials.ts'

const UNKNOWN = '00000000-0000-7000-8000-000000000000'

async function setUp() {
  const server = await testServer({ address_failures_per_minute: 10_000 })
  for (const name of ['mine', 'theirs']) await server.post('/v1/ledgers', { name })
  const record = {
    action: 'a.b',
    trace_id: 't-1',
    actor: { id: 'u-1' },
    targets: [{ type: 'order', id: 'o-1' }],
  }
  const { body } = await server.post('/v1/events?ledger=theirs&wait=index', record)
  const bad = await server.post('/v1/events?ledger=theirs', [{ service: 'shop', outcome: 'success' }])
  await server.get('/v1/search?ledger=theirs')
  const saved = { query: 'action:a.b', shared: true }
  await server.fetch('/v1/saved/theirs?ledger=theirs', sent('PUT', saved))
  return {
    server,
    token: await tokenFor(server, { roles: ['owner'], ledger: 'mine' }),
    recordId: body.receipts[0]!.id,
    quarantineId: bad.body.receipts[0]!.quarantine_id!,
  }
}

/** Status and text, in which the name that was asked for is not told apart. */
async function answer(
  server: TestServer,
  token: string,
  [method, path, body]: readonly [string, string, object?],
  name: string,
): Promise<string> {
  const init = body === undefined ? { method } : sent(method, body)
  const response = await server.fetch(path, { ...init, token })
  return `${response.status} ${(await response.text()).replaceAll(name, '…')}`
}

/** Requests that name a ledger. */
const OF_A_LEDGER: readonly ((ledger: string, id: string) => readonly [string, string, object?])[] = [
  (ledger) => ['GET', `/v1/search?ledger=${ledger}`],
  (ledger) => ['GET', `/v1/search?ledger=${ledger}.access`],
  (ledger) => ['POST', '/v1/search', { ledger, q: 'action:a.b' }],
  (ledger) => ['GET', `/v1/search/explain?ledger=${ledger}&q=action:a.b`],
  (ledger) => ['GET', `/logs?ledger=${ledger}`],
  (ledger, id) => ['GET', `/v1/events/${id}?ledger=${ledger}`],
  (ledger, id) => ['GET', `/v1/events/${id}/context?ledger=${ledger}`],
  (ledger) => ['GET', `/v1/trails/t-1?ledger=${ledger}`],
  (ledger) => ['GET', `/v1/targets/order/o-1/history?ledger=${ledger}`],
  (ledger) => ['GET', `/v1/actors/u-1/history?ledger=${ledger}`],
  (ledger) => ['GET', `/v1/histogram?ledger=${ledger}`],
  (ledger) => ['GET', `/v1/facets?ledger=${ledger}`],
  (ledger) => ['GET', `/v1/fields?ledger=${ledger}`],
  (ledger) => ['GET', `/v1/fields/action/values?ledger=${ledger}`],
  (ledger) => ['GET', `/v1/tail?ledger=${ledger}`],
  (ledger) => ['GET', `/api/v1/query?query=trailproof_events{ledger="${ledger}"}&time=0`],
  (ledger) => ['GET', `/api/v1/label/action/values?match[]=trailproof_events{ledger="${ledger}"}`],
  (ledger) => ['GET', `/v1/saved?ledger=${ledger}`],
  (ledger) => ['GET', `/v1/saved/theirs?ledger=${ledger}`],
  (ledger) => ['PUT', `/v1/saved/theirs?ledger=${ledger}`, { query: 'action:a.b', shared: true }],
  (ledger) => ['DELETE', `/v1/saved/theirs?ledger=${ledger}`],
  (ledger) => ['GET', `/v1/export?ledger=${ledger}`],
  (ledger) => ['GET', `/v1/export?ledger=${ledger}&format=csv`],
  (ledger) => ['GET', `/v1/ledgers/${ledger}`],
  (ledger) => ['GET', `/v1/ledgers/${ledger}/entries`],
  (ledger) => ['GET', `/v1/ledgers/${ledger}/entries/0`],
  (ledger) => ['GET', `/v1/ledgers/${ledger}/entries/0/proof`],
  (ledger) => ['GET', `/v1/ledgers/${ledger}/consistency?first=0`],
  (ledger) => ['GET', `/ledgers/${ledger}/tile/0/000.p/1`],
  (ledger) => ['POST', `/v1/ledgers/${ledger}/index/rebuild`],
  (ledger) => ['POST', `/v1/events?ledger=${ledger}`, { action: 'a.b' }],
  (ledger) => ['GET', `/v1/quarantine?ledger=${ledger}`],
  (ledger, id) => ['POST', '/v1/erasures', { ledger, ids: [id], authority: 'a', reason: 'because' }],
  (ledger) => [
    'POST',
    '/v1/erasures/subject',
    { ledger, subject: { id: 'u-1' }, authority: 'a', reason: 'because' },
  ],
  (ledger) => ['POST', '/v1/keys', { name: 'k', scopes: ['read'], ledger }],
  (ledger) => ['POST', '/v1/invitations', { email: 'a@example.com', roles: [`viewer@${ledger}`] }],
]

test('a ledger of others is answered as one that is not there, everywhere, and the attempt is recorded', async () => {
  const { server, token, recordId } = await setUp()
  for (const request of OF_A_LEDGER) {
    const asked = request('theirs', recordId)
    const there = await answer(server, token, asked, 'theirs')
    const nowhere = await answer(server, token, request('nobody', recordId), 'nobody')
    expect(there, `${asked[0]} ${asked[1]}`).toBe(nowhere)
    // A count of nothing is an answer, too.
    expect(there, `${asked[0]} ${asked[1]}`).toMatch(/^(?:403|404) |^200 .*"(?:result|data)":\[\]/)
  }
  await expect.poll(async () => (await deniedOf(server, 'theirs')).length, PATIENT).toBeGreaterThan(20)
  for (const text of await deniedOf(server, 'theirs')) expect(text).not.toMatch(/^unknown /)
})

test('by gRPC no more is told', async () => {
  const { server, token, recordId } = await setUp()
  const client = new GrpcClient(server.url, { token })
  const { search, getEventByID, getProof, logEvent } = AuditService.method
  const told = async (ledger: string): Promise<unknown[]> => {
    const metadata = { 'trailproof-ledger': ledger }
    const calls = [
      client.call(search, { ledger }, { metadata }),
      client.call(getEventByID, { id: recordId, ledger }, { metadata }),
      client.call(getProof, { record: { case: 'id', value: recordId }, ledger }, { metadata }),
      client.call(logEvent, { action: 'a.b' }, { metadata }),
    ]
    const failures = []
    for (const call of calls) {
      const { code, message } = await failureOf(call)
      failures.push(`${code} ${message.replaceAll(ledger, '…')}`)
    }
    return failures
  }
  expect(await told('theirs')).toEqual(await told('nobody'))
})

test('an id of others is answered as one that there is not', async () => {
  const { server, token, recordId, quarantineId } = await setUp()
  const strangerId = await newUser(server, 'b@example.com', ['viewer@theirs'])
  const { id: sessionId } = await logIn(server, 'b@example.com')
  const invited = await server.post('/v1/invitations', { email: 'c@example.com', roles: ['viewer@theirs'] })
  const key = await server.post('/v1/keys', { name: 'k', scopes: ['read'], ledger: 'theirs' })
  await newUser(server, 'a@example.com', ['owner@mine'])
  const { accessToken } = await logIn(server, 'a@example.com')
  const invitationId = (invited.body['id'] ?? '') as string
  expect(invitationId).not.toBe('')

  const requests: readonly [string, (id: string) => readonly [string, string, object?]][] = [
    [recordId, (id) => ['GET', `/v1/events/${id}`]],
    [recordId, (id) => ['GET', `/v1/events/${id}/context`]],
    [recordId, (id) => ['POST', '/v1/erasures', { ids: [id], authority: 'a', reason: 'because' }]],
    ['t-1', (id) => ['GET', `/v1/trails/${id}`]],
    ['o-1', (id) => ['GET', `/v1/targets/order/${id}/history`]],
    ['u-1', (id) => ['GET', `/v1/actors/${id}/history`]],
    ['theirs', (id) => ['GET', `/v1/saved/${id}`]],
    [quarantineId, (id) => ['GET', `/v1/quarantine/${id}`]],
    [quarantineId, (id) => ['POST', `/v1/quarantine/${id}/replay`, { action: 'a.b' }]],
    [quarantineId, (id) => ['DELETE', `/v1/quarantine/${id}`]],
    [sessionId, (id) => ['DELETE', `/v1/sessions/${id}`]],
    [strangerId, (id) => ['GET', `/v1/sessions?user=${id}`]],
    [strangerId, (id) => ['PATCH', `/v1/users/${id}`, { disabled: true }]],
    [strangerId, (id) => ['DELETE', `/v1/users/${id}`]],
    [invitationId, (id) => ['DELETE', `/v1/invitations/${id}`]],
    [String(key.body['prefix']), (id) => ['DELETE', `/v1/keys/${id}`]],
    [String(key.body['prefix']), (id) => ['POST', `/v1/keys/${id}/rotate`, {}]],
  ]
  for (const caller of [token, accessToken])
    for (const [id, request] of requests) {
      const asked = request(id)
      const there = await answer(server, caller, asked, id)
      expect(there, `${asked[0]} ${asked[1]}`).toBe(await answer(server, caller, request(UNKNOWN), UNKNOWN))
      expect(there, `${asked[0]} ${asked[1]}`).toMatch(/^404 |^200 .*"(?:records|history)":\[\]/)
    }
  // And all of it is still there.
  expect((await server.fetch(`/v1/quarantine/${quarantineId}`)).status).toBe(200)
  expect((await server.fetch(`/v1/sessions?user=${strangerId}`)).status).toBe(200)
})

test('what others search for under a name is theirs, also within one ledger', async () => {
  const { server } = await setUp()
  const [anna, eve] = [
    await tokenFor(server, { roles: ['analyst'] }),
    await tokenFor(server, { roles: ['analyst'] }),
  ]
  const saved = { query: 'action:secret.project' }
  expect((await server.fetch('/v1/saved/own', { ...sent('PUT', saved), token: anna })).status).toBe(200)
  for (const request of [
    ['GET', '/v1/saved/own'],
    ['DELETE', '/v1/saved/own'],
    ['GET', '/v1/search?q=$own'],
  ] as const)
    expect(await answer(server, eve, request, 'own')).toBe(
      await answer(server, eve, [request[0], request[1].replace('own', 'none')], 'none'),
    )
  expect(await (await server.fetch('/v1/saved', { token: eve })).text()).not.toContain('secret')
})
