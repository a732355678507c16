/** HTTP/1.1 and gRPC on one port, in the clear and over TLS, whatever comes first. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { credentials } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { GrpcClient } from '../support/grpc-client.ts'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'

const { logEvents, search } = AuditService.method
const cert = 'test/fixtures/tls-cert.pem'
const tls = { tls_cert: cert, tls_key: 'test/fixtures/tls-key.pem' }
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

function open(server: TestServer): Socket {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.on('error', () => undefined) // a reset is an answer too
  return socket
}

/** Everything that comes until the other side closes. */
async function all(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks)
}

const serves = async (server: TestServer): Promise<void> => {
  expect((await new GrpcClient(server.url).call(logEvents, { events: [{ action: 'a.b' }] })).recorded).toBe(1)
  expect((await server.fetch('/healthz')).status).toBe(200)
}

test('both at once, many of each', async () => {
  const server = await testServer()
  const clients = Array.from({ length: 4 }, () => new GrpcClient(server.url))
  const calls = Array.from({ length: 40 }, async (_, n) => {
    if (n % 2 === 0) {
      const { recorded } = await clients[n % 4]!.call(logEvents, {
        events: [{ action: 'a.b' }, { action: 'c.d' }],
      })
      expect(recorded).toBe(2)
    } else {
      const { status, body } = await server.post('/v1/events?wait=index', [
        { action: 'a.b' },
        { action: 'c.d' },
      ])
      expect([status, body['recorded']]).toEqual([200, 2])
    }
  })
  await Promise.all(calls)
  const { size } = await clients[0]!.call(search, {})
  expect(size).toBe(80n)
})

test.each([
  ['a request cut within its first bytes', ['P', 'OST /v1/events?wait=index HTT', 'P/1.1\r\n']],
  ['a method that begins like HTTP/2', ['PR', 'OPFIND /healthz HTTP/1.1\r\n']],
])('%s is HTTP/1.1', async (_, pieces) => {
  const server = await testServer()
  const socket = open(server)
  socket.setNoDelay(true)
  const answer = all(socket)
  for (const piece of pieces) {
    socket.write(piece)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  const body = '{"action":"a.b"}'
  socket.write(
    `host: x\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\nconnection: close\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  expect((await answer).toString()).toMatch(/^HTTP\/1\.1 (200|404)/)
})

test('HTTP/2 whose first bytes come one by one', async () => {
  const server = await testServer()
  const socket = open(server)
  socket.setNoDelay(true)
  for (const byte of PREFACE) {
    socket.write(byte)
    await new Promise((resolve) => {
      setTimeout(resolve, 1)
    })
  }
  socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])) // SETTINGS
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer[3]).toBe(4) // SETTINGS of ours
  socket.destroy()
})

/** A frame: its length, type, flags, stream, payload. */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const SETTINGS = frame(4, 0, 0, Buffer.alloc(0))

const HOSTILE: readonly (readonly [string, Buffer])[] = [
  ['garbage after the preface', Buffer.from(PREFACE + 'x'.repeat(1000))],
  [
    'a frame of 16 MiB',
    Buffer.concat([Buffer.from(PREFACE), SETTINGS, Buffer.from('ffffff000000000001', 'hex')]),
  ],
  [
    'headers that are none',
    Buffer.concat([Buffer.from(PREFACE), SETTINGS, frame(1, 5, 1, Buffer.alloc(100, 0xff))]),
  ],
  [
    'data on a stream that is not open',
    Buffer.concat([Buffer.from(PREFACE), SETTINGS, frame(0, 1, 7, Buffer.from('x'))]),
  ],
  [
    'a window beyond all bounds',
    Buffer.concat([Buffer.from(PREFACE), SETTINGS, frame(8, 0, 0, Buffer.from('7fffffff', 'hex'))]),
  ],
  [
    'continuations without end',
    Buffer.concat([
      Buffer.from(PREFACE),
      SETTINGS,
      frame(1, 0, 1, Buffer.from([0x82])),
      ...Array.from({ length: 5000 }, () => frame(9, 0, 1, Buffer.alloc(100))),
    ]),
  ],
  [
    'pings without end',
    Buffer.concat([
      Buffer.from(PREFACE),
      SETTINGS,
      ...Array.from({ length: 5000 }, () => frame(6, 0, 0, Buffer.alloc(8))),
    ]),
  ],
  ['half of the preface, and an end', Buffer.from('PRI * HT')],
  ['nothing that is HTTP', Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01\xfc')],
]

test('hostile bytes of every kind harm nobody else', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url)
  for (const [name, bytes] of HOSTILE) {
    const socket = open(server)
    socket.resume()
    socket.end(bytes)
    const { recorded } = await client.call(logEvents, { events: [{ action: 'a.b' }] })
    expect(recorded, name).toBe(1)
    expect((await server.fetch('/healthz')).status, name).toBe(200)
    socket.destroy()
  }
})

test('calls that are opened and reset at once, by the thousand, harm nobody else', async () => {
  const server = await testServer()
  const socket = open(server)
  socket.resume()
  socket.write(Buffer.concat([Buffer.from(PREFACE), SETTINGS]))
  // :method POST, :scheme http, :path / from the static table, then RST_STREAM
  const headers = Buffer.from([0x83, 0x86, 0x84])
  for (let stream = 1; stream < 6000; stream += 2)
    socket.write(
      Buffer.concat([frame(1, 5, stream, headers), frame(3, 0, stream, Buffer.from('00000008', 'hex'))]),
    )
  await serves(server)
  socket.destroy()
})

test('over TLS, ALPN tells: h2 alone is gRPC, and who offers both gets HTTP/1.1', async () => {
  const server = await testServer(tls)
  const ca = readFileSync(cert)
  const client = new GrpcClient(server.url, {
    tls: credentials.createSsl(ca),
    options: { 'grpc.ssl_target_name_override': 'localhost' },
  })
  expect((await client.call(logEvents, { events: [{ action: 'a.b' }] })).recorded).toBe(1)
  const agent = new Agent({ ca, servername: 'localhost' })
  const status = await new Promise((resolve, reject) => {
    request(`${server.url}/healthz`, { agent }, ({ statusCode }) => resolve(statusCode))
      .on('error', reject)
      .end()
  })
  expect(status).toBe(200)
  agent.destroy()
  for (const [offered, chosen] of [
    [['h2', 'http/1.1'], 'http/1.1'],
    [['h2'], 'h2'],
    [undefined, false],
  ] as const) {
    const socket = connectTls({
      port: Number(new URL(server.url).port),
      ca,
      servername: 'localhost',
      ...(offered && { ALPNProtocols: [...offered] }),
    })
    await once(socket, 'secureConnect')
    expect(socket.alpnProtocol).toBe(chosen)
    socket.destroy()
  }
})

test.each([
  ['in the clear', {}],
  ['over TLS', tls],
])('a stop closes connections of both kinds that are idle, %s', async (_, settings) => {
  const server = await testServer({ ...settings, shutdown_grace_seconds: 3600 })
  const client = new GrpcClient(
    server.url,
    'tls_cert' in settings
      ? {
          tls: credentials.createSsl(readFileSync(cert)),
          options: { 'grpc.ssl_target_name_override': 'localhost' },
        }
      : {},
  )
  await client.call(logEvents, { events: [{ action: 'a.b' }] })
  const silent = open(server)
  await once(silent, 'connect')
  const half = open(server)
  half.write('PRI')
  await server.running.stop()
  for (const socket of [silent, half]) if (!socket.closed) await once(socket.resume(), 'close')
})
