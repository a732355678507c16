/** What a call that is not taken is told, with details that programs can read. */
import { gzipSync } from 'node:zlib'
import { create, toBinary } from '@bufbuild/protobuf'
import { Metadata } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import {
  AuditService,
  LogEventsRequestSchema,
} from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { statusOfProblem } from '../../packages/server/src/receivers/grpc/status.ts'
import { tokenFor } from '../support/api-key.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { testServer } from '../support/test-server.ts'

const { logEvent, logEvents, getEventByID, search, tail } = AuditService.method
const event = { action: 'order.placed' }
const LOG_EVENTS = '/audit.v1.AuditService/LogEvents'

test('nobody gets in without a key, or with one that lacks the scope', async () => {
  const server = await testServer()
  for (const token of ['', 'nonsense', `tp_00000000_${'A'.repeat(43)}`]) {
    const client = new GrpcClient(server.url, { token })
    for (const call of [
      client.call(logEvent, event),
      client.call(getEventByID, { id: 'x' }),
      client.read(tail, {}).next(),
    ])
      expect(await failureOf(call)).toMatchObject({
        code: 16,
        info: { reason: 'UNAUTHORIZED', domain: 'trailproof' },
      })
  }
  const reader = new GrpcClient(server.url, { token: await tokenFor(server, { scopes: ['read'] }) })
  expect(await failureOf(reader.call(logEvent, event))).toMatchObject({
    code: 7,
    info: { reason: 'FORBIDDEN' },
  })
  const writer = new GrpcClient(server.url, { token: await tokenFor(server, { scopes: ['ingest'] }) })
  expect(await failureOf(writer.call(search, {}))).toMatchObject({ code: 7 })
  await writer.call(logEvent, event)
})

test('a key of one ledger opens no other', async () => {
  const server = await testServer()
  await server.post('/v1/ledgers', { name: 'other' })
  const token = await tokenFor(server, { scopes: ['ingest', 'read'], ledger: 'other' })
  const client = new GrpcClient(server.url, { token })
  expect((await client.call(logEvent, event)).ledger).toBe('other')
  expect(await failureOf(client.call(logEvents, { events: [event], ledger: 'main' }))).toMatchObject({
    code: 7,
  })
  expect(await failureOf(client.call(search, { ledger: 'main' }))).toMatchObject({ code: 7 })
})

test('a query has no pipes: what is answered are whole records, in their order', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url)
  for (const query of ['| sort ts', '| fields action', '| count'])
    for (const call of [client.call(search, { query }), client.read(tail, { query }).next()])
      expect(await failureOf(call)).toMatchObject({
        code: 3,
        info: { reason: 'BAD_QUERY' },
        message: expect.stringContaining(`takes no pipe, not ${query.split(' ')[1]}`) as string,
      })
})

test('a record that is not valid is told field by field', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url)
  const failure = await failureOf(
    client.call(logEvent, { action: 'x'.repeat(600), labelsJson: '{"a":{}}', latencyMs: -1 }),
  )
  expect(failure).toMatchObject({ code: 3, info: { reason: 'INVALID_RECORD' } })
  expect(failure.badRequest!.fieldViolations.map(({ field, reason }) => `${field} ${reason}`)).toEqual([
    '/action TOO_LARGE',
    '/latency_ms VALUE',
    '/labels/a VALUE',
  ])
  expect(await failureOf(client.call(logEvent, {}))).toMatchObject({ code: 3 })
})

test('an id that is taken by other content is a conflict', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url)
  const id = '0198319c-2a3d-7abc-8def-0123456789ab'
  await client.call(logEvent, { ...event, id })
  const failure = await failureOf(client.call(logEvent, { ...event, id, actor: 'someone else' }))
  expect(failure).toMatchObject({ code: 6, info: { reason: 'CONFLICT' } })
})

test('what nothing can be made of is an invalid argument, not an internal error', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url)
  const notUtf8 = Buffer.from([0x12, 4, 0x22, 2, 0xff, 0xfe])
  for (const bytes of [Buffer.from([0xff, 0xff, 0xff]), Buffer.from([0x12, 100, 1]), notUtf8])
    expect(await failureOf(client.raw(LOG_EVENTS, bytes))).toMatchObject({
      code: 3,
      info: { reason: 'UNDECODABLE_BODY' },
    })
  expect(await failureOf(client.call(logEvents, {}))).toMatchObject({ code: 3 })
  expect(await failureOf(client.call(search, { limit: 1001 }))).toMatchObject({ code: 3 })
  expect(await failureOf(client.call(search, { cursor: 'AAAA' }))).toMatchObject({ code: 3 })
  expect(await failureOf(client.call(search, { query: 'actoin:x' }))).toMatchObject({
    code: 3,
    message: expect.stringContaining('actoin') as string,
  })
  expect(await failureOf(client.raw('/audit.v1.AuditService/Nothing', bytesOf(1)))).toMatchObject({
    code: 12,
  })
  expect(await failureOf(client.raw('/', bytesOf(1)))).toMatchObject({ code: 12 })
})

const bytesOf = (events: number): Uint8Array =>
  toBinary(
    LogEventsRequestSchema,
    create(LogEventsRequestSchema, { events: Array.from({ length: events }, () => event) }),
  )

test('messages are bounded, also after decompression, and so are records in one call', async () => {
  const server = await testServer({ body_bytes_max: 10_000, batch_records_max: 10 })
  const client = new GrpcClient(server.url)
  expect(await failureOf(client.raw(LOG_EVENTS, Buffer.alloc(10_001)))).toMatchObject({ code: 8 })
  expect(await failureOf(client.raw(LOG_EVENTS, bytesOf(11)))).toMatchObject({
    code: 8,
    info: { reason: 'BODY_TOO_LARGE' },
    retry: undefined,
  })
  const packing = new GrpcClient(server.url, { options: { 'grpc.default_compression_algorithm': 2 } })
  expect(gzipSync(Buffer.alloc(5_000_000)).length).toBeLessThan(10_000)
  expect(await failureOf(packing.raw(LOG_EVENTS, Buffer.alloc(5_000_000)))).toMatchObject({ code: 8 })
  expect(await packing.raw(LOG_EVENTS, bytesOf(10))).toBeDefined()
})

test('overload and a full disk say when to come back', async () => {
  const server = await testServer({ disk_reserve_mib: 1_000_000_000 })
  const failure = await failureOf(new GrpcClient(server.url).call(logEvent, event))
  expect(failure).toMatchObject({ code: 14, info: { reason: 'DISK_RESERVE' } })
  for (let i = 0; i < 50; i++) {
    const { seconds, nanos } = failure.retry!.retryDelay!
    expect(Number(seconds)).toBeGreaterThanOrEqual(1)
    expect(Number(seconds)).toBeLessThanOrEqual(3)
    expect(nanos).toBe(0)
  }
})

test('a deadline that has passed is told, and what was begun by then may be sent again', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url)
  const id = '0198319c-2a3d-7abc-8def-0123456789ab'
  expect(await failureOf(client.call(logEvent, { ...event, id }, { deadlineMs: 1 }))).toMatchObject({
    code: 4,
  })
  expect(['recorded', 'duplicate']).toContain((await client.call(logEvent, { ...event, id })).status)
  const { size } = await server.get<{ size: number }>('/v1/ledgers/main')
  expect(size).toBe(1)
  // A stream ends with its deadline too, and makes room.
  expect(await failureOf(client.read(tail, {}, { deadlineMs: 200 }).next())).toMatchObject({ code: 4 })
})

test('details hold only what headers can carry', () => {
  const { code, metadata, details } = statusOfProblem({
    problem: 'bad-request',
    detail: `\ud800${'ü'.repeat(5000)}`,
  })
  expect(code).toBe(3)
  expect(metadata).toBeInstanceOf(Metadata)
  expect(() => encodeURI(details!)).not.toThrow()
  expect((metadata!.get('grpc-status-details-bin')[0] as Buffer).length).toBeLessThan(5000)
})
