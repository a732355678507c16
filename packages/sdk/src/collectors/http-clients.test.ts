import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type RequestListener,
} from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import axios from 'axios'
import { request as undiciRequest } from 'undici'
import { afterEach, describe, expect, test } from 'vitest'
import { createRecorder } from '../recorder/default-recorder.ts'
import { memorySink } from '../sinks/memory-sink.ts'

/** As deep as the test looks. */
// oxlint-disable-next-line typescript/no-explicit-any -- a record's parts differ from test to test
type RecordView = Readonly<Record<string, any>>

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function listening(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0)
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

async function callsOf(work: () => Promise<unknown>): Promise<RecordView[]> {
  const sink = memorySink()
  const recorder = createRecorder({ sink })
  const trail = recorder.openTrail()
  await trail.run(work)
  void trail.finish()
  await recorder.close()
  return (sink.records[0] as RecordView)['integrations']
}

/** Each client posts JSON and reads JSON. */
const CLIENTS: Record<string, (url: string, body: string) => Promise<unknown>> = {
  fetch: async (url, body) =>
    (await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })).json(),
  undici: async (url, body) =>
    (
      await undiciRequest(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    ).body.json(),
  axios: async (url, body) =>
    (await axios.post(url, body, { headers: { 'content-type': 'application/json' } })).data,
  'node:http': (url, body) =>
    new Promise((resolve, reject) => {
      const request = httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/json' } })
      request.on('response', (response) => {
        response.toArray().then((chunks) => {
          const text = Buffer.concat(chunks).toString()
          resolve(text.startsWith('{') ? JSON.parse(text) : text)
        }, reject)
      })
      request.on('error', reject)
      request.end(body)
    }),
}

describe.each(Object.entries(CLIENTS))('%s', (_name, post) => {
  test('is recorded with both sides, masked, and carries the trace on', async () => {
    let seen: IncomingHttpHeaders = {}
    let sent = ''
    const url = await listening((request, response) => {
      seen = request.headers
      request.on('data', (chunk) => (sent += chunk))
      request.on('end', () => {
        response.setHeader('content-type', 'application/json')
        response.end('{"id":7,"access_token":"t"}')
      })
    })
    let answer: unknown
    const calls = await callsOf(async () => {
      answer = await post(`${url}/users?api_key=K1`, '{"name":"a","password":"hunter2"}')
    })
    expect(answer).toEqual({ id: 7, access_token: 't' })
    expect(sent).toBe('{"name":"a","password":"hunter2"}')
    expect(seen['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    expect(seen['x-request-id']).toMatch(/^[0-9a-f]{16}$/)
    expect(calls).toMatchObject([
      {
        type: 'http',
        name: `POST ${url.slice(7)}/users`,
        request: {
          method: 'POST',
          url: `${url}/users?api_key=***`,
          body: { name: 'a', password: '***' },
          headers: { 'content-type': ['application/json'] },
        },
        response: { status: 200, body: { id: 7, access_token: '***' } },
      },
    ])
    expect(calls[0]!['latency_ms']).toBeGreaterThan(0)
  })

  test('reads what was compressed', async () => {
    const url = await listening((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      response.end(gzipSync('{"ok":true}'))
    })
    // undici's request does not decompress, so that its own answer cannot be read as JSON there.
    const calls = await callsOf(() => post(url, '{}').catch(() => undefined))
    expect(calls).toMatchObject([{ response: { status: 200, body: { ok: true } } }])
  })

  test('is recorded when nobody listens there', async () => {
    const server = createTcpServer().listen(0)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const calls = await callsOf(() => post(`http://localhost:${port}`, '{}').catch(() => undefined))
    expect(calls.at(-1)).toMatchObject({ error: { message: expect.any(String) } })
    expect(calls.at(-1)!['response']).toBeUndefined()
  })

  test('is recorded when the answer breaks off', async () => {
    const server = createTcpServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\ncontent-type: text/plain\r\n\r\npart')
        socket.once('data', () => undefined)
        setImmediate(() => socket.destroy())
      })
    }).listen(0)
    await once(server, 'listening')
    closing.push(() => server.close())
    const calls = await callsOf(() =>
      post(`http://localhost:${(server.address() as AddressInfo).port}/`, '{}').catch(() => undefined),
    )
    expect(calls).toMatchObject([{ response: { status: 200 }, error: { message: expect.any(String) } }])
  })
})

test('a call outside of any trail carries nothing and is not recorded', async () => {
  let seen: IncomingHttpHeaders = {}
  const url = await listening((request, response) => {
    seen = request.headers
    response.end()
  })
  await fetch(url)
  expect(seen['traceparent']).toBeUndefined()
})

test('headers that the service sets itself are left alone', async () => {
  let seen: IncomingHttpHeaders = {}
  const url = await listening((request, response) => {
    seen = request.headers
    response.end()
  })
  await callsOf(async () => {
    await (await fetch(url, { headers: { 'x-request-id': 'mine' } })).text()
    expect(seen['x-request-id']).toBe('mine')
    await axios.get(url, { headers: { 'X-Request-ID': 'mine too' } })
  })
  expect(seen['x-request-id']).toBe('mine too')
})
