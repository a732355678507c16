/** Who sends a request a byte at a time has a bounded time for it; that a byte came just now is no reason to wait on. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'

const POST = `POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\n`

/** What a client begins with, and what it then sends again and again. */
const SLOW: Readonly<Record<string, readonly [string, string]>> = {
  'a line without an end': ['GET /', 'x'],
  'headers without an end': ['GET /v1/search HTTP/1.1\r\nhost: a\r\n', 'x: y\r\n'],
  'a body of the announced length': [`${POST}content-length: 1000000\r\n\r\n`, ' '],
  'a body in chunks': [`${POST}transfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
}

/** The HTTP server under it, as Node tells of it with a request. */
async function httpServerOf(server: TestServer): Promise<Server> {
  let found: Server | undefined
  const note = (message: unknown): void => {
    found = (message as { server: Server }).server
  }
  subscribe('http.server.request.start', note)
  await server.fetch('/healthz')
  unsubscribe('http.server.request.start', note)
  return found!
}

/** All that is answered until the server closes the connection. */
async function dribble(server: TestServer, [begin, more]: readonly [string, string]): Promise<string> {
  // It goes on when it is told to stop: only the server closes it.
  const socket = connect({
    port: Number(new URL(server.url).port),
    host: '127.0.0.1',
    allowHalfOpen: true,
  })
  socket.on('error', () => undefined) // written to what was just closed
  socket.write(begin)
  const timer = setInterval(() => socket.write(more), 20)
  onTestFinished(() => {
    clearInterval(timer)
    socket.destroy()
  })
  let answer = ''
  socket.on('data', (chunk) => {
    answer += String(chunk)
  })
  await new Promise((resolve) => {
    socket.on('close', resolve)
  })
  clearInterval(timer)
  return answer
}

test('headers and bodies that come a byte at a time are cut when their time is over, and others are served', async () => {
  const server = await testServer()
  const http = await httpServerOf(server)
  // docs/limits.md. Only that the two are shorter is different here.
  expect([http.headersTimeout, http.requestTimeout]).toEqual([20_000, 120_000])
  http.headersTimeout = 500
  http.requestTimeout = 1000
  const cut = Promise.all(Object.values(SLOW).map((said) => dribble(server, said)))
  expect((await server.post('/v1/events', { action: 'a.b' })).status).toBe(200)
  for (const answer of await cut) {
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toContain('urn:trailproof:problem:request-timeout')
  }
  expect((await server.post('/v1/events', { action: 'a.b' })).status).toBe(200)
})
