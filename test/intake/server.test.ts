/** A whole server whose records go through a broker: the same answers as without one. */
import { Producer, stringSerializers } from '@platformatic/kafka'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type KafkaBroker, startKafka } from '../support/kafka-broker.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

let kafka: KafkaBroker
let redis: RedisServer
beforeAll(async () => {
  ;[kafka, redis] = await Promise.all([startKafka(), startRedis()])
}, 120_000)
afterAll(() => Promise.all([kafka[Symbol.asyncDispose](), redis[Symbol.asyncDispose]()]))

let places = 0
const PATIENCE = { timeout: 20_000, interval: 50 }

describe.each([
  {
    broker: 'kafka',
    address: (place: string) =>
      `kafka://${kafka.address}/${place}?group=${place}&partitions=3&session_ms=6000`,
    /** As others write records of theirs. */
    write: async (place: string, ledger: string, json: string): Promise<void> => {
      const producer = new Producer({
        clientId: 'others',
        bootstrapBrokers: [kafka.address],
        serializers: stringSerializers,
      })
      await producer.send({ messages: [{ topic: place, key: ledger, value: json }] })
      await producer.close()
    },
  },
  {
    broker: 'redis',
    address: (place: string) => `${redis.url}/0?prefix=${place}&streams=${place}-logs&lease_ms=1000`,
    write: async (place: string, ledger: string, json: string): Promise<void> => {
      const client = await createClient({ url: redis.url }).connect()
      await client.xAdd(`${place}-logs`, '*', { ledger, log: json })
      client.destroy()
    },
  },
])('intake through $broker', { timeout: 60_000 }, ({ address, write }) => {
  async function started(): Promise<{ server: TestServer; place: string }> {
    const place = `server-${process.pid}-${places++}`
    return { place, server: await testServer({ intake: address(place) }) }
  }

  test('records are answered with receipts, found, and found again as duplicates', async () => {
    const { server } = await started()
    const id = '01890a5d-ac96-774b-bcce-b302099a8057'
    const first = await server.post('/v1/events', [{ id, action: 'order.placed' }, { action: 'order.paid' }])
    expect(first.status).toBe(200)
    expect(first.body.receipts).toMatchObject([
      { status: 'recorded', index: 0 },
      { status: 'recorded', index: 1 },
    ])
    expect(first.body.checkpoint).toContain('/main\n2\n')
    const again = await server.post('/v1/events', { id, action: 'order.placed' })
    expect(again.body.receipts).toMatchObject([{ status: 'duplicate', index: 0 }])
    const proven = await server.post('/v1/events?receipt=proof', { action: 'order.sent' })
    expect(proven.body.receipts[0]?.proof).toBeDefined()
    expect(await server.get(`/v1/events/${id}`)).toMatchObject({ action: 'order.placed' })
    expect((await server.fetch('/readyz')).status).toBe(200)
  })

  test('a ledger that is made is written at once', async () => {
    const { server } = await started()
    expect((await server.post('/v1/ledgers', { name: 'acme' })).status).toBe(201)
    const { body } = await server.post('/v1/events?ledger=acme', { action: 'order.placed' })
    expect(body.receipts).toMatchObject([{ ledger: 'acme', index: 0, status: 'recorded' }])
  })

  test('JSON of others is recorded and masked; what is no record goes to quarantine', async () => {
    const { server, place } = await started()
    await write(place, 'main', '{"action":"user.login","metadata":{"password":"hunter2"}}')
    await write(place, 'main', '{"level":"error","message":"old log line","service":"auth"}')
    await write(place, 'main', 'no JSON at all')
    const sizeOf = async (): Promise<number> => (await server.get<{ size: number }>('/v1/ledgers/main')).size
    await vi.waitUntil(async () => (await sizeOf()) === 2, PATIENCE)
    const found = JSON.stringify(await server.get('/v1/search?min_index=1'))
    expect(found).toContain('user.login')
    expect(found).toContain('old log line')
    expect(found).not.toContain('hunter2')
    const kept = async (): Promise<string> => JSON.stringify(await server.get('/v1/quarantine?ledger=main'))
    await vi.waitUntil(async () => (await kept()).includes('no JSON at all'), PATIENCE)
  })

  test('who would rather not wait is told that it is queued, and no more', async () => {
    const { server } = await started()
    const queued = await server.post('/v1/events', [{ action: 'order.placed' }, { action: 7 }], {
      prefer: 'respond-async',
    })
    expect(queued.status).toBe(202)
    expect(queued.body).toMatchObject({
      queued: 1,
      receipts: [{ status: 'queued', ledger: 'main' }, { status: 'quarantined' }],
    })
    const { id } = queued.body.receipts[0]!
    await vi.waitUntil(async () => (await server.fetch(`/v1/events/${id}`)).status === 200, PATIENCE)
    const bad = await server.post('/v1/events', { action: 7 }, { prefer: 'respond-async' })
    expect(bad.status).toBe(400)
  })

  test('many clients at once: each record once', async () => {
    const { server } = await started()
    const batch = Array.from({ length: 25 }, () => ({ action: 'order.placed' }))
    const answers = await Promise.all(Array.from({ length: 40 }, () => server.post('/v1/events', batch)))
    const indexes = answers.flatMap(({ body }) => body.receipts.map(({ index }) => index))
    expect(indexes.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
    const restarted = await server.restart()
    expect(await restarted.get('/v1/ledgers/main')).toMatchObject({ size: 1000 })
  })
})
