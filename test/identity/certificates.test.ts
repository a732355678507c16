import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { credentials, status } from '@grpc/grpc-js'
import { expect, onTestFinished, test, vi } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { makeTestAuthority } from '../support/test-authority.ts'
import { ADMIN_TOKEN, testServer } from '../support/test-server.ts'

interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly client?: { readonly cert: string; readonly key: string } | undefined
}

function ask(
  url: string,
  ca: string,
  { method = 'GET', headers = {}, body, client }: Asked,
): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ca, agent: false, ...client }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode, body: text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

test('a service is who its certificate says, over both protocols', async () => {
  using authority = makeTestAuthority()
  using stranger = makeTestAuthority()
  const server = await testServer({
    tls_cert: authority.certificateFile,
    tls_key: authority.keyFile,
    tls_client_ca: authority.authorityFile,
    tls_client_identities:
      'spiffe://shop/till=producer@main; DNS:viewer.example.com=viewer; subject:CN=till,O=shop=producer',
  })
  const ca = authority.authority
  const get = (path: string, asked: Asked) => ask(server.url + path, ca, asked)
  const status_ = async (path: string, asked: Asked) => (await get(path, asked)).status
  const send = (client: Asked['client'], headers = {}) =>
    status_('/v1/events', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"action":"a.b"}',
      client,
    })

  const till = authority.client('/CN=any', 'URI:spiffe://shop/till')
  expect(JSON.parse((await get('/v1/access/me', { client: till })).body)).toMatchObject({
    kind: 'service',
    id: 'service:tls:URI:spiffe://shop/till',
    grants: [{ role: 'producer', ledger: 'main' }],
  })
  expect(await send(till)).toBe(200)
  expect(await status_('/v1/search', { client: till })).toBe(403)
  const viewer = authority.client('/CN=any', 'DNS:Viewer.example.com')
  expect([await send(viewer), await status_('/v1/search', { client: viewer })]).toEqual([403, 200])
  expect(await send(authority.client('/CN=till/O=shop'))).toBe(200)
  expect(await send(authority.client('/CN=till,O=shop'))).toBe(401)

  // A token is who calls, whatever certificate is shown beside it; and one that opens nothing is none.
  const admin = { authorization: `Bearer ${ADMIN_TOKEN}` }
  expect(await status_('/v1/keys', { client: till, headers: admin })).toBe(200)
  expect(await send(till, { authorization: 'Bearer nonsense' })).toBe(401)
  // A browser shows it for every page.
  expect(await send(till, { origin: 'https://evil.example' })).toBe(403)
  expect(await send(till, { 'sec-fetch-site': 'cross-site' })).toBe(403)

  for (const client of [
    undefined,
    authority.client('/CN=spiffe:\\/\\/shop\\/till'),
    authority.client('/CN=viewer.example.com'),
    authority.client('/CN=x', 'URI:spiffe://shop/till/2'),
    stranger.client('/CN=any', 'URI:spiffe://shop/till'),
  ])
    expect(await send(client)).toBe(401)

  const grpc = ({ cert, key }: { cert: string; key: string }) =>
    new GrpcClient(server.url.replace('https', 'http'), {
      token: '',
      tls: credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(cert)),
    })
  await grpc(till).call(AuditService.method.logEvent, { action: 'a.b' })
  const foreign = grpc(stranger.client('/CN=any', 'URI:spiffe://shop/till'))
  expect(await failureOf(foreign.call(AuditService.method.logEvent, { action: 'a.b' }))).toMatchObject({
    code: status.UNAUTHENTICATED,
  })

  await vi.waitUntil(
    async () => {
      const path = '/v1/search?ledger=main.access&q=action:access.denied&limit=100'
      return (await get(path, { headers: admin })).body.includes('client certificate that is not trusted')
    },
    { timeout: 30_000, interval: 100 },
  )
})

test('another authority is trusted without a restart, and the one of before no more', async () => {
  const home = mkdtempSync(join(tmpdir(), 'trailproof-mtls-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  using first = makeTestAuthority()
  using second = makeTestAuthority()
  const tls_client_ca = join(home, 'ca.pem')
  copyFileSync(first.authorityFile, tls_client_ca)
  const server = await testServer({
    tls_cert: first.certificateFile,
    tls_key: first.keyFile,
    tls_client_ca,
    tls_client_identities: 'DNS:till=viewer',
  })
  const [old, next] = [first.client('/CN=a', 'DNS:till'), second.client('/CN=a', 'DNS:till')]
  const search = async (client: Asked['client']) =>
    (await ask(`${server.url}/v1/search`, readFileSync(first.authorityFile, 'utf8'), { client })).status
  expect([await search(old), await search(next)]).toEqual([200, 401])
  copyFileSync(second.authorityFile, tls_client_ca)
  await vi.waitUntil(async () => (await search(next)) === 200, { timeout: 30_000, interval: 100 })
  expect(await search(old)).toBe(401)
})

test.each([
  [{ tls_client_ca: 'package.json' }, /holds no certificate/],
  [{ tls_client_identities: 'till=viewer' }, /expected DNS:<name>/],
  [{ tls_client_identities: 'DNS:till=Viewer' }, /expected name=role/],
  [{ tls_cert: '', tls_key: '' }, /needs tls_cert/],
])('settings that do not go together stop the start (%o)', async (changed, message) => {
  using authority = makeTestAuthority()
  const settings = {
    tls_cert: authority.certificateFile,
    tls_key: authority.keyFile,
    tls_client_ca: authority.authorityFile,
  }
  await expect(testServer({ ...settings, ...changed })).rejects.toThrow(message)
})
