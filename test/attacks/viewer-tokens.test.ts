/**
 * A customer's browser holds a viewer token, and its owner wants more than it is for.
 *
 * | attack | shown |
 * |---|---|
 * | records beyond the query: by search, OR, id, place, proof, cursor, count, saved search | here |
 * | other ledgers, routes and protocols | here |
 * | after the end of the token, of the key that made it, of what that key may | here |
 * | pages of other origins, cookies | here, `test/explorer/viewer.test.ts` |
 * | a maker who gives or learns more than it sees | here |
 */
import { status } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { ROUTES } from '../access/operations.ts'
import { tokenFor } from '../support/api-key.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'
import { deniedOf, PATIENT, sent } from './denials.ts'

const PAGE = 'https://shop.example.com'
const MINE = { query: 'labels.customer:c-1', name: 'c-1', personal: true, prove: true }
const MAKER = { roles: ['shop-viewers'] }

interface Made {
  readonly token: string
  readonly id: string
}

async function setUp() {
  const server = await testServer({ viewer_origins: PAGE, address_failures_per_minute: 0 })
  await server.post('/v1/ledgers', { name: 'other' })
  const permissions = ['read', 'see-personal', 'prove', 'make-viewers']
  await server.fetch('/v1/roles/shop-viewers', sent('PUT', { permissions }))
  const records = ['c-1', 'c-2', 'c-1', 'c-2', 'c-1'].map((customer, i) => ({
    action: i === 2 ? 'secret.seen' : 'order.placed',
    trace_id: 't-1',
    actor: { id: `u-${customer}` },
    labels: { customer },
  }))
  const { body } = await server.post('/v1/events?wait=index', records)
  await server.post('/v1/events?ledger=other&wait=index', { action: 'a.b', labels: { customer: 'c-1' } })
  const [own, others] = body.receipts.map(({ id }) => id)
  const maker = await tokenFor(server, MAKER)
  return { server, maker, own: own!, others: others! }
}

async function make(server: TestServer, maker: string, body: object = MINE): Promise<Made> {
  const response = await server.fetch('/v1/viewer-tokens', { ...sent('POST', body), token: maker })
  const made = (await response.json()) as Made
  if (response.status !== 201) throw new Error(`${response.status} ${JSON.stringify(made)}`)
  return made
}

async function statusOf(server: TestServer, path: string, token: string, init: RequestInit = {}) {
  return (await server.fetch(path, { ...init, token })).status
}

async function customersIn(server: TestServer, path: string, token: string): Promise<readonly string[]> {
  const response = await server.fetch(path, { token })
  const { records } = (await response.json()) as { records: { labels: { customer: string } }[] }
  return records.map(({ labels }) => labels.customer)
}

describe('beyond its query', () => {
  test('a search finds what the query selects, whatever is asked beside it', async () => {
    const { server, maker } = await setUp()
    const { token } = await make(server, maker)
    for (const q of [
      '',
      'action:order.placed OR labels.customer:c-2 OR action:*',
      'labels.customer:* OR NOT labels.customer:c-1',
      '(labels.customer:c-2) OR labels.customer:c-1',
      '-labels.customer:c-3',
    ]) {
      const found = await customersIn(server, `/v1/search?q=${encodeURIComponent(q)}`, token)
      expect(found.length, q).toBeGreaterThan(0)
      expect(new Set(found), q).toEqual(new Set(['c-1']))
    }
    expect(await customersIn(server, '/v1/search?q=labels.customer:c-2', token)).toEqual([])
    const counted = await server.fetch('/v1/search?count=true&limit=1', { token })
    expect(await counted.json()).toMatchObject({ total: { count: 3 } })
    const body = sent('POST', { q: 'labels.customer:c-2 OR action:*', limit: 10 })
    const posted = (await (await server.fetch('/v1/search', { ...body, token })).json()) as {
      records: object[]
    }
    expect(posted.records.length).toBe(3)
  })

  test('pages are its own: a cursor of its maker is none of its', async () => {
    const { server, maker } = await setUp()
    const { token } = await make(server, maker)
    const { next } = (await (await server.fetch('/v1/search?limit=1', { token: maker })).json()) as {
      next: string
    }
    expect(await statusOf(server, `/v1/search?limit=1&cursor=${next}`, token)).toBe(400)
    const own = (await (await server.fetch('/v1/search?limit=1', { token })).json()) as { next: string }
    // The next token of the same viewer goes on where this one was.
    const renewed = await make(server, maker)
    expect(renewed.token).not.toBe(token)
    expect(await customersIn(server, `/v1/search?limit=9&cursor=${own.next}`, renewed.token)).toEqual([
      'c-1',
      'c-1',
    ])
    const another = await make(server, maker, { ...MINE, query: 'labels.customer:c-2' })
    expect(await statusOf(server, `/v1/search?limit=9&cursor=${own.next}`, another.token)).toBe(400)
  })

  test('a record outside is as one that there is not: by id, by place, and its proof', async () => {
    const { server, maker, own, others } = await setUp()
    const { token } = await make(server, maker)
    expect(await statusOf(server, `/v1/events/${own}`, token)).toBe(200)
    const [outside, unknown] = await Promise.all(
      [others, '00000000-0000-7000-8000-000000000000'].map(async (id) =>
        (await (await server.fetch(`/v1/events/${id}`, { token })).text()).replaceAll(id, '…'),
      ),
    )
    expect(outside).toBe(unknown)
    for (const path of ['', '/proof']) {
      expect(await statusOf(server, `/v1/ledgers/main/entries/0${path}`, token)).toBe(200)
      expect(await statusOf(server, `/v1/ledgers/main/entries/1${path}`, token)).toBe(404)
    }
    const { token: unproven } = await make(server, maker, { ...MINE, prove: false })
    expect(await statusOf(server, '/v1/ledgers/main/entries/0', unproven)).toBe(403)
    expect(await statusOf(server, '/v1/ledgers/main/entries/0/proof', unproven)).toBe(403)
  })

  test('pipes and saved searches of others are not there', async () => {
    const { server, maker } = await setUp()
    const { token } = await make(server, maker)
    await server.fetch('/v1/saved/all', sent('PUT', { query: 'action:*', shared: true }))
    expect(await statusOf(server, '/v1/search?q=action:*%20|%20count%20by%20actor.id', token)).toBe(403)
    expect(await statusOf(server, '/v1/search?q=$all', token)).toBe(400)
  })

  test('another ledger, and every other route and RPC, is refused, and the denial is on record', async () => {
    const { server, maker, own } = await setUp()
    const { token, id } = await make(server, maker)
    for (const ledger of ['other', 'main.access', 'none'])
      expect(await statusOf(server, `/v1/search?ledger=${ledger}`, token), ledger).toBe(403)
    const taken = new Set([
      'GET /v1/search',
      'POST /v1/search',
      'GET /v1/events/{id}',
      'GET /v1/ledgers/{name}/entries/{index}',
      'GET /v1/ledgers/{name}/entries/{index}/proof',
    ])
    for (const { name, needs, path, body, contentType = 'application/json' } of ROUTES) {
      if (needs === 'open' || taken.has(name)) continue
      const [method] = name.split(' ')
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const init =
        body === undefined
          ? { method: method! }
          : { method: method!, headers: { 'content-type': contentType }, body: text }
      expect(await statusOf(server, path!, token, init), name).toBe(403)
    }
    const client = new GrpcClient(server.url, { token })
    const { search, getEventByID, getProof } = AuditService.method
    for (const call of [
      client.call(search, { ledger: 'main' }),
      client.call(getEventByID, { id: own }),
      client.call(getProof, { record: { case: 'id', value: own } }),
    ])
      expect((await failureOf(call)).code).toBe(status.PERMISSION_DENIED)
    const isNoted = async () =>
      (await deniedOf(server)).some((line) => line.startsWith(`${id} GET /v1/export`))
    await expect.poll(isNoted, PATIENT).toBe(true)
  })
})

describe('after its end', () => {
  test('a token that has expired, was changed or made elsewhere opens nothing', async () => {
    const { server, maker } = await setUp()
    const { token } = await make(server, maker)
    const pass = {
      maker: 'preset',
      ledger: 'main',
      query: 'action:*',
      name: 'x',
      personal: true,
      prove: true,
    }
    const { viewers } = server.running.services
    const expired = viewers.make({ ...pass, expiresAt: Date.now() - 1 })
    const response = await server.fetch('/v1/search', { token: expired })
    expect(response.status).toBe(401)
    expect(await response.text()).toContain('the viewer token has expired')
    expect(
      await statusOf(server, '/v1/search', viewers.make({ ...pass, expiresAt: Date.now() + 9000 })),
    ).toBe(200)
    expect(await statusOf(server, '/v1/search', `${token.slice(0, -2)}AA`)).toBe(401)
    const other = await testServer()
    const foreign = other.running.services.viewers.make({ ...pass, expiresAt: Date.now() + 9000 })
    expect(await statusOf(server, '/v1/search', foreign)).toBe(401)
  })

  test('one that has ended locks nobody out: it is no guess', async () => {
    const server = await testServer({ address_failures_per_minute: 2 })
    const pass = {
      maker: 'preset',
      ledger: 'main',
      query: 'action:*',
      name: 'x',
      personal: true,
      prove: true,
    }
    const expired = server.running.services.viewers.make({ ...pass, expiresAt: Date.now() - 1 })
    for (let i = 0; i < 6; i++) expect(await statusOf(server, '/v1/search', expired)).toBe(401)
    expect((await server.fetch('/v1/search')).status).toBe(200)
    // One that was made up is.
    const statuses = []
    for (let i = 0; i < 6; i++)
      statuses.push(await statusOf(server, '/v1/search', `tpv_${'A'.repeat(60 + i)}`))
    expect(statuses).toContain(429)
  })

  test('a token ends with the key that made it, and is never more than that key may now', async () => {
    const { server, maker } = await setUp()
    const { token } = await make(server, maker)
    expect(await statusOf(server, '/v1/search', token)).toBe(200)
    // The key may no more see personal data: not what was given, and not by what was asked.
    const lesser = sent('PUT', { permissions: ['read', 'make-viewers'] })
    await server.fetch('/v1/roles/shop-viewers', lesser)
    expect(await statusOf(server, '/v1/search', token)).toBe(403)
    const narrowed = {
      permissions: ['read', 'see-personal', 'prove', 'make-viewers'],
      rows: 'record.action != "secret.seen"',
    }
    await server.fetch('/v1/roles/shop-viewers', sent('PUT', narrowed))
    expect((await customersIn(server, '/v1/search', token)).length).toBe(2)
    const [, prefix] = maker.split('_')
    await server.fetch(`/v1/keys/${prefix}`, { method: 'DELETE' })
    const refused = await server.fetch('/v1/search', { token })
    expect(refused.status).toBe(401)
    expect(await refused.text()).toContain('the API key of the viewer token is not valid')
  })
})

describe('a page of another origin', () => {
  test('reads with a viewer token where its origin is set, and with nothing else', async () => {
    const { server, maker } = await setUp()
    const { token } = await make(server, maker)
    const allowed = await server.fetch('/v1/search', { token, headers: { origin: PAGE } })
    expect(allowed.status).toBe(200)
    expect(allowed.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(allowed.headers.get('vary')).toBe('Origin')
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull()
    const failed = await server.fetch('/v1/search?q=(', { token, headers: { origin: PAGE } })
    expect([failed.status, failed.headers.get('access-control-allow-origin')]).toEqual([400, PAGE])
    for (const origin of ['https://evil.example', 'https://shop.example.com.evil.example', 'null']) {
      const refused = await server.fetch('/v1/search', { token, headers: { origin } })
      expect([refused.status, refused.headers.get('access-control-allow-origin')], origin).toEqual([
        403,
        null,
      ])
    }
    // An API key or a session in the page is no way in.
    const byKey = await server.fetch('/v1/search', { headers: { origin: PAGE } })
    expect(byKey.headers.get('access-control-allow-origin')).toBeNull()
    const elsewhere = await server.fetch('/v1/facets', { token, headers: { origin: PAGE } })
    expect([elsewhere.status, elsewhere.headers.get('access-control-allow-origin')]).toEqual([403, null])
    const inCookie = await server.fetch('/v1/search', {
      token: '',
      headers: { cookie: `trailproof=${token}` },
    })
    expect(inCookie.status).toBe(401)
  })

  test('asks before, and is told only of what takes viewer tokens', async () => {
    const { server } = await setUp()
    const preflight = (path: string, origin: string) =>
      server.fetch(path, {
        method: 'OPTIONS',
        token: '',
        headers: { origin, 'access-control-request-method': 'GET' },
      })
    const told = await preflight('/v1/search', PAGE)
    expect(told.status).toBe(204)
    expect(told.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(told.headers.get('access-control-allow-headers')).toBe('authorization, content-type')
    expect((await preflight('/v1/search', 'https://evil.example')).status).toBe(403)
    for (const path of ['/v1/export', '/v1/keys', '/v1/viewer-tokens', '/v1/tail'])
      expect((await preflight(path, PAGE)).headers.get('access-control-allow-origin'), path).toBeNull()
  })

  test('where no origins are set, nothing is said to any', async () => {
    const server = await testServer()
    const init = { method: 'OPTIONS', headers: { origin: PAGE, 'access-control-request-method': 'GET' } }
    const response = await server.fetch('/v1/search', init)
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([404, null])
    await expect(testServer({ viewer_origins: '*' })).rejects.toThrow(/viewer_origins: expected origins/)
    await expect(testServer({ viewer_origins: 'https://a.example/x' })).rejects.toThrow(/viewer_origins/)
  })
})

describe('a maker', () => {
  test('gives nothing that it does not see, and learns nothing by a query that it may not ask', async () => {
    const { server } = await setUp()
    const asked = async (permissions: readonly string[], body: object) => {
      await server.fetch('/v1/roles/maker', sent('PUT', { permissions }))
      const token = await tokenFor(server, { roles: ['maker'] })
      return statusOf(server, '/v1/viewer-tokens', token, sent('POST', body))
    }
    const byAction = { query: 'action:order.placed', name: 'x' }
    expect(await asked(['read', 'make-viewers'], byAction)).toBe(201)
    expect(await asked(['read', 'make-viewers'], { ...byAction, personal: true })).toBe(403)
    expect(await asked(['read', 'make-viewers'], { ...byAction, prove: true })).toBe(403)
    expect(await asked(['read', 'make-viewers'], { ...MINE, personal: false, prove: false })).toBe(403)
    expect(await asked(['read', 'unmask', 'make-viewers'], { ...byAction, query: 'free text' })).toBe(403)
    expect(await asked(['read', 'see-personal'], byAction)).toBe(403)
    expect(await asked(['make-viewers'], byAction)).toBe(403)
  })

  test('is a key, asks for records of one ledger, and says which', async () => {
    const { server, maker } = await setUp()
    const asked = (body: object) => statusOf(server, '/v1/viewer-tokens', maker, sent('POST', body))
    expect(await asked({ query: 'action:* | count', name: 'x' })).toBe(400)
    expect(await asked({ query: '$all', name: 'x' })).toBe(400)
    expect(await asked({ query: '(', name: 'x' })).toBe(400)
    expect(await asked({ query: ' ', name: 'x' })).toBe(400)
    expect(await asked({ query: 'action:*', name: 'x', ledger: 'none' })).toBe(404)
    const admin = sent('POST', { query: 'action:*', name: 'x', ledger: 'main.access' })
    expect(await statusOf(server, '/v1/viewer-tokens', ADMIN_TOKEN, admin)).toBe(400)
    const { token } = await make(server, maker)
    expect(await statusOf(server, '/v1/viewer-tokens', token, sent('POST', MINE))).toBe(403)
  })

  test('masked is the usual: no personal data is shown or asked for, and the query holds all the same', async () => {
    const { server, maker } = await setUp()
    const { token } = await make(server, maker, { query: 'labels.customer:c-1', name: 'c-1' })
    const { records } = (await (await server.fetch('/v1/search', { token })).json()) as {
      records: Record<string, unknown>[]
    }
    expect(records.length).toBe(3)
    for (const record of records) expect(record).toMatchObject({ masked: ['personal'] })
    expect(JSON.stringify(records)).not.toMatch(/u-c-1|customer/)
    expect(await statusOf(server, '/v1/search?q=labels.customer:c-1', token)).toBe(403)
    const unmasked = await server.fetch('/v1/search', {
      token,
      headers: { 'trailproof-unmask': 'because I want to' },
    })
    expect(unmasked.status).toBe(403)
  })

  test('who made a token for whom, and what its viewer read, is on record', async () => {
    const { server, maker } = await setUp()
    const { token, id } = await make(server, maker)
    await server.fetch('/v1/search?q=action:order.placed', { token })
    const said = async () => {
      const path = '/v1/search?ledger=main.access&limit=20'
      const { records } = await server.get<{ records: { action: string; actor: { id: string } }[] }>(path)
      return records.map(({ action, actor }) => `${actor.id} ${action}`)
    }
    const [, prefix] = maker.split('_')
    await expect.poll(said, PATIENT).toContain(`${id} access.search`)
    expect(await said()).toContain(`${prefix} access.viewer.created`)
  })
})
