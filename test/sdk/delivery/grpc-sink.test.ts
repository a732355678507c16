/** The gRPC sink against the real server, and against one that fails in every way of gRPC. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { create, toBinary } from '@bufbuild/protobuf'
import { anyPack } from '@bufbuild/protobuf/wkt'
import * as grpc from '@grpc/grpc-js'
import { parseVerifierKey } from '@trailproof/core'
import { SinkError } from '@trailproof/sdk'
import { type GrpcSinkOptions, grpcSink } from '@trailproof/sdk/grpc-sink'
import { sha256, verifyEd25519 } from '@trailproof/server/ports'
import { verifyReceipt } from '@trailproof/verify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDelivery } from '../../../packages/sdk/src/delivery/delivery.ts'
import type { SealedRecord } from '../../../packages/sdk/src/delivery/sealed-record.ts'
import { serverSink } from '../../../packages/sdk/src/sinks/server-sink.ts'
import { RetryInfoSchema } from '../../../packages/server/src/receivers/grpc/gen/google/rpc/error_details_pb.ts'
import { StatusSchema } from '../../../packages/server/src/receivers/grpc/gen/google/rpc/status_pb.ts'
import { ADMIN_TOKEN, testServer } from '../../support/test-server.ts'
import { recordedByTheSdk } from './recorded-lines.ts'
import { sealed } from './scripted-sink.ts'

const { signal } = new AbortController()

function sinkTo(url: string, options: Partial<GrpcSinkOptions> = {}) {
  const sink = grpcSink({ grpc, url, key: ADMIN_TOKEN, ...options })
  onTestFinished(() => sink.close())
  return sink
}

function record(n: number, extra: Record<string, unknown> = {}): SealedRecord {
  return sealed(n, { action: 'order.placed', service: 'grpc-test', ...extra })
}

/** Text that does not compress. */
function noise(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex')
}

/** What a write that must fail was rejected with. */
async function failureOf(write: Promise<unknown>): Promise<SinkError> {
  const error: unknown = await write.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof SinkError)) throw new Error(`not a SinkError: ${String(error)}`)
  return error
}

describe('against the server', () => {
  test('a record is the same one over HTTP and over gRPC, whichever is first', async () => {
    const server = await testServer()
    const records = await recordedByTheSdk()
    const http = serverSink({ url: server.url, key: ADMIN_TOKEN })
    const overGrpc = sinkTo(server.url)
    onTestFinished(() => http.close())
    const half = records.length >> 1
    const statuses = async (sink: typeof http | typeof overGrpc, batch: readonly SealedRecord[]) =>
      (await sink.write(batch, signal)).map((fate) => (fate.kind === 'written' ? fate.receipt?.status : fate))
    expect(new Set(await statuses(http, records.slice(0, half)))).toEqual(new Set(['recorded']))
    expect(new Set(await statuses(overGrpc, records.slice(half)))).toEqual(new Set(['recorded']))
    expect(new Set(await statuses(http, records))).toEqual(new Set(['duplicate']))
    expect(new Set(await statuses(overGrpc, records))).toEqual(new Set(['duplicate']))
  })

  test('receipts verify offline, as those of HTTP do', async () => {
    const server = await testServer()
    const { verifier_keys } = await server.get<{ verifier_keys: string[] }>('/v1/ledgers/main')
    const verifierKeys = verifier_keys.map((key) => {
      const parsed = parseVerifierKey(key, sha256)
      if (parsed.kind === 'problem') throw new Error(parsed.problem)
      return parsed.key
    })
    const fates = await sinkTo(server.url).write([record(1), record(2)], signal, { proofs: true })
    expect(fates).toHaveLength(2)
    for (const fate of fates) {
      if (fate.kind !== 'written' || fate.receipt === undefined) throw new Error(fate.kind)
      const { checkpoint, ...value } = JSON.parse(fate.receipt.evidence) as { checkpoint: string }
      const report = await verifyReceipt(value, { checkpoint, verifierKeys, sha256, verifyEd25519 })
      expect(report).toMatchObject({ verdict: 'intact', missing: [] })
    }
  })

  test('each record has its own fate', async () => {
    const server = await testServer()
    const sink = sinkTo(server.url)
    await sink.write([record(1)], signal)
    const batch = [record(1), record(1, { message: 'other' }), record(2, { actor: 7 }), record(3)]
    const fates = await sink.write(batch, signal)
    expect(fates).toMatchObject([
      { kind: 'written', receipt: { status: 'duplicate' } },
      { kind: 'refused', status: 'conflict' },
      { kind: 'refused', status: 'quarantined', reason: expect.stringContaining('/actor') as string },
      { kind: 'written', receipt: { status: 'recorded', ledger: 'main' } },
    ])
  })

  test('what gRPC cannot say is refused alone', async () => {
    const server = await testServer()
    const sink = sinkTo(server.url)
    const delivery = createDelivery({ sink, maxAgeMs: 5 })
    for (const one of [record(1), record(2, { colour: 'red' }), record(3)]) delivery.deliver(one)
    expect(await delivery.flush(30_000)).toBe(true)
    expect(delivery.counters).toMatchObject({ written: 2, dropped: { refused: 1 } })
    await delivery.close()
  })

  test('a ledger and a key are chosen; a wrong one is warned of once and waits', async () => {
    const server = await testServer()
    await server.post('/v1/ledgers', { name: 'other' })
    const [fate] = await sinkTo(server.url, { ledger: 'other' }).write([record(1)], signal)
    expect(fate).toMatchObject({ receipt: { ledger: 'other' } })
    const warnings: Error[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    let key = 'tp_wrong'
    const sink = sinkTo(server.url, { key: () => key })
    for (let n = 0; n < 2; n++)
      expect(await failureOf(sink.write([record(2)], signal))).toMatchObject({
        retryable: true,
        retryAfterMs: 30_000,
      })
    key = ADMIN_TOKEN
    expect(await sink.write([record(2)], signal)).toMatchObject([{ kind: 'written' }])
    expect(warnings.filter(({ name }) => name === 'TrailproofWarning')).toHaveLength(1)
  })

  test('a batch that is too large is halved, and a record alone that is too large is refused', async () => {
    const server = await testServer({ body_bytes_max: 20_000 })
    const delivery = createDelivery({ sink: sinkTo(server.url), maxAgeMs: 5 })
    for (let n = 0; n < 20; n++) delivery.deliver(record(n, { message: noise(1_500) }))
    delivery.deliver(record(20, { message: noise(15_000) }))
    expect(await delivery.flush(30_000)).toBe(true)
    expect(delivery.counters).toMatchObject({ written: 20, dropped: { refused: 1 } })
    await delivery.close()
  })

  test('a server that stops and starts again gets what it missed', async () => {
    const server = await testServer()
    const { port } = new URL(server.url)
    const delivery = createDelivery({ sink: sinkTo(server.url), maxAgeMs: 5 })
    delivery.deliver(record(1))
    expect(await delivery.flush(30_000)).toBe(true)
    await server.running.stop()
    delivery.deliver(record(2))
    while (delivery.counters.retries === 0) await new Promise((resolve) => setImmediate(resolve))
    await server.restart({ port: Number(port) })
    while (delivery.counters.written < 2) await delivery.flush(1_000)
    await delivery.close()
  })

  test('over TLS the server is known by its certificate', async () => {
    const [cert, key] = ['test/fixtures/tls-cert.pem', 'test/fixtures/tls-key.pem']
    const server = await testServer({ tls_cert: cert, tls_key: key })
    const url = server.url.replace('127.0.0.1', 'localhost')
    const trusting = sinkTo(url, { tls: { ca: readFileSync(cert), servername: 'localhost' } })
    expect(await trusting.write([record(1)], signal)).toMatchObject([{ kind: 'written' }])
    expect(await failureOf(sinkTo(url).write([record(2)], signal))).toMatchObject({ retryable: true })
  })
})

/** A server of gRPC whose LogEvents fails as told. */
async function failing(failure: Partial<grpc.ServiceError> | 'garbage'): Promise<string> {
  const server = new grpc.Server()
  const method = {
    path: '/audit.v1.AuditService/LogEvents',
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  }
  const logEvents: grpc.handleUnaryCall<Buffer, Buffer> = (_, respond) => {
    if (failure === 'garbage') respond(null, Buffer.from('garbage'))
    else respond(failure)
  }
  server.addService({ logEvents: method }, { logEvents })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  onTestFinished(() => server.forceShutdown())
  return `http://127.0.0.1:${port}`
}

function withDelay(seconds: bigint): grpc.Metadata {
  const retry = create(RetryInfoSchema, { retryDelay: { seconds } })
  const metadata = new grpc.Metadata()
  metadata.set(
    'grpc-status-details-bin',
    Buffer.from(
      toBinary(StatusSchema, create(StatusSchema, { code: 14, details: [anyPack(RetryInfoSchema, retry)] })),
    ),
  )
  return metadata
}

describe('against one that fails', () => {
  const { status } = grpc
  test.each([
    ['UNAVAILABLE', { code: status.UNAVAILABLE }, { retryable: true, retryAfterMs: undefined }],
    [
      'UNAVAILABLE with a delay',
      { code: status.UNAVAILABLE, metadata: withDelay(3n) },
      { retryable: true, retryAfterMs: 3_000 },
    ],
    ['DEADLINE_EXCEEDED', { code: status.DEADLINE_EXCEEDED }, { retryable: true }],
    ['INTERNAL', { code: status.INTERNAL }, { retryable: true }],
    ['RESOURCE_EXHAUSTED that is no size', { code: status.RESOURCE_EXHAUSTED }, { retryable: true }],
    ['INVALID_ARGUMENT', { code: status.INVALID_ARGUMENT }, { retryable: false }],
    ['FAILED_PRECONDITION', { code: status.FAILED_PRECONDITION }, { retryable: false }],
    ['UNIMPLEMENTED', { code: status.UNIMPLEMENTED }, { retryable: true, retryAfterMs: 30_000 }],
    ['garbage', 'garbage' as const, { retryable: true }],
  ])('%s', async (_, failure, expected) => {
    const url = await failing(failure)
    expect(await failureOf(sinkTo(url).write([record(1), record(2)], signal))).toMatchObject(expected)
  })

  test('a server that is not there, and one that does not speak gRPC', async () => {
    expect(await failureOf(sinkTo('http://127.0.0.1:1').write([record(1)], signal))).toMatchObject({
      retryable: true,
    })
    const { url } = await silent((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const sink = sinkTo(url, { timeoutMs: 2_000 })
    expect(await failureOf(sink.write([record(1)], signal))).toMatchObject({ retryable: true })
  })

  test('one that hangs is given up at the deadline, or when the write is', async () => {
    const { url } = await silent(() => undefined)
    expect(await failureOf(sinkTo(url, { timeoutMs: 100 }).write([record(1)], signal))).toMatchObject({
      retryable: true,
    })
    const abort = new AbortController()
    const write = failureOf(sinkTo(url).write([record(1)], abort.signal))
    abort.abort(new Error('overdue'))
    expect(await write).toMatchObject({ retryable: true })
    expect(await failureOf(sinkTo(url).write([record(1)], AbortSignal.abort()))).toMatchObject({
      retryable: true,
    })
  })

  test('a key that cannot be had is an outage', async () => {
    const { url } = await silent(() => undefined)
    expect(await failureOf(sinkTo(url, { key: noKey }).write([record(1)], signal))).toMatchObject({
      retryable: true,
      message: expect.stringContaining('no vault') as string,
    })
  })
})

function noKey(): Promise<string> {
  return Promise.reject(new Error('no vault'))
}

async function silent(onSocket: (socket: Socket) => void): Promise<{ url: string }> {
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    onSocket(socket)
  })
  const sockets = new Set<Socket>()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test.each(['ftp://a', 'nothing'])('%s is no url', (url) => {
  expect(() => grpcSink({ grpc, url })).toThrow(TypeError)
})

test('a process with nothing else to do ends', async () => {
  const server = await testServer()
  const script = `
    import * as grpc from '@grpc/grpc-js'
    import { createAudit, createRecorder } from '@trailproof/sdk'
    import { grpcSink } from '@trailproof/sdk/grpc-sink'
    const sink = grpcSink({ grpc, url: '${server.url}', key: '${ADMIN_TOKEN}' })
    await createAudit({}, createRecorder({ sink })).event('thing.done', {})`
  const args = ['--conditions=trailproof-source', '--input-type=module', '--eval', script]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(await server.get('/v1/search?min_index=0')).toMatchObject({ records: [{ action: 'thing.done' }] })
})
