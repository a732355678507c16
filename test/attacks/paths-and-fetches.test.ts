/**
 * An address of a request leads to what we serve and nowhere else; and nothing in a request makes the server ask anybody.
 *
 * | attack | shown |
 * |---|---|
 * | ways out of the directory of the pages, of ledgers and of exports, however they are written | here |
 * | names of ledgers | `test/http/access.test.ts` |
 * | addresses in headers, tokens, records and queries that a server might fetch | here |
 * | addresses in the settings: http to other machines | here and in `test/identity/bearers.test.ts` |
 */
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { explorerFiles } from '../../packages/server/src/api/explorer.ts'
import { testServer } from '../support/test-server.ts'
import { sent } from './denials.ts'

/** As it is written: a client of ours would tidy it up. */
async function raw(url: string, path: string, headers = ''): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n${headers}connection: close\r\n\r\n`)
  return Buffer.concat((await socket.toArray()) as Buffer[]).toString('latin1')
}

const UP = [
  '../',
  '..%2f',
  '..%2F',
  '%2e%2e/',
  '%2e%2e%2f',
  '..\\',
  '..%5c',
  '..%255c',
  '..%252f',
  '..%c0%af',
  '....//',
  '..;/',
]
const FILES = ['package.json', 'etc/passwd', 'directory.db', 'src/main.tsx', 'index.html%00.js', 'main.key']

test('no way of writing a path leads out of what is served', async () => {
  const server = await testServer()
  const places = [
    '/',
    '/assets/',
    '/docs/static/',
    '/ledgers/main/tile/',
    '/v1/ledgers/',
    '/v1/export/',
    '/v1/saved/',
  ]
  for (const place of places)
    for (const up of UP)
      for (const file of FILES) {
        const path = place + up.repeat(4) + file
        const answer = await raw(server.url, path, `authorization: Bearer admin-token-of-the-tests\r\n`)
        expect(answer, path).toMatch(/^HTTP\/1\.1 4\d\d /)
        expect(answer, path).not.toMatch(/root:|SQLite format|"workspaces"|PRIVATE KEY/)
      }
}, 120_000)

const ODD = ['/%00', '/assets/%', '/%ff', '/%', '//', '/.git/config', '/assets/', '/assets', '/.env', '*']

test('what is no path of ours is answered with nothing of the disk', async () => {
  const server = await testServer()
  // What names another host has the path `/`, and that is the page, where it was built.
  const ours = existsSync(explorerFiles() ?? '') ? /^HTTP\/1\.1 (?:200|4\d\d) / : /^HTTP\/1\.1 4\d\d /
  for (const path of [...ODD, 'http://evil.example/']) {
    const answer = await raw(server.url, path)
    expect(answer, path).toMatch(ours)
    expect(answer, path).not.toMatch(/\[core\]|node_modules|\/tmp\/|at .*\.ts:/)
  }
})

/** Of a JWT. */
function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

test('nothing in a request makes the server ask anybody', async () => {
  const asked: string[] = []
  const listener = createServer((request, response) => {
    // The one address that the settings name.
    if (request.url !== '/jwks') asked.push(request.url ?? '')
    response.end('{"keys":[]}')
  })
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => void listener.close())
  const there = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  const server = await testServer({
    jwt_issuer: 'https://id.example.com',
    jwt_audience: 'audit',
    jwt_jwks: `${there}/jwks`,
    jwt_roles: 'staff=viewer',
  })
  for (const claims of [{ iss: there }, { iss: 'https://id.example.com', jku: there }]) {
    const head = { alg: 'RS256', kid: there, jku: `${there}/jku`, x5u: `${there}/x5u`, typ: 'JWT' }
    const token = `${part(head)}.${part({ ...claims, sub: 'a', aud: 'audit', exp: 4_000_000_000 })}.AAAA`
    expect((await server.fetch('/v1/search', { token })).status).toBe(401)
  }
  const headers = {
    referer: `${there}/referer`,
    origin: there,
    'x-forwarded-host': there.slice('http://'.length),
    'x-original-url': `${there}/original`,
    forwarded: `host=${there.slice('http://'.length)}`,
    link: `<${there}/link>; rel=preload`,
    'ce-dataschema': `${there}/schema`,
    'x-callback-url': `${there}/callback`,
  }
  const record = {
    action: 'a.b',
    message: `![x](${there}/message) <img src="${there}/img">`,
    request: { method: 'GET', url: `${there}/request` },
    source: { ip: '127.0.0.1', url: `${there}/source` },
    metadata: { $schema: `${there}/schema`, '@context': `${there}/context`, webhook: `${there}/hook` },
  }
  expect((await server.fetch('/v1/events?wait=index', sent('POST', record, headers))).status).toBe(200)
  const event = {
    specversion: '1.0',
    id: '1',
    source: `${there}/source`,
    type: 'a.b',
    dataschema: `${there}/dataschema`,
    data: { $ref: `${there}/ref` },
  }
  const cloud = { ...headers, 'content-type': 'application/cloudevents+json' }
  expect((await server.fetch('/v1/events?wait=index', sent('POST', event, cloud))).status).toBe(200)
  for (const path of [
    `/v1/search?q=${encodeURIComponent(`"${there}/query"`)}`,
    `/v1/events/${encodeURIComponent(`${there}/id`)}`,
    `/v1/export?ledger=${encodeURIComponent(there)}`,
    `/v1/export?format=csv`,
    `/v1/oidc/callback?iss=${encodeURIComponent(there)}&code=a&state=b`,
    `/v1/oidc/login?issuer=${encodeURIComponent(there)}`,
    `/docs?url=${encodeURIComponent(`${there}/openapi`)}`,
  ]) {
    const response = await server.fetch(path, { headers, redirect: 'manual' })
    await response.body?.cancel()
    expect(response.headers.get('location') ?? '', path).not.toContain(there)
  }
  // It would have come before this answer, or with what is done when the server stops.
  await server.running.stop()
  expect(asked).toEqual([])
})

test.each([
  ['oidc_issuer', { oidc_issuer: 'http://id.example.com', oidc_client_id: 'a', oidc_roles: 'a=viewer' }],
  ['oidc_issuer', { oidc_issuer: 'file:///etc/passwd', oidc_client_id: 'a', oidc_roles: 'a=viewer' }],
  [
    'jwt_jwks',
    {
      jwt_issuer: 'https://id.example.com',
      jwt_audience: 'a',
      jwt_jwks: 'http://10.0.0.1/keys',
      jwt_roles: 'a=viewer',
    },
  ],
])('%s in clear over the network stops the start', async (name, settings) => {
  await expect(testServer(settings)).rejects.toThrow(name)
})
