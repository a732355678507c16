/** A ledger is deleted where records come through a broker, and where several servers write it. */
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { serverCluster } from '../support/server-cluster.ts'
import { openLedgerOn } from '../support/stored-ledger.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const WHY = { authority: 'contract 12', reason: 'the customer left' }
const PATIENCE = { timeout: 40_000, interval: 50 }

let postgres: PostgresServer
let redis: RedisServer
beforeAll(async () => {
  ;[postgres, redis] = await Promise.all([startPostgres(), startRedis()])
}, 120_000)
afterAll(() => Promise.all([postgres, redis].map((service) => service[Symbol.asyncDispose]())))

async function remove(server: TestServer): Promise<{ status: number; body: Record<string, never> }> {
  const path = `/v1/ledgers/shop?${new URLSearchParams(WHY).toString()}`
  const response = await server.fetch(path, { method: 'DELETE' })
  return { status: response.status, body: (await response.json()) as Record<string, never> }
}

const actionsIn = async (server: TestServer): Promise<string[]> => {
  const { records } = await server.get<{ records: { action: string }[] }>('/v1/search?ledger=shop&limit=1000')
  return [...new Set(records.map(({ action }) => action))]
}

test('what others still send to it through a broker is put aside where only those who look after it see it', async () => {
  const place = `deletion-${process.pid}`
  const server = await testServer({
    intake: `${redis.url}/0?prefix=${place}&streams=${place}-logs&lease_ms=1000`,
  })
  await server.post('/v1/ledgers', { name: 'shop' })
  expect((await server.post('/v1/events?ledger=shop', { action: 'order.placed' })).status).toBe(200)
  expect((await remove(server)).body).toMatchObject({ records: 1, erasure_indexes: [1] })
  const client = await createClient({ url: redis.url }).connect()
  await client.xAdd(`${place}-logs`, '*', { ledger: 'shop', log: '{"action":"order.late"}' })
  await client.xAdd(`${place}-logs`, '*', { ledger: 'main', log: '{"action":"order.other"}' })
  client.destroy()
  const kept = async () => JSON.stringify(await server.get('/v1/quarantine?ledger=shop'))
  await expect.poll(kept, PATIENCE).toContain('order.late')
  expect(await kept()).toContain('ledger shop was deleted')
  expect(await server.get('/v1/quarantine?ledger=main')).toMatchObject({ total: 0 })
  await expect.poll(() => server.get('/v1/ledgers/main'), PATIENCE).toMatchObject({ size: 1 })
  expect((await server.post('/v1/events?ledger=shop', { action: 'a.b' })).status).toBe(410)
  expect((await server.post('/v1/events', { action: 'a.b' })).status).toBe(200)
})

test('of two servers that write to it, both refuse what comes after, and nothing slips in behind', {
  timeout: 120_000,
}, async () => {
  const { start, database } = await serverCluster(
    postgres.url,
    (place) => `${redis.url}/0?prefix=${place}&shards=4&lease_ms=1000`,
  )
  const servers = [await start(), await start()] as const
  await servers[0].post('/v1/ledgers', { name: 'shop' })
  await expect.poll(async () => (await servers[1].fetch('/v1/ledgers/shop')).status, PATIENCE).toBe(200)
  const acknowledged: number[] = []
  /** Sent again where it could not be taken now. */
  const write = async (server: TestServer): Promise<number> => {
    for (;;) {
      const { status, body } = await server.post('/v1/events?ledger=shop', { action: 'order.placed' })
      if (status === 200) acknowledged.push(body.receipts[0]!.index)
      else if (status !== 503) return status
    }
  }
  const over = new AbortController()
  const writeBeside = async (server: TestServer): Promise<void> => {
    while (!over.signal.aborted)
      expect([200, 503]).toContain((await server.post('/v1/events', { action: 'order.beside' })).status)
  }
  const writers = [0, 1, 0, 1].map((at) => write(servers[at]!))
  const beside = servers.map(writeBeside)
  await expect.poll(() => acknowledged.length, PATIENCE).toBeGreaterThan(30)
  const { status, body } = await remove(servers[0])
  expect([status, body]).toEqual([200, expect.objectContaining({ ledger: 'shop' })])
  expect(new Set(await Promise.all(writers))).toEqual(new Set([410]))
  over.abort()
  await Promise.all(beside)

  const size = (await servers[0].get<{ size: number }>('/v1/ledgers/shop')).size
  for (const server of servers) {
    await expect
      .poll(() => server.get('/v1/ledgers/shop'), PATIENCE)
      .toMatchObject({ state: { kind: 'deleted' }, size })
    await expect.poll(() => actionsIn(server), PATIENCE).toEqual(['trailproof.erasure'])
  }
  const said = body['erasure_indexes'] as unknown as number[]
  expect(Math.max(...acknowledged)).toBeLessThan(said.at(-1)!)
  expect(said.at(-1)).toBe(size - 1)
  await Promise.all(servers.map(({ running }) => running.stop()))
  await using ledger = await openLedgerOn(database, servers[0].running.services.settings.keys, 'shop')
  const { verdict, erased } = await ledger.verify()
  expect(verdict).toBe('erased')
  for (const { erasedBy } of erased) expect(said).toContain(erasedBy)
  for (const index of acknowledged)
    expect(erased.some(({ from, to }) => index >= from && index < to)).toBe(true)
})
