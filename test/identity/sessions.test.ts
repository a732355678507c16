import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { Browser } from '../support/cookie-browser.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { logIn, newUser, PASSWORD } from '../support/new-user.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

interface AccessRecord {
  readonly action: string
  readonly outcome: string
  readonly actor: { readonly id: string; readonly name: string }
  readonly metadata: { readonly asked: Record<string, unknown> }
}

/** Denials are recorded after their answer: what is expected of them is waited for. */
const PATIENT = { timeout: 40_000, interval: 50 }

async function accesses(server: TestServer): Promise<readonly AccessRecord[]> {
  const { size } = await server.get<{ size: number }>('/v1/ledgers/main.access')
  const path = `/v1/search?ledger=main.access&order=oldest&limit=1000&min_index=${size - 1}&q=-action:access.search`
  return (await server.get<{ records: AccessRecord[] }>(path)).records
}

/** Whom was refused what, as it is recorded. */
async function reasons(server: TestServer): Promise<string[]> {
  const denied = (await accesses(server)).filter(({ action }) => action === 'access.denied')
  return denied.map(({ actor, metadata }) => `${actor.id.slice(0, 5)} ${String(metadata.asked['reason'])}`)
}

const statusOf = async (server: TestServer, path: string, token: string, init = {}): Promise<number> =>
  (await server.fetch(path, { ...init, token })).status

const json = (method: string, body: object) => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

test('who was invited joins, logs in and may what the invitation said, over both protocols', async () => {
  const server = await testServer()
  const id = await newUser(server, 'Anna@Example.com', ['viewer'])
  const { accessToken } = await logIn(server, ' anna@example.COM ')
  const me = await (await server.fetch('/v1/access/me', { token: accessToken })).json()
  const anna = { kind: 'user', id: `user:${id}`, name: 'Anna@Example.com' }
  expect(me).toMatchObject({ ...anna, grants: [{ role: 'viewer' }] })
  expect(await statusOf(server, '/v1/search', accessToken)).toBe(200)
  expect(await statusOf(server, '/v1/export', accessToken)).toBe(403)
  const client = new GrpcClient(server.url, { token: accessToken })
  await client.call(AuditService.method.search, { query: 'action:a.b' })
  expect(await failureOf(client.call(AuditService.method.logEvent, { action: 'a.b' }))).toMatchObject({
    code: status.PERMISSION_DENIED,
  })
  const recorded = async () => (await accesses(server)).map(({ action, actor }) => `${action} ${actor.id}`)
  await expect
    .poll(async () => (await recorded()).toSorted(), PATIENT)
    .toEqual([
      `access.denied user:${id}`,
      `access.denied user:${id}`,
      'access.invitation.made preset',
      `access.login user:${id}`,
      `access.user.joined user:${id}`,
    ])
})

test('an invitation is accepted once, and only with a password that is one', async () => {
  const server = await testServer()
  const { body } = await server.post('/v1/invitations', { email: 'b@example.com', roles: ['viewer'] })
  const accept = async (password: string, token = body['token']) =>
    (await server.post('/v1/invitations/accept', { token, name: 'Ben', password })).status
  expect(await accept('short')).toBe(400)
  expect(await accept(PASSWORD, 'tpi_nonsense')).toBe(401)
  expect(await accept(PASSWORD)).toBe(201)
  expect(await accept(PASSWORD)).toBe(401)
  const again = await server.post('/v1/invitations', { email: 'B@example.com', roles: ['viewer'] })
  expect(again.status).toBe(409)
})

test('each refresh gives other tokens, and one that is used twice ends the session', async () => {
  const server = await testServer()
  await newUser(server, 'a@example.com', ['viewer'])
  const first = await logIn(server, 'a@example.com')
  const refresh = (refresh_token: string) => server.post('/v1/session/refresh', { refresh_token })
  const second = await refresh(first.refreshToken)
  expect(second.status).toBe(200)
  const { access_token, refresh_token } = second.body as unknown as Record<string, string>
  expect(await statusOf(server, '/v1/search', first.accessToken)).toBe(401)
  expect(await statusOf(server, '/v1/search', access_token!)).toBe(200)

  const stolen = await refresh(first.refreshToken)
  expect(stolen.status).toBe(401)
  expect(stolen.body.detail).toMatch(/used before, so the session has been ended/)
  expect(await statusOf(server, '/v1/search', access_token!)).toBe(401)
  expect((await refresh(refresh_token!)).status).toBe(401)
  for (const token of ['nonsense', `tpr_${'A'.repeat(43)}_${'A'.repeat(43)}`])
    expect((await refresh(token)).status).toBe(401)
  await expect.poll(() => reasons(server), PATIENT).toContain('user: refresh token used twice')
})

test('sessions outlive a restart, are listed, and end one by one', async () => {
  const before = await testServer()
  const id = await newUser(before, 'a@example.com', ['viewer'])
  const [one, two] = [await logIn(before, 'a@example.com'), await logIn(before, 'a@example.com')]
  const server = await before.restart()
  const listed = async (token: string, query = '') => {
    const response = await server.fetch(`/v1/sessions${query}`, { token })
    return ((await response.json()) as { sessions: { id: string; current: boolean }[] }).sessions
  }
  expect(await listed(one.accessToken)).toMatchObject([
    { id: two.id, current: false, user: id },
    { id: one.id, current: true },
  ])
  const ended = { method: 'DELETE', token: one.accessToken }
  expect((await server.fetch(`/v1/sessions/${two.id}`, ended)).status).toBe(204)
  expect(await statusOf(server, '/v1/search', two.accessToken)).toBe(401)
  expect((await server.fetch('/v1/session', ended)).status).toBe(204)
  expect(await statusOf(server, '/v1/search', one.accessToken)).toBe(401)

  await newUser(server, 'b@example.com', ['viewer'])
  const other = await logIn(server, 'b@example.com')
  const third = await logIn(server, 'a@example.com')
  // What is not theirs is not there for them.
  expect((await server.fetch(`/v1/sessions?user=${id}`, { token: other.accessToken })).status).toBe(404)
  const foreign = { method: 'DELETE', token: other.accessToken }
  expect((await server.fetch(`/v1/sessions/${third.id}`, foreign)).status).toBe(404)
  expect((await server.fetch(`/v1/sessions?user=${id}`)).status).toBe(200)
  expect((await server.fetch(`/v1/sessions/${third.id}`, { method: 'DELETE' })).status).toBe(204)
  expect(await statusOf(server, '/v1/search', third.accessToken)).toBe(401)
})

test('another password ends the other sessions, and takes the one that was', async () => {
  const server = await testServer()
  await newUser(server, 'a@example.com', ['viewer'])
  const [one, two] = [await logIn(server, 'a@example.com'), await logIn(server, 'a@example.com')]
  const put = (current: string, password: string) =>
    statusOf(server, '/v1/me/password', one.accessToken, json('PUT', { current, password }))
  expect(await put('not the password', 'another long password')).toBe(403)
  expect(await put(PASSWORD, 'short')).toBe(400)
  expect(await put(PASSWORD, 'another long password')).toBe(204)
  expect(await statusOf(server, '/v1/search', one.accessToken)).toBe(200)
  expect(await statusOf(server, '/v1/search', two.accessToken)).toBe(401)
  await expect(logIn(server, 'a@example.com')).rejects.toThrow(/401/)
  await logIn(server, 'a@example.com', 'another long password')
  expect((await server.fetch('/v1/me/password', json('PUT', { current: 'x', password: 'y' }))).status).toBe(
    400,
  )
})

test('guessing is answered the same for who is there and who is not, and recorded once a minute', async () => {
  const server = await testServer()
  await newUser(server, 'a@example.com', ['viewer'])
  const answers = async (email: string) => {
    const guesses = Array.from({ length: 12 }, () =>
      server.fetch('/v1/session', json('POST', { email, password: 'a guess' })),
    )
    const all = (await Promise.all(guesses)).map(async (response) => {
      const { title, detail } = (await response.json()) as { title: string; detail: string }
      if (response.status === 429) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      return `${response.status} ${title}: ${detail.replaceAll(/\d+/g, 'n')}`
    })
    return new Set(await Promise.all(all))
  }
  const known = await answers('a@example.com')
  expect([...known].map((text) => text.slice(0, 3)).toSorted()).toEqual(['401', '429'])
  expect(await answers('nobody@example.com')).toEqual(known)
  await expect
    .poll(async () => [...new Set(await reasons(server))].toSorted(), PATIENT)
    .toEqual([
      'unkno too many failures',
      'unkno wrong password',
      'user: too many failures',
      'user: wrong password',
    ])
})

/** Of PASSWORD, by another system's bcrypt. */
const OLD_HASH = '$2b$05$kEsCTd7oXXKcqZKDX3kJ5Oz9zygOAKyaN931wkXa3D838LX3CmL4y'

test('a hash that was imported opens, and is made anew', async () => {
  const server = await testServer()
  const take = (email: string, password_hash: string) =>
    server.post('/v1/users', { email, name: 'Imported', password_hash, roles: ['viewer@main'] })
  expect((await take('a@example.com', OLD_HASH)).status).toBe(201)
  expect((await take('a@example.com', OLD_HASH)).status).toBe(409)
  expect((await take('b@example.com', '$1$abc$def')).status).toBe(400)
  await logIn(server, 'a@example.com')
  await logIn(server, 'a@example.com')
  const [user] = server.running.services.people.users.list()
  expect(user!.passwordHash).toMatch(/^\$argon2id\$/)
})

test('browsers get cookies that no page reads, and only a page of ours changes anything with them', async () => {
  const server = await testServer()
  await newUser(server, 'a@example.com', ['analyst'])
  const browser = new Browser(server)
  const login = { email: 'a@example.com', password: PASSWORD, cookies: true }
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  expect((await browser.fetch('/v1/session', { method: 'POST', body: login, headers: foreign })).status).toBe(
    403,
  )
  const response = await browser.fetch('/v1/session', { method: 'POST', body: login })
  const { csrf, ...answer } = (await response.json()) as { csrf: string }
  expect(answer).not.toHaveProperty('access_token')
  expect(browser.attributes.get('trailproof')).toBe('Path=/; Max-Age=900; SameSite=Strict; HttpOnly')
  expect(browser.attributes.get('trailproof-refresh')).toMatch(/^Path=\/v1\/session; .*HttpOnly/)
  expect(browser.cookie('trailproof-csrf')).toBe(csrf)

  const put = (headers: object) =>
    browser
      .fetch('/v1/saved/mine', { method: 'PUT', body: { query: 'action:a.b' }, headers })
      .then((r) => r.status)
  expect((await browser.fetch('/v1/search')).status).toBe(200)
  expect((await browser.fetch('/v1/search', { headers: { 'sec-fetch-site': 'none' } })).status).toBe(200)
  expect((await browser.fetch('/v1/tail', { headers: foreign })).status).toBe(403)
  expect(await put({})).toBe(403)
  expect(await put({ 'trailproof-csrf': 'x'.repeat(43) })).toBe(403)
  expect(await put({ 'trailproof-csrf': csrf, ...foreign })).toBe(403)
  expect(await put({ 'trailproof-csrf': csrf, 'sec-fetch-site': 'none' })).toBe(403)
  expect(await put({ 'trailproof-csrf': csrf })).toBe(200)

  const refresh = (headers: object) =>
    browser.fetch('/v1/session/refresh', { method: 'POST', body: {}, headers })
  const before = browser.cookie('trailproof')
  expect((await refresh({})).status).toBe(403)
  expect((await refresh({ 'trailproof-csrf': csrf })).status).toBe(200)
  expect(browser.cookie('trailproof')).not.toBe(before)
  expect(await put({ 'trailproof-csrf': csrf })).toBe(200)
  expect(
    (await browser.fetch('/v1/session', { method: 'DELETE', headers: { 'trailproof-csrf': csrf } })).status,
  ).toBe(204)
  expect(browser.cookie('trailproof')).toBeUndefined()
  expect((await browser.fetch('/v1/search')).status).toBe(401)
})
