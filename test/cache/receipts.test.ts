/** Records that are sent again get their receipts from the cache, and whatever is in there, never another answer than the ledger's. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  type CachePlace,
  type CacheRedis,
  cacheFigure,
  hits,
  startCacheRedis,
} from '../support/cache-redis.ts'
import { type Answer, type TestServer, testServer } from '../support/test-server.ts'

let redis: CacheRedis
beforeAll(async () => {
  redis = await startCacheRedis()
})
afterAll(() => redis[Symbol.asyncDispose]())

interface Cached {
  readonly server: TestServer
  readonly place: CachePlace
}

async function cached(settings: Record<string, unknown> = {}): Promise<Cached> {
  const place = redis.place()
  return { place, server: await testServer({ cache: place.cache, ...settings }) }
}

const events = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: uuidv7(), action: 'order.placed', actor: { id: `u-${i}` } }))

/** What is said of the same records with nothing in the cache: it comes from the sequencer. */
async function askedTheSequencer({ server, place }: Cached, body: unknown): Promise<Answer> {
  await place.clear()
  const before = await hits(server, 'receipts')
  const answer = await server.post('/v1/events', body)
  expect(await hits(server, 'receipts')).toBe(before)
  return answer.body
}

describe('records that are sent again', () => {
  test('get the receipts that the sequencer would give them, and not from it', async () => {
    const { server, place } = await cached()
    const sent = events(20)
    const first = await server.post('/v1/events', sent)
    await server.post('/v1/events', events(3))
    await place.until('r', 23)
    const again = await server.post('/v1/events', sent)
    expect(await hits(server, 'receipts')).toBe(1)
    expect(again.body.receipts.map(({ status }) => status)).toEqual(sent.map(() => 'duplicate'))
    expect(again.body.receipts.map((receipt) => ({ ...receipt, status: 'recorded' }))).toEqual(
      first.body.receipts,
    )
    const proven = await server.post('/v1/events?receipt=proof', sent[7])
    expect(proven.body.receipts[0]?.proof).toBeDefined()
    expect(await hits(server, 'receipts')).toBe(2)
    expect(again.body).toEqual(await askedTheSequencer({ server, place }, sent))
  })

  test('one by one, in another order, twice in one batch', async () => {
    const { server, place } = await cached()
    const sent = events(5)
    for (const batch of [sent[3]!, sent.toReversed(), [sent[1]!, sent[1]!, sent[0]!]]) {
      await server.post('/v1/events', sent)
      await place.until('r', 5)
      const before = await hits(server, 'receipts')
      const { body } = await server.post('/v1/events', batch)
      expect(await hits(server, 'receipts')).toBe(before + 1)
      expect(body).toEqual(await askedTheSequencer({ server, place }, batch))
    }
  })

  test('with one among them that is new: all go the ordinary way', async () => {
    const { server, place } = await cached()
    const sent = events(3)
    await server.post('/v1/events', sent)
    await place.until('r', 3)
    const { body } = await server.post('/v1/events', [...sent, ...events(1)])
    expect(body).toMatchObject({ recorded: 1, duplicates: 3 })
    expect(await hits(server, 'receipts')).toBe(0)
  })

  test('with other content are a conflict, which is recorded', async () => {
    const { server, place } = await cached()
    const [sent] = events(1)
    await server.post('/v1/events', sent)
    await place.until('r', 1)
    const other = await server.post('/v1/events', { ...sent, action: 'order.cancelled' })
    expect(other.status).toBe(409)
    expect(await server.get('/v1/ledgers/main')).toMatchObject({ size: 2 })
    expect((await server.post('/v1/events', sent)).body.receipts).toMatchObject([
      { status: 'duplicate', index: 0 },
    ])
  })

  test('after they were erased are answered as the sequencer does, whatever their content', async () => {
    const { server, place } = await cached()
    const [sent, kept] = events(2)
    await server.post('/v1/events', [sent, kept])
    await place.until('r', 2)
    const facts = { authority: 'GDPR Art. 17', reason: 'request 4711' }
    expect((await server.post('/v1/erasures', { ids: [sent!.id], ...facts })).status).toBe(200)
    for (const body of [sent, { ...sent, action: 'order.cancelled' }, [kept, sent]]) {
      const answer = await server.post('/v1/events', body)
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual(await askedTheSequencer({ server, place }, body))
    }
  })
})

describe('a cache that tells of something else', () => {
  test('values that others wrote there are not believed', async () => {
    const { server, place } = await cached()
    const sent = events(2)
    await server.post('/v1/events', sent)
    const keys = await place.until('r', 2)
    const [one, other] = [await place.get(keys[0]!), await place.get(keys[1]!)]
    const forged: readonly (() => Promise<unknown>)[] = [
      () => Promise.all(keys.map(async (key) => place.set(key, Buffer.from('garbage')))),
      () => Promise.all(keys.map(async (key) => place.set(key, Buffer.alloc(24, 0xff)))),
      () => Promise.all(keys.map(async (key) => place.setList(key))),
      () => Promise.all([place.set(keys[0]!, other), place.set(keys[1]!, one)]),
      () => place.set(keys[0]!, Buffer.concat([one.subarray(0, 8), Buffer.alloc(16)])),
      // The place of the one with the seal of the other.
      () => place.set(keys[0]!, Buffer.concat([other.subarray(0, 8), one.subarray(8)])),
    ]
    for (const forge of forged) {
      await forge()
      const { body } = await server.post('/v1/events', sent)
      expect(body.receipts).toMatchObject([
        { status: 'duplicate', index: 0, id: sent[0]!.id },
        { status: 'duplicate', index: 1, id: sent[1]!.id },
      ])
      expect(await hits(server, 'receipts')).toBe(0)
      // What the ordinary way found is put in their place.
      await vi.waitUntil(async () => (await place.get(keys[0]!).catch(() => one)).equals(one))
      await vi.waitUntil(async () => (await place.get(keys[1]!).catch(() => other)).equals(other))
    }
    expect(await cacheFigure(server, 'refused_total', 'cache="receipts"')).toBeGreaterThan(0)
  })

  test('another ledger of the same name and origin, made later, has nothing to do with it', async () => {
    const first = await cached({ origin: 'audit.example.com' })
    const sent = events(2)
    await first.server.post('/v1/events', sent)
    await first.place.until('r', 2)
    const second = await testServer({ cache: first.place.cache, origin: 'audit.example.com' })
    expect((await second.post('/v1/events', sent)).body).toMatchObject({ recorded: 2, duplicates: 0 })
  })

  test('a ledger that was set back with its lock records again what it no longer has', async () => {
    const { server, place } = await cached()
    const [kept, lost, later] = events(3)
    await server.post('/v1/events', kept)
    await server.running.stop()
    const copy = mkdtempSync(join(tmpdir(), 'trailproof-copy-'))
    onTestFinished(() => rmSync(copy, { recursive: true, force: true }))
    for (const [from, name] of [
      [server.data, 'data'],
      [server.keys, 'keys'],
    ] as const)
      cpSync(from, join(copy, name), { recursive: true })

    const again = await server.restart()
    await again.post('/v1/events', lost)
    await place.until('r', 2)
    const settings = { cache: place.cache, data: join(copy, 'data'), keys: join(copy, 'keys') }
    const setBack = await testServer(settings)
    expect((await setBack.post('/v1/events', later)).body).toMatchObject({ recorded: 1 })
    expect((await setBack.post('/v1/events', lost)).body).toMatchObject({ recorded: 1, duplicates: 0 })
    expect((await setBack.post('/v1/events', kept)).body).toMatchObject({ recorded: 0, duplicates: 1 })
  })
})

/** With what was sent before, and with what is new. */
async function answersAsEver(server: TestServer, sent: readonly object[]): Promise<void> {
  expect((await server.post('/v1/events', sent)).body).toMatchObject({ duplicates: sent.length })
  expect((await server.post('/v1/events', events(2))).body).toMatchObject({ recorded: 2 })
  expect((await server.fetch('/readyz')).status).toBe(200)
}

describe('a Redis that cannot be used', () => {
  test('slow, full, cut off, away, empty: the same answers, and used again when it can be', async () => {
    const { server, place } = await cached()
    const sent = events(3)
    await server.post('/v1/events', sent)
    await place.until('r', 3)

    await redis.whileFull(() => answersAsEver(server, sent))
    redis.proxy.stall()
    await answersAsEver(server, sent)
    redis.proxy.resume()
    await redis.server.kill()
    await answersAsEver(server, sent)
    await redis.server.start()
    expect(await cacheFigure(server, 'errors_total', 'operation="write"')).toBeGreaterThan(0)
    expect(await cacheFigure(server, 'errors_total', 'operation="read"')).toBeGreaterThan(0)

    const before = await hits(server, 'receipts')
    await vi.waitUntil(
      async () => {
        expect((await server.post('/v1/events', sent)).body).toMatchObject({ duplicates: 3 })
        return (await hits(server, 'receipts')) > before
      },
      { timeout: 20_000, interval: 100 },
    )
  })

  test('away at the start: the server starts without it', async () => {
    const server = await testServer({ cache: 'redis://127.0.0.1:1' })
    expect((await server.post('/v1/events', events(1))).status).toBe(200)
    expect((await server.fetch('/readyz')).status).toBe(200)
  })
})

test('through a broker: what is known does not go through it again', async () => {
  const { server, place } = await cached({
    intake: `${redis.server.url}/1?prefix=intake&shards=1&lease_ms=1000`,
  })
  const sent = events(4)
  await server.post('/v1/events', sent)
  await place.until('r', 4)
  expect((await server.post('/v1/events', sent)).body).toMatchObject({ duplicates: 4 })
  expect(await hits(server, 'receipts')).toBe(1)
})
