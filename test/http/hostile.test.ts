import { connect } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type TestServer, testServer } from '../support/test-server.ts'

const json = { 'content-type': 'application/json' }

async function post(
  server: TestServer,
  body: Uint8Array | string,
  headers: Record<string, string> = json,
): Promise<{ status: number; text: string }> {
  const response = await server.fetch('/v1/events', { method: 'POST', headers, body: body as string })
  return { status: response.status, text: await response.text() }
}

/** Nothing of our insides: no stack, path or module. */
const INTERNALS = /\bat .*\.(ts|js):|node_modules|packages\/|Error:|undefined is not|Cannot read/

test.each<[string, string | Uint8Array, number, RegExp]>([
  ['nothing', '', 400, /no record/],
  ['half an object', '{"action":', 400, /line 1, column/],
  ['a text', '"hello"', 400, /object/],
  ['a number', '17', 400, /object/],
  ['null', 'null', 400, /object/],
  ['a list of lists', '[[]]', 200, /quarantined/],
  ['brackets 100,000 deep', '['.repeat(100_000), 400, /./],
  ['objects 100,000 deep', '{"a":'.repeat(100_000), 400, /./],
  [
    'a record nested 100 deep',
    `{"action":"a.b","metadata":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`,
    400,
    /deep|nest/,
  ],
  ['__proto__', '{"action":"a.b","__proto__":{"admin":true}}', 400, /__proto__/],
  ['__proto__ in escapes', String.raw`{"action":"a.b","metadata":{"\u005f_proto__":1}}`, 400, /__proto__/],
  ['a key twice', '{"action":"a.b","action":"c.d"}', 400, /action/],
  ['a number beyond all bounds', '{"action":"a.b","metadata":{"n":1e999}}', 400, /\/metadata\/n/],
  ['a lone surrogate', String.raw`{"action":"a.b","message":"\ud800"}`, 400, /surrogate/],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 400, /UTF-8/],
  ['an action too long', JSON.stringify({ action: 'x'.repeat(10_000) }), 400, /\/action/],
  [
    'an actor id too long',
    JSON.stringify({ action: 'a.b', actor: { id: 'x'.repeat(10_000) } }),
    400,
    /\/actor\/id/,
  ],
  ['a reserved action', '{"action":"trailproof.erasure","metadata":{}}', 400, /action/],
  ['a wrong type', '{"action":"a.b","targets":"me"}', 400, /\/targets/],
])('answers %s with a fault that names it', async (_, body, status, named) => {
  const server = await testServer()
  const answer = await post(server, body)
  expect(answer.status).toBe(status)
  expect(answer.text).toMatch(named)
  expect(answer.text).not.toMatch(INTERNALS)
})

test('cuts a huge free text, and says so, instead of refusing it', async () => {
  const server = await testServer()
  const { status, text } = await post(server, JSON.stringify({ action: 'a.b', message: 'm'.repeat(500_000) }))
  expect(status).toBe(200)
  const { receipts } = JSON.parse(text) as { receipts: { id: string }[] }
  expect(await server.get(`/v1/events/${receipts[0]!.id}`)).toMatchObject({
    truncated: [{ path: '/message', size: 500_000 }],
  })
})

test('keeps secrets out of everything that is stored', async () => {
  const server = await testServer()
  const secret = 'hunter2-and-more'
  const { text } = await post(
    server,
    JSON.stringify({
      action: 'login',
      request: { headers: { Authorization: `Bearer ${secret}` }, body: `{"userPassword":"${secret}"}` },
      metadata: { access_token: secret, note: 'fine' },
    }),
  )
  const { receipts } = JSON.parse(text) as { receipts: { id: string }[] }
  const record = JSON.stringify(await server.get(`/v1/events/${receipts[0]!.id}`))
  expect(record).not.toContain(secret)
  expect(record).toContain('fine')
  await post(server, `{"action":"a.b"}\n{"password":"${secret}","targets":"x"}`, {
    'content-type': 'application/x-ndjson',
  })
  expect(JSON.stringify(await server.get('/v1/quarantine'))).not.toContain(secret)
})

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
])('stops a %s bomb at the bound', async (encoding, compress) => {
  const server = await testServer({ body_bytes_max: 100_000 })
  const bomb = compress(Buffer.alloc(50_000_000, 0x20))
  const answer = await post(server, bomb, { ...json, 'content-encoding': encoding })
  expect(answer.status).toBe(413)
  expect(answer.text).toContain('body_bytes_max')
})

test.each([
  ['a body over the bound', 'x'.repeat(20_000), {}, 413],
  ['an encoding we do not know', '{}', { 'content-encoding': 'rot13' }, 415],
  ['two encodings', '{}', { 'content-encoding': 'gzip, gzip' }, 400],
  ['garbage for gzip', 'garbage', { 'content-encoding': 'gzip' }, 400],
  ['an image', 'x', { 'content-type': 'image/png' }, 415],
])('refuses %s', async (_, body, headers, status) => {
  const server = await testServer({ body_bytes_max: 10_000 })
  expect((await post(server, body, { ...json, ...headers })).status).toBe(status)
})

test('refuses more records than one request may hold', async () => {
  const server = await testServer({ batch_records_max: 10 })
  const { status, text } = await post(server, '{"action":"a.b"}\n'.repeat(11), {
    'content-type': 'application/x-ndjson',
  })
  expect({ status, named: /10 records/.test(text) }).toEqual({ status: 413, named: true })
})

/** What is still held after a collection; without one, garbage would count as growth. */
function liveBytes(): number {
  globalThis.gc!()
  return process.memoryUsage().heapUsed
}

test('10,000 generated bodies neither crash it nor make it grow', async () => {
  const server = await testServer()
  const text = fc.oneof(
    fc.json().map((value) => Buffer.from(value)),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(fc.json(), { maxLength: 5 }).map((lines) => Buffer.from(lines.join('\n'))),
    fc
      .record({ action: fc.anything(), id: fc.anything(), actor: fc.anything(), stream: fc.anything() })
      .map((value) => {
        try {
          return Buffer.from(JSON.stringify(value) ?? '')
        } catch {
          return Buffer.from('{}') // a value that JSON cannot say, such as a BigInt
        }
      }),
  )
  const bodies = fc.sample(text, { numRuns: 10_000, seed: 42 })
  const formats = ['application/json', 'application/x-ndjson', 'application/cloudevents+json', 'text/plain']
  let failures = 0
  const send = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++) {
      const answer = await post(server, bodies[i]!, { 'content-type': formats[i % formats.length]! })
      if (answer.status >= 500 || INTERNALS.test(answer.text)) failures++
    }
  }
  await send(0, 2000)
  const before = liveBytes()
  await Promise.all([0, 1, 2, 3].map((part) => send(2000 + 2000 * part, 4000 + 2000 * part)))
  expect(failures).toBe(0)
  expect(liveBytes() - before).toBeLessThan(30 * 2 ** 20)
  expect((await post(server, '{"action":"still.alive"}')).status).toBe(200)
}, 120_000)

test.each([
  ['what is not HTTP', 'hello?\r\n\r\n', 400, 'bad-request'],
  [
    'headers of 20 KiB',
    `GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'headers-too-large',
  ],
])('%s is answered as a problem like others, and the connection closed', async (_, sent, status, kind) => {
  const server = await testServer()
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(sent)
  const answer = (await socket.toArray()).join('')
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
    status,
    type: `urn:trailproof:problem:${kind}`,
  })
  expect((await server.fetch('/healthz')).status).toBe(200)
})
