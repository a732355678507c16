/** The streaming RPCs: batches in and receipts out, and live tails. */
import { once } from 'node:events'
import { connect } from 'node:http2'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import {
  AuditService,
  LogStreamRequestSchema,
  type LogStreamResponse,
  LogStreamResponseSchema,
} from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { STREAM_BATCHES_IN_FLIGHT_MAX } from '../../packages/server/src/receivers/grpc/log-events.ts'
import { failureOf, framed, GrpcClient } from '../support/grpc-client.ts'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'

const { logEvents, logStream, tail } = AuditService.method

const event = (n: number, action = 'order.placed') => ({
  action,
  service: 'shop',
  metadata: { n: String(n) },
})
const batch = (id: number, size: number): Uint8Array =>
  toBinary(
    LogStreamRequestSchema,
    create(LogStreamRequestSchema, {
      batchId: `b-${id}`,
      batch: { events: Array.from({ length: size }, (_, n) => event(id * size + n)) },
    }),
  )

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

test('a stream answers each batch, in order, and keeps the order of its records', async () => {
  const server = await testServer()
  const stream = new GrpcClient(server.url).open(logStream)
  const answers: LogStreamResponse[] = []
  stream.on('data', (bytes: Uint8Array) => answers.push(fromBinary(LogStreamResponseSchema, bytes)))
  const [first] = [stream.write(batch(0, 10)), await once(stream, 'data')]
  expect(first).toBeDefined() // answered before the client has said all
  for (let n = 1; n < 50; n++) stream.write(batch(n, 10))
  stream.end()
  await once(stream, 'end')
  expect(answers.map(({ batchId }) => batchId)).toEqual(Array.from({ length: 50 }, (_, n) => `b-${n}`))
  const indexes = answers.flatMap(({ answer }) => answer!.receipts.map(({ index }) => Number(index)))
  expect(indexes).toEqual(Array.from({ length: 500 }, (_, n) => n))
})

test('a batch that nothing can be made of ends the stream, after the answers before it', async () => {
  const server = await testServer()
  const stream = new GrpcClient(server.url).open(logStream)
  let answered = 0
  stream.on('data', () => answered++)
  stream.write(batch(0, 1))
  stream.write(batch(1, 1))
  stream.write(Buffer.from([0xff, 0xff, 0xff]))
  expect(await failureOf(once(stream, 'end'))).toMatchObject({
    code: 3,
    info: { reason: 'UNDECODABLE_BODY' },
  })
  expect(answered).toBe(2)
})

test('a client that does not read its answers is not read from either', async () => {
  const server = await testServer()
  const session = connect(server.url)
  const stream = session.request({
    ':method': 'POST',
    ':path': `/${AuditService.typeName}/${logStream.name}`,
    te: 'trailers',
    'content-type': 'application/grpc+proto',
    authorization: `Bearer ${ADMIN_TOKEN}`,
  })
  // More than what is under way and the windows between the two hold: some fifty answers of 100 receipts.
  const batches = 20 * STREAM_BATCHES_IN_FLIGHT_MAX
  const size = 100
  for (let n = 0; n < batches; n++) stream.write(framed(batch(n, size)))
  stream.end()
  let taken = -1
  for (;;) {
    const { size: now } = await server.get<{ size: number }>('/v1/ledgers/main')
    if (now === taken && now > 0) break
    taken = now
    await pause(300)
  }
  expect(taken).toBeLessThan(batches * size)
  const [trailers] = [once(stream, 'trailers'), stream.resume()]
  expect((await trailers)[0]).toMatchObject({ 'grpc-status': '0' })
  expect((await server.get<{ size: number }>('/v1/ledgers/main')).size).toBe(batches * size)
  session.close()
})

test('a stop answers what was taken, and sends streams and tails elsewhere', async () => {
  const server = await testServer({ shutdown_grace_seconds: 3600 })
  const client = new GrpcClient(server.url)
  const stream = client.open(logStream)
  const answered = once(stream, 'data')
  const ended = failureOf(once(stream, 'end'))
  stream.write(batch(0, 10))
  await answered
  const tailed = failureOf(
    (async () => {
      for await (const answer of client.read(tail, { from: 0n })) expect(answer.events).toHaveLength(10)
    })(),
  )
  await untilTails(server, 1)
  await server.running.stop()
  for (const failure of [await ended, await tailed]) {
    expect(failure).toMatchObject({ code: 14, info: { reason: 'STOPPING' } })
    expect(Number(failure.retry!.retryDelay!.seconds)).toBeGreaterThan(0)
  }
})

/** The server learns of a tail, and of its end, a moment later. */
async function untilTails(server: TestServer, count: number): Promise<void> {
  for (;;) {
    const response = await server.fetch('/metrics')
    if ((await response.text()).includes(`trailproof_tail_sessions ${count}\n`)) return
  }
}

/** Indexes of the first `count` events of a tail, and where it goes on. */
async function take(
  client: GrpcClient,
  from: bigint | undefined,
  count: number,
  query = '',
): Promise<{ indexes: number[]; next: bigint }> {
  const indexes: number[] = []
  for await (const { events, next } of client.read(tail, {
    query,
    ...(from === undefined ? {} : { from }),
  })) {
    indexes.push(...events.map(({ entry }) => Number(entry!.index)))
    if (indexes.length >= count) return { indexes, next }
  }
  throw new Error('the tail ended')
}

test('a tail follows what is recorded, and resumes where it stopped, also on another process', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url)
  const following = take(client, 0n, 700)
  for (let n = 0; n < 10; n++)
    await client.call(logEvents, { events: Array.from({ length: 100 }, (_, i) => event(100 * n + i)) })
  const first = await following
  const again = await server.restart()
  const rest = await take(new GrpcClient(again.url), first.next, 1000 - first.indexes.length)
  expect([...first.indexes, ...rest.indexes]).toEqual(Array.from({ length: 1000 }, (_, n) => n))
})

test('a tail from behind the end of the ledger is refused', async () => {
  const server = await testServer()
  await server.post('/v1/events', event(0))
  const client = new GrpcClient(server.url)
  expect(await failureOf(client.read(tail, { from: 2n }).next())).toMatchObject({
    code: 11, // OUT_OF_RANGE
    message: 'ledger main has only 1 entries; entry 1 is not among them',
    info: { reason: 'BEYOND_LEDGER' },
  })
})

test('a tail shows what its query asks for', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url)
  const following = take(client, 0n, 2, 'action:payment.*')
  await client.call(logEvents, {
    events: [event(0), event(1, 'payment.created'), event(2), event(3, 'payment.refunded')],
  })
  expect((await following).indexes).toEqual([1, 3])
  const bad = client.read(tail, { query: 'actoin:x' })
  expect(await failureOf(bad.next())).toMatchObject({ code: 3, info: { reason: 'BAD_QUERY' } })
})

test.each(['revoked', 'expired'])('streams end with their key when it is %s', async (how) => {
  const server = await testServer()
  const { body } = await server.post('/v1/keys', {
    name: 'both',
    scopes: ['read', 'ingest'],
    ...(how === 'expired' && { expires_at: new Date(Date.now() + 4000).toISOString() }),
  })
  const client = new GrpcClient(server.url, { token: body['token'] as string })
  const stream = client.open(logStream)
  stream.write(batch(0, 10))
  await once(stream, 'data')
  const ended = failureOf(once(stream, 'end'))
  const answers = client.read(tail, { from: 0n })
  expect((await answers.next()).value?.events).toHaveLength(10)
  const tailed = failureOf(answers.next())
  if (how === 'revoked') await server.fetch(`/v1/keys/${body['prefix'] as string}`, { method: 'DELETE' })
  for (const failure of [await tailed, await ended])
    expect(failure).toMatchObject({
      code: 16, // UNAUTHENTICATED
      message: expect.stringMatching(how),
      info: { reason: 'UNAUTHORIZED' },
    })
})

test('tails of HTTP and gRPC are bounded together', async () => {
  const server = await testServer({ tail_sessions_max: 1 })
  const client = new GrpcClient(server.url)
  await client.call(logEvents, { events: [event(0)] })
  const open = client.read(tail, { from: 0n })
  await open.next()
  expect((await server.fetch('/v1/tail')).status).toBe(503)
  expect(await failureOf(client.read(tail, {}).next())).toMatchObject({
    code: 14,
    info: { reason: 'OVERLOADED' },
  })
  await open.return()
  await untilTails(server, 0)
  await client.read(tail, { from: 0n }).next()
})
