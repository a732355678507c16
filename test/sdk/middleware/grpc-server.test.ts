import * as grpc from '@grpc/grpc-js'
import { createRecorder, currentTrail, memorySink, type RecorderOptions } from '@trailproof/sdk'
import { trails } from '@trailproof/sdk/grpc-server'
import { afterEach, describe, expect, test } from 'vitest'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const json = {
  serialize: (value: unknown) => Buffer.from(JSON.stringify(value)),
  deserialize: (bytes: Buffer) => JSON.parse(bytes.toString()) as Message,
}
interface Message {
  readonly [name: string]: unknown
}
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/orders.Orders/${name}`,
  requestStream,
  responseStream,
  requestSerialize: json.serialize,
  requestDeserialize: json.deserialize,
  responseSerialize: json.serialize,
  responseDeserialize: json.deserialize,
})
const service = {
  Get: method('Get', false, false),
  Denied: method('Denied', false, false),
  Echo: method('Echo', true, true),
  Hang: method('Hang', false, false),
} satisfies grpc.ServiceDefinition

async function started(options: RecorderOptions = {}) {
  const sink = memorySink()
  const recorder = createRecorder({ service: 'orders', sink, ...options })
  const server = new grpc.Server({ interceptors: [trails(grpc, recorder)] })
  server.addService(service, {
    Get: (call: grpc.ServerUnaryCall<Message, Message>, done: grpc.sendUnaryData<Message>) =>
      setImmediate(() => done(null, { ...call.request, trace: currentTrail()?.traceId })),
    Denied: (_call: unknown, done: grpc.sendUnaryData<Message>) =>
      done({ code: grpc.status.PERMISSION_DENIED, details: 'not yours' }),
    Echo: (call: grpc.ServerDuplexStream<Message, Message>) => {
      call.on('data', (message: Message) => call.write(message))
      call.on('end', () => call.end())
    },
    Hang: () => undefined,
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  const Client = grpc.makeGenericClientConstructor(service, 'Orders')
  const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure()) as grpc.Client & {
    readonly [name: string]: (...args: unknown[]) => grpc.ClientDuplexStream<Message, Message>
  }
  closing.push(
    () => server.forceShutdown(),
    () => client.close(),
    () => recorder.close(200),
  )
  const unary = (name: string, request: Message, metadata = new grpc.Metadata()) =>
    new Promise<Message>((resolve, reject) => {
      client[name]!(request, metadata, (error: Error | null, answer: Message) =>
        error ? reject(error) : resolve(answer),
      )
    })
  const records = async () => {
    while (sink.records.length === 0) {
      await recorder.flush()
      await new Promise((resolve) => setImmediate(resolve))
    }
    return sink.records
  }
  return { client, unary, recorder, records }
}

describe('a call', () => {
  test('is one trail with request, answer and the trace it belongs to', async () => {
    const { unary, records } = await started()
    const metadata = new grpc.Metadata()
    metadata.set('traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')
    metadata.set('authorization', 'Bearer abc')
    const answer = await unary('Get', { id: 1, password: 'x' }, metadata)
    expect(answer).toEqual({ id: 1, password: 'x', trace: '4bf92f3577b34da6a3ce929d0e0e4736' })
    const all = await records()
    expect(all).toHaveLength(1)
    expect(all[0]).toMatchObject({
      action: 'orders.Orders/Get',
      outcome: 'success',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      request: {
        path: '/orders.Orders/Get',
        body: { id: 1, password: '***' },
        headers: { authorization: '***' },
      },
      response: { code: 'OK', body: { id: 1, password: '***' } },
    })
  })

  test('that is denied says so', async () => {
    const { unary, records } = await started()
    await expect(unary('Denied', {})).rejects.toThrow('not yours')
    expect(await records()).toMatchObject([
      { outcome: 'denied', response: { code: 'PERMISSION_DENIED' }, errors: [{ message: 'not yours' }] },
    ])
  })

  test('that streams counts its messages', async () => {
    const { client, records } = await started()
    const call = client['Echo']!()
    const got: Message[] = []
    call.on('data', (message: Message) => got.push(message))
    for (let i = 0; i < 12; i++) call.write({ i })
    call.end()
    await new Promise((resolve) => call.on('end', resolve))
    expect(got).toHaveLength(12)
    expect(await records()).toMatchObject([
      { request: { messages: 12 }, response: { code: 'OK', messages: 12 } },
    ])
  })

  test('that the client cancels is one abandoned trail', async () => {
    const { client, recorder, records } = await started()
    const call = client['Hang']!({}, () => undefined)
    while (recorder.openTrails === 0) await new Promise((resolve) => setImmediate(resolve))
    call.cancel()
    expect(await records()).toMatchObject([{ outcome: 'unknown', errors: [{ code: 'cancelled' }] }])
  })

  test('that must be recorded first is UNAVAILABLE when it cannot be', async () => {
    const sink = {
      name: 'down',
      write: () => Promise.reject(new Error('down')),
      close: () => Promise.resolve(),
    }
    const { unary } = await started({ sink, delivery: 'ack', queue: { ackTimeoutMs: 20 } })
    await expect(unary('Get', {})).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE })
  })
})
