/** A cluster whose servers each do a part of the work. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { serverCluster } from '../support/server-cluster.ts'
import type { TestServer } from '../support/test-server.ts'

const PATIENCE = { timeout: 40_000, interval: 50 }

let postgres: PostgresServer
let redis: RedisServer
beforeAll(async () => {
  ;[postgres, redis] = await Promise.all([startPostgres(), startRedis()])
}, 120_000)
afterAll(() => Promise.all([postgres, redis].map((service) => service[Symbol.asyncDispose]())))

/** A server for each role; the receiver starts first, before there is any ledger, and has no keys of the others. */
async function cluster() {
  const { start, database } = await serverCluster(
    postgres.url,
    (place) => `${redis.url}/0?prefix=${place}&shards=4&lease_ms=1000`,
  )
  const ownKeys = mkdtempSync(join(tmpdir(), 'trailproof-receiver-'))
  onTestFinished(() => rmSync(ownKeys, { recursive: true, force: true }))
  const receiver = await start({ roles: 'receiver', keys: ownKeys })
  const startRole = (roles: string) => start({ roles, search_index: database })
  const sequencer = await startRole('sequencer')
  return { receiver, sequencer, startRole, ownKeys }
}

async function record(receiver: TestServer, event: object, ledger = 'main') {
  const id = uuidv7()
  return vi.waitUntil(async () => {
    const { status, body } = await receiver.post(`/v1/events?ledger=${ledger}`, { id, ...event })
    return status === 200 && body.receipts[0]
  }, PATIENCE)
}

async function untilFound(api: TestServer, q: string, count: number, ledger = 'main'): Promise<void> {
  const path = `/v1/search?ledger=${ledger}&q=${encodeURIComponent(q)}`
  await vi.waitUntil(
    async () => (await api.get<{ records: unknown[] }>(path)).records.length === count,
    PATIENCE,
  )
}

test('each does its part, and together they are one server', { timeout: 120_000 }, async () => {
  const { receiver, startRole, ownKeys } = await cluster()
  const [indexer, api] = [await startRole('indexer'), await startRole('api')]
  const receipt = await record(receiver, { action: 'user.joined', actor: { type: 'user', id: 'u-77' } })
  expect(receipt).toMatchObject({ index: 0, status: 'recorded' })
  await untilFound(api, 'actor:u-77', 1)

  // Proofs, exports and their signatures are of the server that answers.
  const exported = await api.fetch('/v1/export?ledger=main')
  expect(exported.status).toBe(200)
  expect((await exported.text()).trimEnd().split('\n').at(-1)).toContain('manifest')

  const request = { ledger: 'main', ids: [receipt.id], authority: 'GDPR Art. 17', reason: 'asked for' }
  expect((await api.post('/v1/erasures', request)).status).toBe(200)
  await untilFound(api, 'actor:u-77', 0)
  expect(await record(receiver, { action: 'order.placed' })).toMatchObject({ index: 2 })

  expect((await api.post('/v1/ledgers', { name: 'acme' })).status).toBe(201)
  await record(receiver, { action: 'order.placed' }, 'acme')
  await untilFound(api, 'action:order.placed', 1, 'acme')

  // Nobody does what another one is for.
  for (const [server, path] of [
    [receiver, '/v1/search'],
    [indexer, '/v1/search'],
  ] as const) {
    const refused = await server.fetch(path)
    expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
      404,
      expect.stringContaining('whose roles are'),
    ])
  }
  expect((await api.post('/v1/events', { action: 'order.placed' })).status).toBe(404)
  expect((await receiver.post('/v1/events?wait=index', { action: 'order.placed' })).status).toBe(400)
  for (const server of [receiver, indexer, api])
    expect(await server.get('/readyz')).toMatchObject({ status: 'ready', unreachable: [] })
  expect(readdirSync(ownKeys).filter((name) => /\.(key|lock)$/.test(name))).toEqual([])
})

test('one of them is replaced by another, and nothing is lost', { timeout: 120_000 }, async () => {
  const { receiver, sequencer, startRole } = await cluster()
  const api = await startRole('api,indexer')
  await record(receiver, { action: 'order.placed' })
  const [second] = await Promise.all([startRole('sequencer'), sequencer.running.stop()])
  expect(await record(receiver, { action: 'order.placed' })).toMatchObject({ index: 1 })
  await untilFound(api, 'action:order.placed', 2)
  const indexer = await startRole('indexer')
  await api.running.stop()
  const next = await startRole('api')
  await record(receiver, { action: 'order.placed' })
  await untilFound(next, 'action:order.placed', 3)
  await Promise.all([indexer, second].map((server) => server.running.stop()))
})
