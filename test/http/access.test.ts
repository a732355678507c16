import { expect, test } from 'vitest'
import { type TestServer, testServer } from '../support/test-server.ts'

const record = { action: 'order.placed' }

async function keyFor(
  server: TestServer,
  key: Record<string, unknown>,
): Promise<{ token: string; prefix: string }> {
  const { status, body } = await server.post('/v1/keys', { name: 'test', ...key })
  expect(status).toBe(201)
  return body as unknown as { token: string; prefix: string }
}

function send(server: TestServer, token: string | undefined, path = '/v1/events'): Promise<number> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(record),
    token,
  }
  return server.fetch(path, init).then(({ status }) => status)
}

test('the first start makes an admin token, later ones do not', async () => {
  const server = await testServer({ admin_token: '' })
  const token = server.running.newAdminToken!
  expect(token).toMatch(/^tp_[0-9a-f]{8}_[\w-]{43}$/)
  expect(await send(server, token)).toBe(200)
  const again = await server.restart()
  expect(again.running.newAdminToken).toBeUndefined()
  expect(await send(again, token)).toBe(200)
})

test('nobody gets in without a valid key', async () => {
  const server = await testServer()
  for (const token of [undefined, 'nonsense', `tp_00000000_${'A'.repeat(43)}`]) {
    expect(await send(server, token ?? '')).toBe(401)
    const paths = [
      '/v1/search',
      '/v1/tail',
      '/v1/keys',
      '/v1/ledgers',
      '/v1/ledgers/main/entries',
      '/ledgers/main/tile/0/000.p/1',
      '/v1/quarantine',
    ]
    for (const path of paths)
      expect((await server.fetch(path, { token: token ?? '' })).status, path).toBe(401)
  }
  for (const path of ['/ledgers/main/checkpoint', '/healthz', '/readyz', '/metrics', '/docs/json'])
    expect((await server.fetch(path, { token: '' })).status, path).toBe(200)
})

test('a key does what its scopes say and nothing more', async () => {
  const server = await testServer()
  await server.post('/v1/events', record)
  const ingest = await keyFor(server, { scopes: ['ingest'] })
  const read = await keyFor(server, { scopes: ['read'] })
  expect(await send(server, ingest.token)).toBe(200)
  expect((await server.fetch('/v1/search', { token: ingest.token })).status).toBe(403)
  expect(await send(server, read.token)).toBe(403)
  expect((await server.fetch('/v1/search', { token: read.token })).status).toBe(200)
  for (const { token } of [ingest, read]) expect((await server.fetch('/v1/keys', { token })).status).toBe(403)
})

test('a key of one ledger opens that ledger alone', async () => {
  const server = await testServer()
  expect((await server.post('/v1/ledgers', { name: 'acme' })).status).toBe(201)
  const { token } = await keyFor(server, { scopes: ['ingest', 'read'], ledger: 'acme' })
  expect(await send(server, token)).toBe(200)
  expect(await server.get('/v1/ledgers/acme')).toMatchObject({ size: 1 })
  expect(await server.get('/v1/ledgers/main')).toMatchObject({ size: 0 })
  expect(await send(server, token, '/v1/events?ledger=main')).toBe(403)
  expect((await server.fetch('/v1/search?ledger=main', { token })).status).toBe(403)
  const listed = (await (await server.fetch('/v1/ledgers', { token })).json()) as {
    ledgers: { name: string }[]
  }
  expect(listed.ledgers.map(({ name }) => name)).toEqual(['acme'])
})

test('a revoked key is refused at once and after a restart', async () => {
  const server = await testServer()
  const { token, prefix } = await keyFor(server, { scopes: ['ingest'] })
  expect(await send(server, token)).toBe(200)
  expect((await server.fetch(`/v1/keys/${prefix}`, { method: 'DELETE' })).status).toBe(204)
  expect(await send(server, token)).toBe(401)
  expect(await send(await server.restart(), token)).toBe(401)
})

test('an expired key is refused', async () => {
  const server = await testServer()
  const expires_at = new Date(Date.now() + 4000).toISOString()
  const { token } = await keyFor(server, { scopes: ['ingest'], expires_at })
  expect(await send(server, token)).toBe(200)
  await expect.poll(() => send(server, token), { timeout: 20_000 }).toBe(401)
})

test('does not make a key that has expired already', async () => {
  const server = await testServer()
  const asked = { name: 'k', scopes: ['read'], expires_at: '2020-01-01T00:00:00Z' }
  expect(await server.post('/v1/keys', asked)).toMatchObject({
    status: 400,
    body: { detail: 'expires_at: 2020-01-01T00:00:00.000Z has passed' },
  })
})

test('keys are listed without their secrets', async () => {
  const server = await testServer()
  const { token, prefix } = await keyFor(server, { scopes: ['read'] })
  const listed = JSON.stringify(await server.get('/v1/keys'))
  expect(listed).toContain(prefix)
  expect(listed).not.toContain(token)
  expect(listed).not.toContain(token.split('_')[2])
})

test.each(['Access', 'a.access', 'a/b', '', 'x'.repeat(64), '../x'])(
  'refuses %j as a ledger name',
  async (name) => {
    const server = await testServer()
    expect((await server.post('/v1/ledgers', { name })).status).toBe(400)
  },
)

test('does not make a ledger twice', async () => {
  const server = await testServer()
  await server.post('/v1/ledgers', { name: 'acme' })
  expect((await server.post('/v1/ledgers', { name: 'acme' })).status).toBe(409)
})
