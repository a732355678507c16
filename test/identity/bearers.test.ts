import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { status } from '@grpc/grpc-js'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { testServer } from '../support/test-server.ts'

/** An issuer as far as its keys: where they are, and how often they were asked for. */
async function issuer() {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true })
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one' }]
  let reads = 0
  const server = createServer((_, response) => {
    reads++
    response.end(JSON.stringify({ keys }))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
  const token = (groups: readonly string[], kid = 'one') =>
    new SignJWT({ groups })
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .setIssuer('https://id.example.com')
      .setAudience('audit')
      .setSubject('till-7')
      .setExpirationTime('1h')
      .sign(privateKey)
  return { url, token, reads: () => reads }
}

const settings = {
  jwt_issuer: 'https://id.example.com',
  jwt_audience: 'audit',
  jwt_roles: 'tills=producer@main,staff=viewer',
}

test('a service calls with a token of its issuer, over both protocols, and is recorded as who it is', async () => {
  const { url, token, reads } = await issuer()
  const server = await testServer({ ...settings, jwt_jwks: url })
  const till = await token(['tills'])
  const send = (of: string) =>
    server
      .fetch('/v1/events', {
        method: 'POST',
        token: of,
        headers: { 'content-type': 'application/json' },
        body: '{"action":"a.b"}',
      })
      .then((response) => response.status)
  expect(await Promise.all([send(till), send(till), send(till)])).toEqual([200, 200, 200])
  expect((await server.fetch('/v1/search', { token: till })).status).toBe(403)
  const client = new GrpcClient(server.url, { token: await token(['staff', 'tills']) })
  await client.call(AuditService.method.logEvent, { action: 'a.b' })
  await client.call(AuditService.method.search, { query: 'action:a.b' })

  const nobody = await token(['tills'], 'unknown')
  expect(await Promise.all(Array.from({ length: 20 }, () => send(nobody)))).toEqual(Array(20).fill(401))
  const stranger = new GrpcClient(server.url, { token: nobody })
  expect(await failureOf(stranger.call(AuditService.method.logEvent, { action: 'a.b' }))).toMatchObject({
    code: status.UNAUTHENTICATED,
  })
  expect(reads()).toBe(1)
  const path = '/v1/search?ledger=main.access&q=actor:"service:jwt:till-7"'
  const actions = async (): Promise<string[]> => {
    const { records } = await server.get<{ records: { action: string }[] }>(path)
    return records.map(({ action }) => action).toSorted()
  }
  // Denials are recorded after their answer.
  await expect.poll(actions, { timeout: 40_000, interval: 50 }).toEqual(['access.denied', 'access.search'])
})

test.each([
  [{ jwt_audience: '' }, /needs jwt_audience/],
  [{ jwt_jwks: 'http://id.example.com/keys' }, /http is for this machine alone/],
  [{ jwt_algorithms: 'ES256,HS256' }, /"HS256" is none of/],
  [{ jwt_algorithms: 'none' }, /"none" is none of/],
  [{ jwt_roles: 'staff' }, /expected name=role/],
])('settings that do not go together stop the start (%o)', async (changed, message) => {
  await expect(testServer({ ...settings, jwt_jwks: 'keys.json', ...changed })).rejects.toThrow(message)
})
