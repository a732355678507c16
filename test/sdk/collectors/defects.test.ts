/** What the original gets wrong: each call of a request, whatever is called, belongs to its one trail. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as grpc from '@grpc/grpc-js'
import { createRecorder, memorySink } from '@trailproof/sdk'
import { collectGrpc, collectKafkaJs, collectPg } from '@trailproof/sdk/collectors'
import { trails } from '@trailproof/sdk/express'
import express from 'express'
import { Redis } from 'ioredis'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { startKafka } from '../../support/kafka-broker.ts'
import { startPostgres } from '../../support/postgres-server.ts'
import { startRedis } from '../../support/redis-server.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())

test('defect 1: database, Kafka, cache and gRPC calls are in the trail', async () => {
  const [postgres, redisServer, broker] = await Promise.all([startPostgres(), startRedis(), startKafka()])
  for (const server of [postgres, redisServer, broker]) stack.use(server)

  const pool = collectPg(new pg.Pool({ connectionString: postgres.url }))
  pool.on('error', () => undefined) // the server may end before its connections have
  const cache = new Redis(redisServer.url)
  const kafka = collectKafkaJs(new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }))
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const { address, Client } = await startStock()
  const stock = new Client(address, grpc.credentials.createInsecure(), { interceptors: [collectGrpc(grpc)] })
  stack.defer(async () => {
    stock.close()
    await producer.disconnect()
    cache.disconnect()
    await pool.end()
  })

  const sink = memorySink()
  const recorder = createRecorder({ service: 'orders', sink })
  const app = express()
  app.use(trails(recorder))
  app.post('/orders', async (_request, response) => {
    await pool.query('SELECT $1::int AS id', [7])
    await cache.get('stock:7')
    await new Promise((resolve, reject) => {
      ;(stock as unknown as Record<string, (...args: unknown[]) => void>)['Get']!({}, (error: unknown) =>
        error ? reject(error) : resolve(undefined),
      )
    })
    await producer.send({ topic: 'orders', messages: [{ key: '7', value: '{"id":7}' }] })
    response.sendStatus(201)
  })
  const server = app.listen(0)
  stack.defer(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  expect((await fetch(`http://127.0.0.1:${port}/orders`, { method: 'POST' })).status).toBe(201)
  while (sink.records.length === 0) {
    await recorder.flush()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await recorder.close()

  expect(sink.records).toHaveLength(1)
  expect(sink.records[0]!['integrations']).toMatchObject([
    { type: 'database', name: 'pg SELECT', response: { rows_affected: 1 } },
    { type: 'cache', name: 'redis GET', response: { status: 'miss' } },
    { type: 'grpc', name: 'grpc stock.Stock/Get', response: { code: 'OK' } },
    { type: 'kafka', name: 'kafka orders', response: { partition: 0, offset: '0' } },
  ])
}, 300_000)

function bytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

function read(text: Buffer): unknown {
  return JSON.parse(text.toString())
}

async function startStock() {
  const service = {
    Get: {
      path: '/stock.Stock/Get',
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: read,
      responseSerialize: bytes,
      responseDeserialize: read,
    },
  }
  const server = new grpc.Server()
  server.addService(service, {
    Get: (_call: unknown, done: grpc.sendUnaryData<object>) => done(null, { count: 3 }),
  })
  stack.defer(() => server.forceShutdown())
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return { address: `127.0.0.1:${port}`, Client: grpc.makeGenericClientConstructor(service, 'Stock') }
}
