import { get, type IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { ingest, serverWith, verifierKey, verify } from '../support/export.ts'
import { ADMIN_TOKEN, type TestServer } from '../support/test-server.ts'

/** More than the buffers of two sockets hold. */
const MANY = 30_000

/** The answer to an export of which nothing is read yet. */
function begin(server: TestServer, token = ADMIN_TOKEN, query = ''): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` }
    get(`${server.url}/v1/export${query}`, { headers, agent: false }, resolve).on('error', reject)
  })
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

const statusOf = async (server: TestServer): Promise<number> => {
  const response = await server.fetch('/v1/export?to_index=1')
  await response.text()
  return response.status
}

test('beyond exports_max one is refused with 503, until a client is done or gone', async () => {
  const server = await serverWith(MANY, { exports_max: 1 })
  const first = await begin(server)
  const refused = await server.fetch('/v1/export')
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toMatch(/^[123]$/)
  expect(await refused.json()).toMatchObject({
    detail: '1 exports are running, the most that exports_max allows',
  })
  const metrics = await (await server.fetch('/metrics')).text()
  expect(metrics).toMatch(/^trailproof_export_sessions 1$/m)
  first.destroy()
  await expect.poll(() => statusOf(server)).toBe(200)
  const second = await begin(server)
  const file = await bodyOf(second)
  expect(await verify(file, [await verifierKey(server)])).toMatchObject({ verdict: 'intact', shown: MANY })
  await expect.poll(() => statusOf(server)).toBe(200)
})

test('a server that stops ends an export so that nobody takes it for whole', async () => {
  const server = await serverWith(MANY)
  const key = await verifierKey(server)
  const response = await begin(server)
  const pieces: Buffer[] = []
  const ended = (async () => {
    for await (const piece of response) pieces.push(piece as Buffer)
  })()
  const [stopped] = await Promise.allSettled([ended, server.running.stop()])
  // It may have been quick enough; then it is whole.
  const report = await verify(Buffer.concat(pieces), [key])
  expect(report.verdict).toBe(stopped.status === 'rejected' ? 'broken' : 'intact')
  if (stopped.status === 'rejected')
    expect(report.firstBad).toMatchObject({ step: expect.stringMatching(/line|missing/) })
})

test.each(['ndjson', 'csv'])(
  'an export as %s ends with its key, so that nobody takes it for whole',
  async (format) => {
    const server = await serverWith(MANY)
    const { body } = await server.post('/v1/keys', { name: 'reader', scopes: ['read'] })
    const response = await begin(server, body['token'] as string, `?format=${format}`)
    const revoked = await server.fetch(`/v1/keys/${body['prefix'] as string}`, { method: 'DELETE' })
    expect(revoked.status).toBe(204)
    await expect(bodyOf(response)).rejects.toThrow('aborted')
  },
)

test('a stopping server does not wait for a client that takes nothing', async () => {
  const server = await serverWith(MANY)
  const response = await begin(server)
  await server.running.stop()
  await expect(bodyOf(response)).rejects.toThrow('aborted')
})

test('while records come in, a slow export is of the ledger as it was', async () => {
  const server = await serverWith(MANY)
  const response = await begin(server)
  await ingest(server, 5000, MANY)
  const pieces: Buffer[] = []
  for await (const piece of response) {
    pieces.push(piece as Buffer)
    if (pieces.length % 20 === 0) await ingest(server, 10)
  }
  const report = await verify(Buffer.concat(pieces), [await verifierKey(server)])
  expect(report).toMatchObject({ verdict: 'intact', size: MANY, shown: MANY })
})
