/**
 * Requests that a page of others makes a browser send, and headers that say who somebody is: neither counts.
 *
 * | attack | shown |
 * |---|---|
 * | a browser's session used by another site: by form, image, script, fetch; login and logout for somebody | here |
 * | each answer's headers against framing, guessing and reading by other origins; no CORS | `test/http/security.test.ts` |
 * | the CSRF token: none, another, of another site | `test/identity/sessions.test.ts` |
 * | a login at the identity provider that was not begun here | `test/identity/open-id.test.ts` |
 * | headers of proxies and gateways that name a user, an address, a host or a method | here |
 */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { tokenFor } from '../support/api-key.ts'
import { Browser } from '../support/cookie-browser.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { newUser, PASSWORD } from '../support/new-user.ts'
import { type TestServer, testServer } from '../support/test-server.ts'
import { denialsOf, deniedOf, PATIENT, sent } from './denials.ts'

const EVIL = 'https://evil.example'

async function loggedIn(server: TestServer): Promise<Browser> {
  await newUser(server, 'a@example.com', ['owner'])
  const browser = new Browser(server)
  const login = { email: 'a@example.com', password: PASSWORD, cookies: true }
  expect((await browser.fetch('/v1/session', { method: 'POST', body: login })).status).toBe(201)
  return browser
}

/** How browsers send what a page of another site makes them send, cookies included as if they were not SameSite. */
const FROM_ELSEWHERE: Readonly<Record<string, Record<string, string>>> = {
  fetch: { origin: EVIL, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
  'another host of the same site': { origin: 'http://other.127.0.0.1', 'sec-fetch-site': 'same-site' },
  'a sandboxed frame': { origin: 'null', 'sec-fetch-site': 'cross-site' },
  'an old browser': { origin: EVIL, 'sec-fetch-site': '' },
  'another port': { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' },
}

/** What it would be good for. */
const CHANGES: readonly [method: string, path: string, type: string, body: string][] = [
  ['POST', '/v1/keys', 'application/json', '{"name":"k","roles":["owner"]}'],
  ['POST', '/v1/keys', 'text/plain', '{"name":"k","roles":["owner"]}'],
  ['POST', '/v1/keys', 'application/x-www-form-urlencoded', 'name=k&roles=owner'],
  ['POST', '/v1/events', 'text/plain', '{"action":"a.b"}'],
  ['POST', '/api/log', 'text/plain', '{"service":"s","level":"info","message":"m"}'],
  ['POST', '/api/v1/query', 'application/x-www-form-urlencoded', 'query=1'],
  ['POST', '/v1/ledgers/main/index/rebuild', 'text/plain', ''],
  ['PUT', '/v1/me/password', 'application/json', '{"current":"x","password":"y"}'],
  ['DELETE', '/v1/session', 'text/plain', ''],
  ['POST', '/v1/session/refresh', 'text/plain', '{}'],
]

test('a page of another site does nothing with the session of a browser', async () => {
  const server = await testServer()
  const browser = await loggedIn(server)
  const cookie = ['trailproof', 'trailproof-refresh', 'trailproof-csrf']
    .map((name) => `${name}=${browser.cookie(name)}`)
    .join('; ')
  for (const [how, from] of Object.entries(FROM_ELSEWHERE))
    for (const [method, path, type, body] of CHANGES) {
      const headers = new Headers({ ...from, cookie, 'content-type': type })
      if (from['sec-fetch-site'] === '') headers.delete('sec-fetch-site')
      const response = await fetch(server.url + path, { method, headers, ...(body !== '' && { body }) })
      expect(response.status, `${how}: ${method} ${path} ${type}`).toBeOneOf([400, 403, 415])
      expect(response.headers.getSetCookie(), how).toEqual([])
    }
  for (const [how, from] of Object.entries(FROM_ELSEWHERE))
    for (const path of ['/v1/search', '/v1/export', '/v1/tail', '/v1/access/me']) {
      const headers = new Headers({ ...from, cookie })
      if (from['sec-fetch-site'] === '') headers.delete('sec-fetch-site')
      expect((await fetch(server.url + path, { headers })).status, `${how}: ${path}`).toBe(403)
    }
  const { keys } = await server.get<{ keys: { prefix: string }[] }>('/v1/keys')
  expect(keys.filter(({ prefix }) => prefix !== 'preset')).toEqual([])
  expect((await browser.fetch('/v1/search')).status).toBe(200)
  await expect
    .poll(() => deniedOf(server), PATIENT)
    .toEqual(expect.arrayContaining([expect.stringMatching(/^user:.* POST \/v1\/keys csrf$/)]) as string[])
})

test('nobody is logged in as somebody else by another site, and a GET logs nobody out', async () => {
  const server = await testServer()
  const browser = await loggedIn(server)
  const login = { email: 'a@example.com', password: PASSWORD, cookies: true }
  for (const from of Object.values(FROM_ELSEWHERE)) {
    const { status, headers } = await fetch(`${server.url}/v1/session`, sent('POST', login, from))
    expect(status).toBe(403)
    expect(headers.getSetCookie()).toEqual([])
  }
  for (const path of ['/v1/session', '/v1/sessions/x', '/v1/keys/preset/rotate', '/v1/session/refresh'])
    expect((await browser.fetch(path)).status).toBe(404)
  // A method in a header, a parameter or a field of a form is no method.
  const header = {
    'x-http-method-override': 'DELETE',
    'x-http-method': 'DELETE',
    'x-method-override': 'DELETE',
  }
  expect((await browser.fetch('/v1/session?_method=DELETE', { headers: header })).status).toBe(404)
  expect((await browser.fetch('/v1/search')).status).toBe(200)
})

test('a browser is not asked for a password that it would then send by itself', async () => {
  const server = await testServer()
  const { headers } = await server.fetch('/v1/search', { token: '' })
  expect(headers.get('www-authenticate')).toMatch(/^Bearer /)
})

/** What proxies and gateways say of who somebody is. */
const WHO: Readonly<Record<string, string>> = {
  'x-user': 'preset',
  'x-user-id': 'preset',
  'x-user-email': 'a@example.com',
  'x-user-roles': 'owner',
  'x-forwarded-user': 'preset',
  'x-forwarded-email': 'a@example.com',
  'x-forwarded-groups': 'owner',
  'x-remote-user': 'preset',
  'remote-user': 'preset',
  'x-auth-request-user': 'preset',
  'x-authenticated-user': 'preset',
  'x-consumer-username': 'preset',
  'x-amzn-oidc-identity': 'preset',
  'x-ms-client-principal-name': 'preset',
  'x-client-cert': 'CN=till',
  'x-ssl-client-verify': 'SUCCESS',
  'x-ssl-client-s-dn': 'CN=till',
  'x-forwarded-client-cert': 'By=spiffe://shop/a;URI=spiffe://shop/till',
  'trailproof-user': 'preset',
  'trailproof-caller': 'preset',
  'trailproof-roles': 'owner',
  'trailproof-ledger': 'main',
  'x-trailproof-user': 'preset',
  'x-ledger': 'main',
}
const WHERE: Readonly<Record<string, string>> = {
  'x-forwarded-for': '203.0.113.9',
  'x-real-ip': '203.0.113.9',
  'x-client-ip': '203.0.113.9',
  'true-client-ip': '203.0.113.9',
  'cf-connecting-ip': '203.0.113.9',
  'x-cluster-client-ip': '203.0.113.9',
  forwarded: 'for=203.0.113.9;host=evil.example;proto=https',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
  'x-original-url': '/healthz',
  'x-rewrite-url': '/healthz',
}

test('a header makes nobody of a stranger, nor more of somebody', async () => {
  const server = await testServer({ address_failures_per_minute: 10_000 })
  await server.post('/v1/ledgers', { name: 'other' })
  const viewer = await tokenFor(server, { roles: ['viewer'], ledger: 'other' })
  for (const [name, value] of Object.entries({ ...WHO, ...WHERE })) {
    const status = async (token: string, path: string) =>
      (await server.fetch(path, { token, headers: { [name]: value } })).status
    expect(await status('', '/v1/search'), name).toBe(401)
    expect(await status(viewer, '/v1/search?ledger=main'), name).toBe(403)
    expect(await status(viewer, '/v1/export'), name).toBe(403)
  }
  const stranger = new GrpcClient(server.url, { token: '' })
  const call = stranger.call(AuditService.method.search, {}, { metadata: { ...WHO, ...WHERE } })
  expect((await failureOf(call)).code).toBe(16)
  await expect.poll(async () => (await denialsOf(server)).length, PATIENT).toBeGreaterThanOrEqual(3)
  for (const { actor, source } of await denialsOf(server)) {
    expect(actor.id).not.toBe('preset')
    expect(source.ip).toMatch(/127\.0\.0\.1$/)
  }
})

function asFrom(ip: string): Record<string, string> {
  return { 'x-forwarded-for': ip, 'x-real-ip': ip, forwarded: `for=${ip}` }
}

test('whoever names another address in each request stays within the rates of their own', async () => {
  const server = await testServer({ address_requests_per_second: 5, address_failures_per_minute: 5 })
  const statuses = []
  for (let i = 0; i < 40; i++)
    statuses.push(
      (await server.fetch('/v1/search', { token: 'wrong', headers: asFrom(`203.0.113.${i}`) })).status,
    )
  expect(statuses).toContain(429)
  expect(statuses.indexOf(429)).toBeLessThan(15)
})

test('another host in a request leads nobody anywhere', async () => {
  const server = await testServer({
    oidc_issuer: 'http://127.0.0.1:1',
    oidc_client_id: 'trailproof',
    oidc_client_secret: 'a secret of the tests',
    oidc_roles: 'staff=viewer',
    public_url: 'https://audit.example.com',
  })
  const asked = `GET /docs HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: evil.example\r\nconnection: close\r\n\r\n`
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(asked)
  const answer = (await socket.toArray()).join('')
  expect(answer).toMatch(/^HTTP\/1\.1 [2-4]/)
  expect(answer).not.toContain('evil.example')
  // An address of others in `return_to`, however it is written.
  for (const to of [
    '//evil.example',
    String.raw`/\evil.example`,
    EVIL,
    'evil.example',
    '/%0d%0aset-cookie: a=b\r\nx: y',
    '/\t/evil.example',
    '/a\r\nlocation: https://evil.example',
    'javascript:alert(1)',
  ]) {
    const response = await server.fetch(`/v1/oidc/login?return_to=${encodeURIComponent(to)}`, {
      token: '',
      redirect: 'manual',
    })
    expect(response.status, to).toBe(400)
    expect(response.headers.get('location')).toBeNull()
  }
})
