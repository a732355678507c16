/** @grpc/grpc-js and Connect as clients, in each form of a call, against servers in this process. */
import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { connectNodeAdapter, createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node'
import * as grpc from '@grpc/grpc-js'
import { currentTrail, traceStep } from '@trailproof/sdk'
import { collectConnect, collectGrpc } from '@trailproof/sdk/collectors'
import { afterEach, describe, expect, test } from 'vitest'
import { Health } from '../../../packages/server/src/receivers/grpc/gen/grpc/health/v1/health_pb.ts'
import { ServerReflection } from '../../../packages/server/src/receivers/grpc/gen/grpc/reflection/v1/reflection_pb.ts'
import { callsOf, callsOfEach, trailOf } from './recorded-calls.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

interface Message {
  readonly [name: string]: unknown
}
const json = {
  serialize: (value: unknown) => Buffer.from(JSON.stringify(value)),
  deserialize: (bytes: Buffer) => JSON.parse(bytes.toString()) as Message,
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
  List: method('List', false, true),
  Sum: method('Sum', true, false),
  Echo: method('Echo', true, true),
} satisfies grpc.ServiceDefinition

type Call = grpc.ClientDuplexStream<Message, Message>
type Client = grpc.Client & { readonly [name: string]: (...args: unknown[]) => Call }

/** A server that answers with the metadata it got, and a client that is collected. */
async function grpcClient(): Promise<Client> {
  const server = new grpc.Server()
  server.addService(service, {
    Get: (call: grpc.ServerUnaryCall<Message, Message>, done: grpc.sendUnaryData<Message>) =>
      done(null, { ...call.request, metadata: call.metadata.getMap() }),
    Denied: (_call: unknown, done: grpc.sendUnaryData<Message>) =>
      done({ code: grpc.status.PERMISSION_DENIED, details: 'not yours' }),
    List: (call: grpc.ServerWritableStream<Message, Message>) => {
      for (let i = 0; i < Number(call.request['count']); i++) call.write({ i })
      call.end()
    },
    Sum: (call: grpc.ServerReadableStream<Message, Message>, done: grpc.sendUnaryData<Message>) => {
      let sum = 0
      call.on('data', ({ n }: { n: number }) => (sum += n))
      call.on('end', () => done(null, { sum }))
    },
    Echo: (call: grpc.ServerDuplexStream<Message, Message>) => {
      call.on('data', (message: Message) => call.write(message))
      call.on('end', () => call.end())
    },
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  const Constructor = grpc.makeGenericClientConstructor(service, 'Orders')
  const client = new Constructor(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    interceptors: [collectGrpc(grpc)],
  })
  closing.push(
    () => server.forceShutdown(),
    () => client.close(),
  )
  return client as unknown as Client
}

function unary(
  client: Client,
  name: string,
  request: Message,
  metadata = new grpc.Metadata(),
): Promise<Message> {
  return new Promise((resolve, reject) => {
    client[name]!(request, metadata, (error: Error | null, answer: Message) =>
      error ? reject(error) : resolve(answer),
    )
  })
}

describe('@grpc/grpc-js', () => {
  test('a call is recorded with both sides, masked, and carries the trace on', async () => {
    const client = await grpcClient()
    const metadata = new grpc.Metadata()
    metadata.set('authorization', 'Bearer abc')
    const record = await trailOf(async () => {
      const answer = await unary(client, 'Get', { id: 1, password: 'hunter2' }, metadata)
      expect(answer).toMatchObject({
        id: 1,
        password: 'hunter2',
        metadata: {
          traceparent: expect.stringContaining(currentTrail()!.traceId),
          'x-request-id': currentTrail()!.requestId,
        },
      })
    })
    expect(metadata.get('traceparent')).toEqual([]) // the caller's own is not written to
    expect(record['integrations']).toMatchObject([
      {
        type: 'grpc',
        name: 'grpc orders.Orders/Get',
        request: {
          path: '/orders.Orders/Get',
          headers: { authorization: '***' },
          body: { id: 1, password: '***' },
        },
        response: { code: 'OK', body: { id: 1, password: '***' } },
        latency_ms: expect.any(Number),
      },
    ])
  })

  test('an error is recorded by the name of its code, and reaches the caller', async () => {
    const client = await grpcClient()
    const calls = await callsOf(async () => {
      await expect(unary(client, 'Denied', {})).rejects.toMatchObject({ code: grpc.status.PERMISSION_DENIED })
    })
    expect(calls).toMatchObject([
      { response: { code: 'PERMISSION_DENIED' }, error: { code: 'PERMISSION_DENIED', message: 'not yours' } },
    ])
  })

  test('messages of the three forms of streams are counted, and the first ten kept', async () => {
    const client = await grpcClient()
    const calls = await callsOf(async () => {
      expect(await client['List']!({ count: 25 }).toArray()).toHaveLength(25)
      const sum = await new Promise<Message>((resolve, reject) => {
        const call = client['Sum']!((error: Error | null, answer: Message) =>
          error ? reject(error) : resolve(answer),
        )
        for (let n = 1; n <= 3; n++) call.write({ n })
        call.end()
      })
      expect(sum).toEqual({ sum: 6 })
      const echo = client['Echo']!()
      echo.write({ a: 1 })
      echo.end()
      expect(await echo.toArray()).toEqual([{ a: 1 }])
    })
    expect(calls).toMatchObject([
      { request: { body: { count: 25 } }, response: { code: 'OK', messages: 25 } },
      { request: { messages: 3 }, response: { body: { sum: 6 } } },
      { request: { messages: 1 }, response: { messages: 1 } },
    ])
    expect(calls[0]!['response'].body).toHaveLength(10)
  })

  test('a cancelled call says so; one whose stream nobody reads has no end', async () => {
    const client = await grpcClient()
    const calls = await callsOf(async () => {
      const call = client['Echo']!()
      const ended = new Promise((resolve) => {
        call.on('error', resolve)
      })
      call.resume()
      call.cancel()
      await ended
      const unread = client['List']!({ count: 25 })
      unread.on('error', () => undefined)
      await once(unread, 'metadata')
    })
    expect(calls).toMatchObject([{ response: { code: 'CANCELLED' } }, { latency_ms: null }])
  })

  test('what happens in a callback belongs to the trail and step that made the call', async () => {
    const client = await grpcClient()
    const calls = await callsOfEach(10, async (trail) => {
      await traceStep('ask', () => {
        const done = Promise.withResolvers<void>()
        client['Get']!({ trail }, () => {
          client['Get']!({ trail, again: true }, () => done.resolve())
        })
        return done.promise
      })
    })
    for (const [trail, own] of calls.entries())
      expect(own).toMatchObject([
        { request: { body: { trail } }, step_id: 1 },
        { request: { body: { trail, again: true } }, step_id: 1 },
      ])
  })

  test('outside of any trail nothing is recorded and nothing carried', async () => {
    const answer = await unary(await grpcClient(), 'Get', { id: 1 })
    expect(answer['metadata']).not.toHaveProperty('traceparent')
  })
})

const TRANSPORTS = { connect: createConnectTransport, gRPC: createGrpcTransport }

describe.each(Object.entries(TRANSPORTS))('Connect over %s', (_name, createTransport) => {
  const transport = async () => {
    let headers = new Headers()
    const server = createServer(
      connectNodeAdapter({
        routes: (router) => {
          router.service(Health, {
            check: ({ service: asked }, { requestHeader }) => {
              headers = requestHeader
              if (asked === 'none') throw new ConnectError('unknown service', Code.NotFound)
              return { status: 1 }
            },
            async *watch() {
              for (let i = 0; i < 12; i++) yield { status: 1 }
              await Promise.resolve()
            },
          })
          router.service(ServerReflection, {
            async *serverReflectionInfo(requests) {
              for await (const { host } of requests) yield { validHost: host }
            },
          })
        },
      }),
    ).listen(0)
    await once(server, 'listening')
    closing.push(() => server.close())
    const { port } = server.address() as AddressInfo
    const made = createTransport({
      baseUrl: `http://127.0.0.1:${port}`,
      httpVersion: '2',
      interceptors: [collectConnect()],
      nodeOptions: {},
      idleConnectionTimeoutMs: 10,
    })
    return { transport: made, headers: () => headers }
  }

  test('a call is recorded with both sides and carries the trace on', async () => {
    const { transport: made, headers } = await transport()
    const client = createClient(Health, made)
    const record = await trailOf(() =>
      client.check({ service: 'orders' }, { headers: { authorization: 'Bearer a' } }),
    )
    expect(record['integrations']).toMatchObject([
      {
        type: 'grpc',
        name: 'grpc grpc.health.v1.Health/Check',
        request: { body: { service: 'orders' }, headers: { authorization: '***' } },
        response: { code: 'OK', body: { status: 1 } },
      },
    ])
    expect(headers().get('traceparent')).toContain(record['trace_id'])
  })

  test('an error is recorded by the name of its code, and reaches the caller', async () => {
    const client = createClient(Health, (await transport()).transport)
    const calls = await callsOf(async () => {
      await expect(client.check({ service: 'none' })).rejects.toMatchObject({ code: Code.NotFound })
    })
    expect(calls).toMatchObject([
      { response: { code: 'NOT_FOUND' }, error: { code: 'NOT_FOUND', name: 'ConnectError' } },
    ])
  })

  test('messages of streams are counted; one that is left in the middle has no end', async () => {
    const { transport: made } = await transport()
    const calls = await callsOf(async () => {
      let count = 0
      for await (const _ of createClient(Health, made).watch({})) count++
      expect(count).toBe(12)
      const asked = (async function* () {
        yield { host: 'a' }
        yield { host: 'b' }
        await Promise.resolve()
      })()
      for await (const _ of createClient(ServerReflection, made).serverReflectionInfo(asked)) count++
      for await (const _ of createClient(Health, made).watch({})) break
    })
    expect(calls).toMatchObject([
      { response: { messages: 12 } },
      { request: { messages: 2 }, response: { messages: 2 } },
      { latency_ms: null },
    ])
  })
})
