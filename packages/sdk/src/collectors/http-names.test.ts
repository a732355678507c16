import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type RequestOptions,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { request as undiciRequest } from 'undici'
import { afterEach, expect, test } from 'vitest'
import { createRecorder } from '../recorder/default-recorder.ts'
import type { RecorderOptions } from '../recorder/options.ts'
import { memorySink } from '../sinks/memory-sink.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** The port of a server that answers everything, and the headers it has seen last. */
async function listening(): Promise<{ readonly port: number; readonly seen: IncomingHttpHeaders[] }> {
  const seen: IncomingHttpHeaders[] = []
  const server = createServer(({ headers }, response) => {
    seen.push(headers)
    response.end()
  }).listen(0)
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen }
}

interface CallView {
  readonly name: string
  readonly request: { readonly url: string }
}

async function callsOf(
  work: () => Promise<unknown>,
  options: RecorderOptions = {},
): Promise<readonly CallView[]> {
  const sink = memorySink()
  const recorder = createRecorder({ ...options, sink })
  const trail = recorder.openTrail()
  trail.setActor({ type: 'user', id: 'u-1' })
  await trail.run(work)
  void trail.finish()
  await recorder.close()
  return (sink.records[0] as { readonly integrations: readonly CallView[] }).integrations
}

async function get(options: RequestOptions): Promise<void> {
  const request = httpRequest(options).end()
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream]
  response.resume()
  await once(response, 'close')
}

test.each([
  ['/redirect?to=https://evil.com/x', '/redirect', '/redirect?to=https://evil.com/x'],
  ['/fetch/https://evil.com/x', '/fetch/https://evil.com/x', '/fetch/https://evil.com/x'],
  ['/users/@bank.example/x', '/users/@bank.example/x', '/users/@bank.example/x'],
  ['/users?of=@bank.example/x', '/users', '/users?of=@bank.example/x'],
  ['@bank.example/x', '/@bank.example/x', '/@bank.example/x'],
])('a path names no host: %s', async (path, name, place) => {
  const { port } = await listening()
  const calls = await callsOf(() => get({ host: 'localhost', port, path }))
  expect(calls).toMatchObject([
    { name: `GET localhost:${port}${name}`, request: { url: `http://localhost:${port}${place}` } },
  ])
})

test.each(['/redirect?to=https://evil.com/x', '/users/@bank.example/x'])(
  'a path names no host with undici: %s',
  async (path) => {
    const { port } = await listening()
    const calls = await callsOf(async () =>
      (await undiciRequest(`http://localhost:${port}${path}`)).body.text(),
    )
    expect(calls).toMatchObject([
      {
        name: `GET localhost:${port}${path.split('?')[0]}`,
        request: { url: `http://localhost:${port}${path}` },
      },
    ])
  },
)

test.each([
  ['http://api.example/x?y=1', 'GET api.example/x'],
  ['HTTP://u:p@api.example:8080/@me', 'GET api.example:8080/@me'],
  ['http://u:p@api.example?at=@x/y', 'GET api.example'],
])('a request to a proxy is named by its target: %s', async (path, name) => {
  const { port } = await listening()
  const calls = await callsOf(() => get({ host: 'localhost', port, path }))
  expect(calls).toMatchObject([{ name }])
})

const contextKey = 'k'.repeat(32)
const ACTOR = 'x-trailproof-actor'

test.each([
  ['by its name', ['localhost'], true],
  ['in any case', ['LocalHost'], true],
  ['by its suffix only', ['*.localhost'], false],
  ['not at all', undefined, false],
  ['otherwise', ['orders.internal'], false],
])('the actor is told to a host that is named: %s', async (_how, contextHosts, told) => {
  const { port, seen } = await listening()
  await callsOf(
    async () => {
      await (await fetch(`http://localhost:${port}/`)).text()
      await (await undiciRequest(`http://localhost:${port}/`)).body.text()
      await get({ host: 'localhost', port })
    },
    { contextKey, ...(contextHosts !== undefined && { contextHosts }) },
  )
  expect(seen).toHaveLength(3)
  for (const headers of seen) {
    expect(headers['traceparent']).toBeDefined()
    expect(headers[ACTOR] !== undefined).toBe(told)
  }
})

test.each<[string, RequestOptions]>([
  ['a Host header', { headers: { host: 'orders.internal' } }],
  ['a path that is a URL', { path: 'http://orders.internal/' }],
])('the actor is not told to a host that only %s names', async (_how, options) => {
  const { port, seen } = await listening()
  const contextHosts = ['orders.internal']
  await callsOf(() => get({ host: 'localhost', port, ...options }), { contextKey, contextHosts })
  await callsOf(() => get({ host: 'localhost', port, ...options }), {
    contextKey,
    contextHosts: ['localhost'],
  })
  expect(seen.map((headers) => headers[ACTOR])).toEqual([undefined, undefined])
})

test('a redirect does not take the actor along to a host that is not named', async () => {
  const { port, seen } = await listening()
  const server = createServer((_request, response) => {
    response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end()
  }).listen(0)
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`
  await callsOf(async () => (await fetch(url)).text(), { contextKey, contextHosts: ['localhost'] })
  expect(seen).toHaveLength(1)
  expect(seen[0]![ACTOR]).toBeUndefined()
})
