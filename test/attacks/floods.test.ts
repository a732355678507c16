/**
 * Clients that send too much, too slowly or too often are bounded, and others are answered meanwhile.
 *
 * | attack | shown |
 * |---|---|
 * | many connections that say nothing, or a byte now and then; calls of HTTP/2 that are reset at once; headers without end | here |
 * | headers and bodies a byte at a time | `test/http/slow-senders.test.ts` |
 * | connections beyond `connections_max` | `test/http/security.test.ts` |
 * | bodies over the bound, compressed bombs, headers of 20 KiB, what is not HTTP | `test/http/hostile.test.ts` |
 * | rates of keys, addresses and ledgers | `test/http/limits.test.ts` |
 * | readers who take nothing | `test/http/export-stream.test.ts`, `test/http/tail.test.ts` |
 */
import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type TestServer, testServer } from '../support/test-server.ts'

function open(server: TestServer, said: string): Socket {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.on('error', () => undefined) // cut by the server
  if (said !== '') socket.write(said)
  onTestFinished(() => void socket.destroy())
  return socket
}

async function serves(server: TestServer): Promise<boolean> {
  const { status } = await server.post('/v1/events', { action: 'a.b' })
  return status === 200 && (await server.fetch('/v1/search')).status === 200
}

/** What a client says and then goes silent. */
const BEGUN: Readonly<Record<string, string>> = {
  nothing: '',
  'half of how HTTP/2 begins': 'PRI * HT',
  'how HTTP/2 begins, and no settings': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'half a line': 'GET /v1/sea',
  'headers without an end': 'GET /v1/search HTTP/1.1\r\nhost: a\r\nx-a: b\r\n',
  'a body that does not come':
    'POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\nauthorization: Bearer admin-token-of-the-tests\r\n\r\n{',
  'a chunk that does not come':
    'POST /v1/events HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nauthorization: Bearer admin-token-of-the-tests\r\n\r\nffff\r\n{',
}

test('hundreds of clients that stop in the middle hold up nobody', async () => {
  const server = await testServer()
  const sockets = Object.values(BEGUN).flatMap((said) => Array.from({ length: 60 }, () => open(server, said)))
  await expect.poll(() => sockets.some((socket) => socket.connecting)).toBe(false)
  for (let i = 0; i < 20; i++) expect(await serves(server)).toBe(true)
  for (const socket of sockets) socket.destroy()
  expect(await serves(server)).toBe(true)
})

test('two lengths of one body, or a length beside chunks, are one request and refused', async () => {
  const server = await testServer()
  const smuggled = 'GET /v1/keys HTTP/1.1\r\nhost: a\r\n\r\n'
  for (const headers of [
    `content-length: 5\r\ncontent-length: ${smuggled.length}`,
    'content-length: 5\r\ntransfer-encoding: chunked',
    'transfer-encoding: chunked, identity',
    'transfer-encoding: xchunked',
    'transfer-encoding : chunked',
    'content-length: +5',
    'content-length: 5, 5',
  ]) {
    const socket = open(
      server,
      `POST /v1/events HTTP/1.1\r\nhost: a\r\n${headers}\r\n\r\n0\r\n\r\n${smuggled}`,
    )
    const answers = (await socket.toArray()).join('')
    expect(answers.match(/HTTP\/1\.1 \d+/g), headers).toEqual(['HTTP/1.1 400'])
  }
})

test('a line of headers that never ends is cut', async () => {
  const server = await testServer()
  const socket = open(server, 'GET / HTTP/1.1\r\nx: ')
  const answer = socket.toArray()
  for (let i = 0; i < 64 && !socket.destroyed; i++) socket.write('x'.repeat(1024))
  expect((await answer).join('')).toMatch(/^HTTP\/1\.1 431 /)
  expect(await serves(server)).toBe(true)
})

test('a connection that begins and resets calls without end is cut, and others are served', async () => {
  const server = await testServer()
  const session = connectHttp2(server.url)
  session.on('error', () => undefined) // cut by the server
  onTestFinished(() => session.destroy())
  await once(session, 'connect')
  const isOver = (): boolean => session.closed || session.destroyed
  const call = {
    ':method': 'POST',
    ':path': '/audit.v1.AuditService/Search',
    'content-type': 'application/grpc',
    te: 'trailers',
  }
  let begun = 0
  // Bounded, so that a server that never cuts it fails this test instead of never ending it.
  for (; begun < 20_000 && !isOver(); begun++) {
    const stream = session.request(call)
    stream.on('error', () => undefined)
    stream.close(constants.NGHTTP2_CANCEL)
    if (begun % 100 === 0) expect((await server.fetch('/healthz')).status).toBe(200)
  }
  expect(isOver()).toBe(true)
  expect(await serves(server)).toBe(true)
})
