/**
 * A token is good in one place: where it is of another kind, or made by somebody else, it opens nothing.
 *
 * | attack | shown |
 * |---|---|
 * | each kind of token in the place of each other one; foreign and unsigned JWT, by HTTP and gRPC | here |
 * | every change of a JWT, keys that it brings along, claims twice | `packages/server/src/identity/bearer-tokens.test.ts` |
 * | a refresh token used twice; what ends with a session | `test/identity/sessions.test.ts` |
 * | what comes back from the identity provider, replayed or in another browser | `test/identity/open-id.test.ts` |
 * | certificates of others | `test/identity/certificates.test.ts` |
 */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { status } from '@grpc/grpc-js'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { tokenFor } from '../support/api-key.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { logIn, newUser, PASSWORD } from '../support/new-user.ts'
import { type TestServer, testServer } from '../support/test-server.ts'
import { deniedOf, PATIENT, sent } from './denials.ts'

const ISSUER = 'https://id.example.com'
const AUDIENCE = 'audit'

/** Of keys that are read from here. */
async function jwksOf(keys: readonly object[]): Promise<string> {
  const server = createServer((_, response) => response.end(JSON.stringify({ keys })))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
}

async function setUp() {
  const [own, foreign] = await Promise.all(
    [1, 2].map(() => generateKeyPair('RS256', { extractable: true, modulusLength: 2048 })),
  )
  const jwk = { ...(await exportJWK(own!.publicKey)), kid: 'one', alg: 'RS256' }
  const server = await testServer({
    jwt_issuer: ISSUER,
    jwt_audience: AUDIENCE,
    jwt_algorithms: 'RS256',
    jwt_jwks: await jwksOf([jwk]),
    jwt_roles: 'staff=owner',
    // As many as this test asks for.
    address_failures_per_minute: 10_000,
  })
  const claims = (issuer = ISSUER, audience = AUDIENCE) =>
    new SignJWT({ groups: ['staff'] })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject('till-7')
      .setExpirationTime('1h')
  return { server, jwk, own: own!, foreign: foreign!, claims }
}

type Place =
  | 'bearer'
  | 'X-API-Key'
  | 'basic'
  | 'cookie'
  | 'refresh'
  | 'refresh cookie'
  | 'invitation'
  | 'gRPC'

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Shows the token there; whether it opened anything. */
const PLACES: Readonly<Record<Place, (server: TestServer, token: string) => Promise<boolean>>> = {
  bearer: (server, token) => isLetIn(server, bearer(token)),
  'X-API-Key': (server, token) => isLetIn(server, { 'x-api-key': token }),
  basic: (server, token) =>
    isLetIn(server, { authorization: `Basic ${Buffer.from(`any:${token}`).toString('base64')}` }),
  cookie: (server, token) => isLetIn(server, { cookie: `trailproof=${token}` }),
  refresh: (server, token) => posts(server, '/v1/session/refresh', { refresh_token: token }),
  'refresh cookie': (server, token) =>
    posts(server, '/v1/session/refresh', {}, { cookie: `trailproof-refresh=${token}`, origin: server.url }),
  invitation: (server, token) =>
    posts(server, '/v1/invitations/accept', { token, name: 'Eve', password: PASSWORD }),
  gRPC: (server, token) =>
    new GrpcClient(server.url, { token }).call(AuditService.method.search, {}).then(
      () => true,
      () => false,
    ),
}

async function isLetIn(server: TestServer, headers: Record<string, string>): Promise<boolean> {
  return (await server.fetch('/v1/access/me', { token: '', headers })).ok
}

async function posts(server: TestServer, path: string, body: object, headers = {}): Promise<boolean> {
  return (await server.fetch(path, { ...sent('POST', body, headers), token: '' })).ok
}

/** Where each kind of token is good. A key or JWT in a cookie would be sent by a browser with nobody asking who made it do so. */
const GOOD: Readonly<Record<string, readonly Place[]>> = {
  'API key': ['bearer', 'X-API-Key', 'basic', 'gRPC'],
  'access token': ['bearer', 'X-API-Key', 'basic', 'cookie', 'gRPC'],
  JWT: ['bearer', 'X-API-Key', 'basic', 'gRPC'],
  'refresh token': ['refresh'],
  invitation: ['invitation'],
}

test('each kind of token opens only what it is for', async () => {
  const { server, own, claims } = await setUp()
  await newUser(server, 'a@example.com', ['owner'])
  const fresh: Readonly<Record<string, () => Promise<string>>> = {
    'API key': () => tokenFor(server, { roles: ['owner'] }),
    'access token': async () => (await logIn(server, 'a@example.com')).accessToken,
    JWT: () => claims().setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(own.privateKey),
    'refresh token': async () => (await logIn(server, 'a@example.com')).refreshToken,
    invitation: async () => {
      const asked = { email: `${randomUUID()}@example.com`, roles: ['owner'] }
      return String((await server.post('/v1/invitations', asked)).body['token'])
    },
  }
  for (const [kind, make] of Object.entries(fresh)) {
    const good: Place[] = []
    // A token of its own for each place, as some are used up.
    for (const place of Object.keys(PLACES) as Place[])
      if (await PLACES[place](server, await make())) good.push(place)
    expect(good, kind).toEqual(GOOD[kind])
  }
  await expect
    .poll(() => deniedOf(server), PATIENT)
    .toEqual(
      expect.arrayContaining([
        'unknown GET /v1/access/me',
        'unknown POST /v1/invitations/accept no such invitation',
        'unknown /audit.v1.AuditService/Search read',
      ]) as string[],
    )
})

test('a key in a cookie changes nothing, whatever page sends it', async () => {
  const { server } = await setUp()
  const cookie = `trailproof=${await tokenFor(server, { roles: ['owner'] })}`
  for (const headers of [{}, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }]) {
    const { status: code } = await server.fetch('/v1/keys', {
      ...sent('POST', { name: 'k', scopes: ['admin'] }, { cookie, ...headers }),
      token: '',
    })
    expect(code).toBe(401)
  }
})

/** Of a JWT. */
function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

test('a JWT of another issuer, audience or key, without a signature, or signed with what is public, is nobody’s', async () => {
  const { server, jwk, own, foreign, claims } = await setUp()
  const header = { alg: 'RS256', kid: 'one' }
  const good = await claims().setProtectedHeader(header).sign(own.privateKey)
  const [head = '', payload = '', signature = ''] = good.split('.')
  const publicPem = new TextEncoder().encode(await exportSPKI(own.publicKey))
  const forged: Readonly<Record<string, string>> = {
    'another issuer': await claims('https://evil.example').setProtectedHeader(header).sign(own.privateKey),
    'another audience': await claims(ISSUER, 'shop').setProtectedHeader(header).sign(own.privateKey),
    'another key': await claims().setProtectedHeader(header).sign(foreign.privateKey),
    'another key, brought along': await claims()
      .setProtectedHeader({ alg: 'RS256', jwk: await exportJWK(foreign.publicKey) })
      .sign(foreign.privateKey),
    none: `${part({ alg: 'none', kid: 'one' })}.${payload}.`,
    'none, with a signature': `${part({ alg: 'none', kid: 'one' })}.${payload}.${signature}`,
    'no signature': `${head}.${payload}.`,
    'HS256 with the public key': await claims()
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .sign(publicPem),
    'HS256 with the public modulus': await claims()
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .sign(Buffer.from(jwk.n!, 'base64url')),
    'more groups': `${head}.${part({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'root' })}.${signature}`,
  }
  expect(await PLACES.bearer(server, good)).toBe(true)
  for (const [how, token] of Object.entries(forged)) {
    expect((await server.fetch('/v1/search', { token })).status, how).toBe(401)
    const call = new GrpcClient(server.url, { token }).call(AuditService.method.search, {})
    expect((await failureOf(call)).code, how).toBe(status.UNAUTHENTICATED)
  }
  await expect
    .poll(() => deniedOf(server), PATIENT)
    .toEqual(['unknown /audit.v1.AuditService/Search read', 'unknown GET /v1/search read'])
})
