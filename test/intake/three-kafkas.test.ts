/** Three Kafka brokers, one of which is killed while records are written through it: none that was acknowledged is lost, none is there twice. */
import { Admin } from '@platformatic/kafka'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type KafkaCluster, startKafkaCluster } from '../support/kafka-cluster.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

let kafka: KafkaCluster
beforeAll(async () => {
  kafka = await startKafkaCluster()
}, 120_000)
afterAll(() => kafka[Symbol.asyncDispose]())

const TOPIC = 'orders'
const WRITERS = 4
/** By all of them before the broker is killed, and by each after. */
const RECORDS_BEFORE = 50
const RECORDS_AFTER = 25
const PATIENCE = { timeout: 60_000, interval: 20 }

test('a record that was acknowledged survives the end of the broker that leads', {
  timeout: 120_000,
}, async () => {
  const server = await testServer({
    intake: `kafka://${kafka.addresses}/${TOPIC}?group=${TOPIC}&partitions=1&session_ms=6000`,
  })
  const acknowledged = new Map<string, number>()
  const killed = new AbortController()
  const writing = Array.from({ length: WRITERS }, async () => {
    // What is on its way while the broker ends is part of what must not be lost.
    while (!killed.signal.aborted) await write(server, acknowledged)
    for (let i = 0; i < RECORDS_AFTER; i++) await write(server, acknowledged)
  })
  await vi.waitUntil(() => acknowledged.size >= RECORDS_BEFORE, PATIENCE)
  const { leader, replicas } = await placeOf(TOPIC)
  expect(replicas).toBe(3)
  await kafka.node(leader).kill()
  killed.abort()
  await Promise.all(writing)

  // No index twice, no hole: what the ledger holds is what was acknowledged, once.
  const indexes = [...acknowledged.values()].toSorted((a, b) => a - b)
  expect(indexes).toEqual(Array.from({ length: acknowledged.size }, (_, i) => i))
  expect(await server.get('/v1/ledgers/main')).toMatchObject({ size: acknowledged.size })
  for (const [id, index] of acknowledged)
    expect(await server.get(`/v1/events/${id}`)).toMatchObject({ id, ledger: 'main', index })
})

/** Sent until it is answered, as the SDK does. */
async function write(server: TestServer, acknowledged: Map<string, number>): Promise<void> {
  const id = uuidv7()
  await vi.waitUntil(async () => {
    const { status, body } = await server.post('/v1/events', { id, action: 'order.placed' })
    if (status === 200) acknowledged.set(id, body.receipts[0]!.index)
    else expect(status).toBe(503)
    return status === 200
  }, PATIENCE)
}

async function placeOf(topic: string): Promise<{ leader: number; replicas: number }> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: kafka.addresses.split(',') })
  try {
    const [partition] = (await admin.metadata({ topics: [topic] })).topics.get(topic)!.partitions
    return { leader: partition!.leader, replicas: partition!.replicas.length }
  } finally {
    await admin.close()
  }
}
