/** What a caller does not see cannot be found out: by searching, counting, sorting, following, exporting or by an error. */
import { describe, expect, test } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { tokenFor } from '../support/api-key.ts'
import { verifierKey, verify } from '../support/export.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const SECRET = 'anna.secret@example.org'
const REASON = 'ticket 4711: who changed the order?'

const mine = {
  id: '0198319c-2a3d-7abc-8def-000000000001',
  service: 'till',
  action: 'order.paid',
  trace_id: 't-1',
  timestamp: '2026-03-01T00:00:00Z',
  actor: { id: SECRET, name: 'Anna Secret' },
  targets: [{ type: 'order', id: 'o-1' }],
  labels: { team: 'payments' },
  metadata: { salary: 731846259, note: 'Secret' },
}
const theirs = {
  ...mine,
  id: '0198319c-2a3d-7abc-8def-000000000002',
  service: 'vault',
  timestamp: '2020-01-01T00:00:00Z',
  labels: { team: 'fraud' },
}

async function filled(): Promise<TestServer> {
  const server = await testServer()
  await server.post('/v1/events?wait=index', [mine, theirs, { ...mine, id: undefined, labels: {} }])
  return server
}

async function text(
  server: TestServer,
  token: string,
  path: string,
  headers = {},
): Promise<[number, string]> {
  const response = await server.fetch(path, { token, headers })
  return [response.status, await response.text()]
}

/** Ways to ask that answer, and whose answers hold nothing of anybody. */
const ANSWERED = [
  '/v1/search?count=true',
  '/v1/search?q=service:till',
  '/v1/search?q=* | sort timestamp',
  '/v1/search?q=* | count by service, action',
  '/v1/search?q=* | top 5 action',
  '/v1/search?q=* | timeline 52w by outcome',
  '/v1/search?q=* | fields service, action',
  `/v1/events/${mine.id}`,
  `/v1/events/${mine.id}/context?by=trace`,
  '/v1/trails/t-1',
  '/v1/facets',
  '/v1/histogram?by=service',
  '/v1/fields',
  '/v1/fields/service/values',
  '/api/v1/query?query=sum by (service) (trailproof_events)',
  '/api/v1/series?match[]=trailproof_events',
  '/v1/saved',
]

/** Ways to ask about personal data: an answer of any kind would tell. */
const REFUSED = [
  `/v1/search?q=actor:${SECRET}`,
  '/v1/search?q=actor:nobody',
  '/v1/search?q=has:actor.email',
  '/v1/search?q=-metadata.salary:1',
  '/v1/search?q=ip:10.0.0.0/8',
  '/v1/search?q=Secret',
  '/v1/search?q="Anna Secret"',
  '/v1/search?actor=anna',
  '/v1/search?event_type=x',
  '/v1/search?q=$people',
  '/v1/search?q=* | sort actor.name',
  '/v1/search?q=* | count by actor',
  '/v1/search?q=* | top 5 labels.team',
  '/v1/search?q=* | timeline 1d by actor',
  '/v1/search?q=* | fields actor.id',
  '/v1/search/explain?q=actor:anna',
  '/v1/facets?fields=actor',
  '/v1/facets?q=actor:anna',
  '/v1/histogram?by=actor',
  '/v1/histogram?q=actor:anna',
  '/v1/fields/actor/values',
  '/v1/fields/metadata.salary/values?prefix=9',
  '/v1/targets/order/o-1/history',
  '/v1/actors/anna/history',
  `/v1/events/${mine.id}/context?by=actor`,
  '/v1/events/00000000-0000-7000-8000-000000000000/context?by=actor',
  '/v1/tail?q=actor:anna',
  '/api/v1/query?query=sum by (actor_id) (trailproof_events)',
  `/api/v1/query?query=trailproof_events{actor_id="${SECRET}"}`,
  '/api/v1/query?query=trailproof_events{q="Secret"}',
  '/api/v1/label/actor_id/values',
]

describe('of personal data that is masked', () => {
  let [server, viewer]: [TestServer, string] = [undefined!, '']
  const reach = async (): Promise<void> => {
    server = await filled()
    viewer = await tokenFor(server, { roles: ['viewer'] })
    await server.fetch('/v1/saved/people', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'actor:anna', shared: true }),
    })
  }

  test('no answer holds any', async () => {
    await reach()
    for (const path of ANSWERED) {
      const [status, body] = await text(server, viewer, path)
      expect(status, path).toBe(200)
      expect(body, path).not.toMatch(/secret|salary|payments|o-1|731846259/i)
    }
    const [, record] = await text(server, viewer, `/v1/events/${mine.id}`)
    expect(JSON.parse(record)).toMatchObject({ id: mine.id, service: 'till', masked: ['personal'] })
    expect(JSON.parse(record)).not.toHaveProperty('erased')
  })

  test('no question about it is answered, and the refusals of what is there and what is not are the same', async () => {
    await reach()
    for (const path of REFUSED) {
      const [status, body] = await text(server, viewer, path)
      expect(status, path).toBe(403)
      expect(body, path).not.toMatch(/anna\.secret|salary":|731846259/i)
    }
    const refusals = await Promise.all(
      [`actor:${SECRET}`, 'actor:nobody'].map((q) => text(server, viewer, `/v1/search?q=${q}`)),
    )
    expect(refusals[0]).toEqual(refusals[1])
    expect(JSON.parse(refusals[0]![1])).toMatchObject({ field: 'actor.id' })
  })

  test('evidence and exports withhold it, whether it is there or was erased', async () => {
    await reach()
    const erased = await server.post('/v1/erasures', { ids: [theirs.id], authority: 'law', reason: 'asked' })
    expect(erased.status).toBe(200)
    const auditor = await tokenFor(server, { roles: ['auditor'] })
    const [, entries] = await text(server, auditor, '/v1/ledgers/main/entries')
    const groups = (JSON.parse(entries) as { entries: { personal: unknown }[] }).entries
    expect(groups.map(({ personal }) => personal)).toEqual(groups.map(() => ({ withheld: true })))
    for (const format of ['ndjson', 'csv', 'ocsf']) {
      const [status, body] = await text(server, auditor, `/v1/export?format=${format}`)
      expect(status).toBe(200)
      expect(body).not.toMatch(/secret|salary|731846259|"erased":1/i)
    }
    expect((await text(server, auditor, '/v1/export?format=csv&fields=actor.name'))[0]).toBe(403)
    const [, whole] = await text(server, auditor, '/v1/export', { 'trailproof-unmask': REASON })
    expect(whole).toContain(SECRET)
    // What is withheld is proven as far as it is there, and not taken for erased.
    const keys = [await verifierKey(server)]
    const proven = { badCount: 0, shown: 4, withheld: 0 }
    expect(await verify(whole, keys)).toMatchObject({ ...proven, verdict: 'erased', erased: 1 })
    for (const query of ['', '?q=action:*']) {
      const [, masked] = await text(server, auditor, `/v1/export${query}`)
      expect(await verify(masked, keys)).toMatchObject({ ...proven, verdict: 'unproven', erased: 0 })
    }
    const [, changed] = await text(server, auditor, '/v1/export')
    expect(await verify(changed.replace('till', 'tilt'), keys)).toMatchObject({ verdict: 'broken' })
  })

  test('gRPC shows as little', async () => {
    await reach()
    const client = new GrpcClient(server.url, { token: viewer })
    const { getEventByID, search, getEventByResource, tail } = AuditService.method
    const one = await client.call(getEventByID, { id: mine.id })
    expect(one).toMatchObject({ service: 'till', entry: { masked: ['personal'] } })
    const found = await client.call(search, { query: 'action:order.paid' })
    for await (const { events } of client.read(tail, { from: 0n })) {
      const all = JSON.stringify([one, found, events], (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      )
      expect(all).not.toMatch(/secret|salary/i)
      break
    }
    for (const call of [
      client.call(search, { query: `actor:${SECRET}` }),
      client.call(search, { query: 'Secret' }),
      client.call(getEventByResource, { resource: 'o-1' }),
      client.call(getEventByID, { id: 'a foreign id' }),
    ])
      expect(await failureOf(call)).toMatchObject({ code: 7 })
  })

  test('who may unmask sees it for a reason, which is recorded first', async () => {
    await reach()
    const analyst = await tokenFor(server, { roles: ['analyst'] })
    const path = `/v1/search?q=actor:${SECRET}`
    expect((await text(server, analyst, path))[0]).toBe(403)
    expect((await text(server, analyst, path, { 'trailproof-unmask': 'because' }))[0]).toBe(400)
    expect((await text(server, viewer, path, { 'trailproof-unmask': REASON }))[0]).toBe(403)
    const [status, body] = await text(server, analyst, path, { 'trailproof-unmask': REASON })
    expect(status).toBe(200)
    expect(body).toContain('Anna Secret')
    expect(body).not.toContain('"masked"')
    const client = new GrpcClient(server.url, { token: analyst })
    const { getEventByID } = AuditService.method
    const metadata = { 'trailproof-unmask': REASON }
    expect(await client.call(getEventByID, { id: mine.id }, { metadata })).toMatchObject({
      actor: SECRET,
    })
    const recorded = await accesses(server, 'access.unmask')
    expect(recorded).toMatchObject([
      { metadata: { asked: { q: `actor:${SECRET}`, reason: REASON, read: 'search' } } },
      { metadata: { asked: { id: mine.id, reason: REASON, read: 'view' } } },
    ])
  })
})

describe('of records outside of the rows of a role', () => {
  let [server, token]: [TestServer, string] = [undefined!, '']
  const reach = async (): Promise<void> => {
    server = await filled()
    const made = await server.fetch('/v1/roles/own-team', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        permissions: ['read', 'see-personal', 'export', 'prove', 'save-searches'],
        rows: 'record.labels.team in caller.teams',
        hidden: ['metadata.salary'],
      }),
    })
    expect(made.status).toBe(200)
    token = await tokenFor(server, { roles: ['own-team'], teams: ['payments'] })
  }

  test('no way out has one, nor counts one, nor tells from when it is', async () => {
    await reach()
    const out = [
      ...ANSWERED,
      '/v1/search?q=actor:*secret*',
      '/v1/search?q=has:labels.team | count by labels.team',
      '/v1/targets/order/o-1/history',
      `/v1/actors/${SECRET}/history`,
      '/v1/facets?fields=labels.team,service',
      '/v1/histogram',
      '/v1/fields/labels.team/values',
      '/api/v1/query?query=sum by (labels_team, service) (trailproof_events)',
      '/v1/ledgers/main/entries',
      '/v1/export',
      '/v1/export?format=csv',
      '/v1/export?format=ocsf',
    ]
    for (const path of out) {
      const [status, body] = await text(server, token, path)
      expect(status, path).toBe(200)
      expect(body, path).not.toMatch(/vault|fraud|2020-0|731846259|000000000002/)
    }
    // The condition is in the export's query, so it does not claim that there is no more.
    const report = await verify((await text(server, token, '/v1/export'))[1], [await verifierKey(server)])
    expect(report).toMatchObject({ badCount: 0, shown: 1, withheld: 2, query: 'labels.team:payments' })
    const { total } = JSON.parse((await text(server, token, '/v1/search?count=true'))[1]) as {
      total: unknown
    }
    expect(total).toMatchObject({ count: 1 })
  })

  test('one is as if there were none, by id, by index and over gRPC', async () => {
    await reach()
    const none = mine.id.replace(/1$/, '9')
    const [a, b] = await Promise.all([theirs.id, none].map((id) => text(server, token, `/v1/events/${id}`)))
    expect([a![0], a![1].replaceAll(theirs.id, none)]).toEqual(b)
    for (const path of ['entries/1', 'entries/1/proof'])
      expect((await text(server, token, `/v1/ledgers/main/${path}`))[0], path).toBe(404)
    expect((await text(server, token, '/v1/ledgers/main/entries/0/proof'))[0]).toBe(200)
    expect((await text(server, token, '/ledgers/main/tile/entries/000.p/3'))[0]).toBe(403)
    expect((await text(server, token, '/v1/search/explain?q=service:vault'))[0]).toBe(403)
    const client = new GrpcClient(server.url, { token })
    const { getEventByID, getProof, search, tail } = AuditService.method
    expect(await failureOf(client.call(getEventByID, { id: theirs.id }))).toMatchObject({ code: 5 })
    const record = { case: 'index', value: 1n } as const
    expect(await failureOf(client.call(getProof, { record }))).toMatchObject({ code: 5 })
    const { events } = await client.call(search, {})
    expect(events.map(({ id }) => id)).toEqual([mine.id])
    for await (const step of client.read(tail, { from: 0n })) {
      expect(step.events.map(({ id }) => id)).toEqual([mine.id])
      break
    }
  })

  test('what the role hides is not there, not asked for, and not found by free text', async () => {
    await reach()
    const [, record] = await text(server, token, `/v1/events/${mine.id}`)
    expect(JSON.parse(record)).toMatchObject({
      metadata: { note: 'Secret' },
      masked: ['metadata.salary'],
    })
    expect(record).not.toContain('731846259')
    for (const q of ['metadata.salary:731846259', 'has:metadata', 'Secret', '* | sort metadata.salary'])
      expect((await text(server, token, `/v1/search?q=${q}`))[0], q).toBe(403)
    expect((await text(server, token, '/v1/search?q=metadata.note:Secret'))[0]).toBe(200)
  })

  test('a tail ends when the role changes, and a role that is gone allows nothing', async () => {
    await reach()
    const tail = await server.fetch('/v1/tail', { token })
    await server.fetch('/v1/roles/own-team', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ permissions: ['read'], rows: 'false' }),
    })
    expect(await tail.text()).toContain('"reason":"role-changed"')
    expect(JSON.parse((await text(server, token, '/v1/search'))[1])).toMatchObject({ records: [] })
    expect((await server.fetch('/v1/roles/own-team', { method: 'DELETE' })).status).toBe(400)
  })
})

test('the quarantine masks what people wrote, until it is unmasked', async () => {
  const server = await testServer()
  await server.post('/v1/events', [mine, { actor: { id: SECRET } }])
  const admin = await tokenFor(server, { roles: ['admin'] })
  const [status, list] = await text(server, admin, '/v1/quarantine')
  expect([status, list]).toEqual([200, expect.not.stringContaining('secret')])
  const [bad] = (JSON.parse(list) as { records: { id: string }[] }).records
  expect(bad).toMatchObject({ source: null, masked: ['personal'], problems: [{ message: 'masked' }] })
  const path = `/v1/quarantine/${bad!.id}`
  expect((await text(server, admin, path))[1]).not.toContain('secret')
  expect((await text(server, admin, path, { 'trailproof-unmask': REASON }))[1]).toContain(SECRET)
  expect(await accesses(server, 'access.unmask')).toMatchObject([
    { metadata: { asked: { id: bad!.id, reason: REASON, read: '/v1/quarantine/:id' } } },
  ])
})

test('roles cannot be made with more than their maker has, nor with what cannot be kept', async () => {
  const server = await testServer()
  await server.post('/v1/ledgers', { name: 'other' })
  const put = async (token: string | undefined, body: object): Promise<number> => {
    const init = {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }
    return (await server.fetch('/v1/roles/made', token === undefined ? init : { ...init, token })).status
  }
  const admin = await tokenFor(server, { roles: ['admin'] })
  const local = await tokenFor(server, { roles: ['owner'], ledger: 'other' })
  expect(await put(admin, { permissions: ['see-personal'] })).toBe(403)
  expect(await put(local, { permissions: ['read'] })).toBe(403)
  for (const body of [
    { permissions: ['read'], rows: 'record.nonsense == 1' },
    { permissions: ['read'], rows: 'record.service.matches("(a+)+")' },
    { permissions: ['erase'], rows: 'record.service == "a"' },
    { permissions: ['manage-keys'], hidden: ['actor.email'] },
    { permissions: ['read'], hidden: ['service'] },
    { permissions: ['nothing'] },
  ])
    expect(await put(undefined, body), JSON.stringify(body)).toBe(400)
  for (const key of [
    { roles: ['owner'] },
    { scopes: ['read'] },
    { scopes: ['admin'] },
    { roles: ['admin', 'owner'] },
  ])
    expect((await server.fetch('/v1/keys', { ...post({ name: 'k', ...key }), token: admin })).status).toBe(
      403,
    )
  expect(
    (await server.fetch('/v1/keys', { ...post({ name: 'k', roles: ['auditor'] }), token: admin })).status,
  ).toBe(201)
  expect((await server.fetch('/v1/keys', post({ name: 'k', roles: ['none'] }))).status).toBe(400)
  expect((await server.fetch('/v1/keys', post({ name: 'k' }))).status).toBe(400)
})

test('a denial is recorded with who, what and where; strangers cannot fill the ledger', async () => {
  const server = await testServer()
  const viewer = await tokenFor(server, { roles: ['viewer'] })
  const client = new GrpcClient(server.url, { token: viewer })
  await text(server, viewer, '/v1/export')
  await text(server, viewer, '/v1/export')
  await failureOf(client.call(AuditService.method.logEvent, { action: 'a.b' }))
  for (let i = 0; i < 300; i++) await text(server, `tp_nobody_${i}`, `/v1/search?ledger=nobody-${i}`)
  const again = await server.restart()
  const denied = await accesses(again, 'access.denied')
  const asked = (route: string) => denied.filter(({ metadata }) => metadata.asked['route'] === route)
  expect(asked('GET /v1/export')).toMatchObject([
    { outcome: 'denied', actor: { name: 'test' }, metadata: { asked: { permission: 'export' } } },
    { metadata: { repeats: 1 } },
  ])
  expect(asked('/audit.v1.AuditService/LogEvent')).toMatchObject([
    { metadata: { asked: { permission: 'record' } } },
  ])
  expect(asked('GET /v1/search')).toMatchObject([{ actor: { id: 'unknown' } }, {}])
  expect(denied).toHaveLength(5)
})

interface AccessRecord {
  readonly action: string
  readonly metadata: { readonly asked: Record<string, unknown>; readonly repeats?: number }
}

async function accesses(server: TestServer, action: string): Promise<readonly AccessRecord[]> {
  const { size } = await server.get<{ size: number }>('/v1/ledgers/main.access')
  const path = `/v1/search?ledger=main.access&order=oldest&min_index=${size - 1}&q=action:${action}`
  return (await server.get<{ records: AccessRecord[] }>(path)).records
}

function post(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
