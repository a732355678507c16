import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { Bulk } from './bulk.ts'
import { OpenSearchClient, type Request } from './opensearch-client.ts'
import { resolveOptions } from './opensearch-options.ts'

const READ: Request = { method: 'GET', path: '/x/_doc/1', isRepeatable: true }
const CHANGE: Request = { method: 'PUT', path: '/x/_doc/1', body: {}, isRepeatable: false }
/** Nobody listens there. */
const AWAY = '127.0.0.1:1'

/** A host that does as told; what it was asked is kept. */
async function host(act: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const asked: { headers: IncomingMessage['headers']; body: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      asked.push({ headers: request.headers, body })
      act(request, response, body)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    asked,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

const client = (hosts: string, requestTimeoutMs = 30_000): OpenSearchClient =>
  new OpenSearchClient(resolveOptions({ url: `opensearch://user:pass@${hosts}`, requestTimeoutMs }))

test('asks another host when one is away, logs in, and stays with the one that answered', async () => {
  await using there = await host((_, response) => response.end('{"a":1}'))
  const search = client(`${AWAY},${there.address}`)
  for (const request of [READ, CHANGE])
    expect(await search.request(request)).toEqual({ status: 200, body: { a: 1 } })
  const login = `Basic ${Buffer.from('user:pass').toString('base64')}`
  expect(there.asked.map(({ headers }) => headers.authorization)).toEqual([login, login])
})

test.each([
  ['once more where that does no harm', READ, 2],
  ['never where it might be done twice', CHANGE, 1],
])('a request whose answer is lost is sent %s', async (_, request, times) => {
  await using cutting = await host((asked) => asked.socket.destroy())
  await expect(client(cutting.address).request(request)).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    retryable: true,
  })
  expect(cutting.asked).toHaveLength(times)
})

test('a host that says nothing is given up, and not asked again', async () => {
  await using silent = await host(() => undefined)
  await expect(client(silent.address, 50).request(READ)).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    retryable: true,
  })
  expect(silent.asked).toHaveLength(1)
})

test.each([
  [429, '{"error":{"type":"rejected","reason":"full"}}', 'OVERLOADED', true],
  [503, '<html>no backend</html>', 'STORE_UNAVAILABLE', true],
  [500, '{"error":{"type":"x","reason":"y"}}', 'STORE_UNAVAILABLE', true],
  [403, '{"error":{"type":"cluster_block_exception","reason":"disk"}}', 'STORE_UNAVAILABLE', true],
  [401, 'Unauthorized', 'BAD_SETTING', false],
  [403, '{"error":{"type":"security_exception","reason":"no permissions"}}', 'BAD_SETTING', false],
  [400, '{"error":{"type":"x","reason":"all","root_cause":[{"reason":"first"}]}}', 'STORE_REFUSED', false],
  [404, '{"error":"no handler"}', 'STORE_REFUSED', false],
])('answers %i %s with a code of ours', async (status, body, code, retryable) => {
  await using refusing = await host((_, response) => response.writeHead(status).end(body))
  await expect(client(refusing.address).request(READ)).rejects.toMatchObject({ code, retryable })
})

test('an answer that is no JSON is none', async () => {
  await using odd = await host((_, response) => response.end('<html>'))
  await expect(client(odd.address).request(READ)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})

test('documents go in requests of bounded length, one that is longer by itself', async () => {
  await using storing = await host((_, response, body) => {
    const items = body.split('\n').filter((line) => line.startsWith('{"create"'))
    response.end(JSON.stringify({ items: items.map(() => ({ create: { status: 201 } })) }))
  })
  const documents = [10, 10, 10, 500, 10].map((length, i) => ({
    id: String(i),
    document: { t: 'ü'.repeat(length) },
  }))
  expect(await new Bulk(client(storing.address), 120).add('x', documents)).toEqual(new Set())
  const ids = storing.asked.map(({ body }) => [...body.matchAll(/"_id":"(\d)"/g)].map(([, id]) => id))
  expect(ids).toEqual([['0', '1'], ['2'], ['3'], ['4']])
})

test('an answer that leaves documents out stores none of them', async () => {
  await using odd = await host((_, response) => response.end('{"items":[]}'))
  const adding = new Bulk(client(odd.address), 1000).add('x', [{ id: '1', document: {} }])
  await expect(adding).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
})
