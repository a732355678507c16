/** What an admin key of one ledger may look after: every operation, on its own ledger, another's, and all. */
import { expect, test } from 'vitest'
import { type Answer, type TestServer, testServer } from '../support/test-server.ts'

type Whose = 'own' | 'other' | 'all'
/** Which ledger a request is about; undefined: the request names none. */
const LEDGER: Readonly<Record<Whose, string | undefined>> = {
  own: 'tenant-a',
  other: 'tenant-b',
  all: undefined,
}

interface Setting {
  readonly server: TestServer
  readonly token: string
  readonly ask: (
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ) => Promise<{ status: number; body: Answer }>
}

async function setting(): Promise<Setting> {
  const server = await testServer()
  for (const name of ['tenant-a', 'tenant-b'])
    expect((await server.post('/v1/ledgers', { name })).status).toBe(201)
  const { body } = await server.post('/v1/keys', { name: 'aa', scopes: ['admin'], ledger: 'tenant-a' })
  const scoped = body['token'] as string
  return {
    server,
    token: scoped,
    async ask(method, path, content, token = scoped) {
      const response = await server.fetch(path, {
        method,
        token,
        ...(content !== undefined && {
          body: JSON.stringify(content),
          headers: { 'content-type': 'application/json' },
        }),
      })
      const text = await response.text()
      return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Answer }
    },
  }
}

/** A key of the ledger, or of all, made by the admin of all. */
async function keyOf({ server }: Setting, whose: Whose): Promise<string> {
  const ledger = LEDGER[whose]
  const { body } = await server.post('/v1/keys', {
    name: `of ${whose}`,
    scopes: ['read'],
    ...(ledger !== undefined && { ledger }),
  })
  return body['prefix'] as string
}

async function quarantined({ server }: Setting, whose: Whose): Promise<string> {
  const { body } = await server.post(`/v1/events?ledger=${LEDGER[whose] ?? 'main'}`, [
    { service: 'shop', outcome: 'success' },
  ])
  return body.receipts[0]!.quarantine_id!
}

async function recorded({ server }: Setting, whose: Whose): Promise<string> {
  const path = `/v1/events?ledger=${LEDGER[whose] ?? 'main'}`
  return (await server.post(path, { action: 'a.b', actor: { id: 'u-1' } })).body.receipts[0]!.id
}

const of = (whose: Whose): { ledger?: string } => {
  const ledger = LEDGER[whose]
  return ledger === undefined ? {} : { ledger }
}

interface Operation {
  readonly run: (at: Setting, whose: Whose) => Promise<{ status: number }>
  readonly expected: Readonly<Record<Whose, number>>
}

/** Where the request can name no ledger, `all` is what concerns the server, or the ledger `main`. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  'make a key': {
    run: ({ ask }, whose) => ask('POST', '/v1/keys', { name: 'k', scopes: ['read'], ...of(whose) }),
    // Naming none makes one of its own.
    expected: { own: 201, other: 403, all: 201 },
  },
  'make an admin key': {
    run: ({ ask }, whose) => ask('POST', '/v1/keys', { name: 'k', scopes: ['admin'], ...of(whose) }),
    expected: { own: 201, other: 403, all: 201 },
  },
  'make a key of a ledger that is not there': {
    run: ({ ask }, whose) =>
      ask('POST', '/v1/keys', { name: 'k', scopes: ['read'], ledger: `${LEDGER[whose] ?? 'x'}-9` }),
    expected: { own: 403, other: 403, all: 403 },
  },
  'revoke a key': {
    run: async (at, whose) => at.ask('DELETE', `/v1/keys/${await keyOf(at, whose)}`),
    expected: { own: 204, other: 404, all: 404 },
  },
  'revoke the key of the settings': {
    run: ({ ask }) => ask('DELETE', '/v1/keys/preset'),
    expected: { own: 404, other: 404, all: 404 },
  },
  'make a ledger': {
    run: ({ ask }, whose) => ask('POST', '/v1/ledgers', { name: `${LEDGER[whose] ?? 'new'}-new` }),
    expected: { own: 403, other: 403, all: 403 },
  },
  'look at a ledger': {
    run: ({ ask }, whose) => ask('GET', `/v1/ledgers/${LEDGER[whose] ?? 'main'}`),
    expected: { own: 200, other: 403, all: 403 },
  },
  'erase a record': {
    run: async (at, whose) =>
      at.ask('POST', '/v1/erasures', {
        ledger: LEDGER[whose] ?? 'main',
        ids: [await recorded(at, whose)],
        authority: 'court',
        reason: 'asked',
      }),
    expected: { own: 200, other: 403, all: 403 },
  },
  'erase a record of a ledger that is not named': {
    run: async (at, whose) =>
      at.ask('POST', '/v1/erasures', {
        ids: [await recorded(at, whose)],
        authority: 'court',
        reason: 'asked',
      }),
    // In its own ledger there is no such record.
    expected: { own: 200, other: 404, all: 404 },
  },
  'build the index again': {
    run: ({ ask }, whose) => ask('POST', `/v1/ledgers/${LEDGER[whose] ?? 'main'}/index/rebuild`),
    expected: { own: 202, other: 403, all: 403 },
  },
  'list the quarantine': {
    run: ({ ask }, whose) => ask('GET', `/v1/quarantine?ledger=${LEDGER[whose] ?? 'main'}`),
    expected: { own: 200, other: 403, all: 403 },
  },
  'show a quarantined record': {
    run: async (at, whose) => at.ask('GET', `/v1/quarantine/${await quarantined(at, whose)}`),
    expected: { own: 200, other: 404, all: 404 },
  },
  'replay a quarantined record': {
    run: async (at, whose) =>
      at.ask('POST', `/v1/quarantine/${await quarantined(at, whose)}/replay`, { action: 'a.b' }),
    expected: { own: 200, other: 404, all: 404 },
  },
  'discard a quarantined record': {
    run: async (at, whose) => at.ask('DELETE', `/v1/quarantine/${await quarantined(at, whose)}`),
    expected: { own: 204, other: 404, all: 404 },
  },
  'read who read what': {
    run: async (at, whose) => {
      const ledger = LEDGER[whose] ?? 'main'
      await at.server.get(`/v1/search?ledger=${ledger}`)
      return at.ask('GET', `/v1/search?ledger=${ledger}.access`)
    },
    expected: { own: 200, other: 403, all: 403 },
  },
}

test.each(Object.entries(OPERATIONS))('an admin of one ledger: %s', async (_, { run, expected }) => {
  const at = await setting()
  for (const whose of ['own', 'other', 'all'] as const)
    expect((await run(at, whose)).status, whose).toBe(expected[whose])
})

test('an admin of one ledger makes keys of that ledger, and sees only these and the ledger', async () => {
  const at = await setting()
  const made = await at.ask('POST', '/v1/keys', { name: 'default', scopes: ['ingest'] })
  expect(made.body).toMatchObject({ ledger: 'tenant-a' })
  await keyOf(at, 'other')
  await keyOf(at, 'all')
  const { body } = await at.ask('GET', '/v1/keys')
  const keys = body['keys'] as { name: string; ledger: string }[]
  expect(keys.map(({ name, ledger }) => [name, ledger])).toEqual([
    ['aa', 'tenant-a'],
    ['default', 'tenant-a'],
  ])
  const ledgers = (await at.ask('GET', '/v1/ledgers')).body['ledgers'] as { name: string }[]
  // The making of its key is in its own ledger of access.
  expect(ledgers.map(({ name }) => name).toSorted()).toEqual(['tenant-a', 'tenant-a.access'])
  // A key that it made is held to the same.
  const admin = await at.ask('POST', '/v1/keys', { name: 'second', scopes: ['admin'] })
  const token = admin.body['token'] as string
  const asked = { name: 'x', scopes: ['admin'], ledger: 'tenant-b' }
  expect((await at.ask('POST', '/v1/keys', asked, token)).status).toBe(403)
})

test('an admin of one ledger may revoke itself; both its changes are recorded with its ledger', async () => {
  const at = await setting()
  const made = await at.ask('POST', '/v1/keys', { name: 'one', scopes: ['read'] })
  const own = ((await at.ask('GET', '/v1/keys')).body['keys'] as { prefix: string }[])[0]!.prefix
  expect((await at.ask('DELETE', `/v1/keys/${own}`)).status).toBe(204)
  expect((await at.ask('GET', '/v1/keys')).status).toBe(401)
  const { size } = await at.server.get<{ size: number }>('/v1/ledgers/tenant-a.access')
  const { records } = await at.server.get<{
    records: { action: string; actor: { id: string }; targets: { id: string }[] }[]
  }>(`/v1/search?ledger=tenant-a.access&order=oldest&q=actor:${own}&min_index=${size - 1}`)
  expect(records.map(({ action, targets }) => [action, targets[0]!.id])).toEqual([
    ['access.key.created', made.body['prefix']],
    ['access.key.revoked', own],
  ])
})

test('the quarantine of a ledger counts the records of that ledger', async () => {
  const at = await setting()
  await quarantined(at, 'own')
  await quarantined(at, 'other')
  await quarantined(at, 'other')
  expect((await at.ask('GET', '/v1/quarantine')).body).toMatchObject({ ledger: 'tenant-a', total: 1 })
  expect(await at.server.get('/v1/quarantine?ledger=tenant-b')).toMatchObject({ total: 2 })
  expect(await at.server.get('/v1/quarantine')).toMatchObject({ total: 0 })
})
