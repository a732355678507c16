import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { seededRandom } from '../support/random.ts'
import { sseEvents } from '../support/sse.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const record = (n: number, action = 'order.placed') => ({ action, service: 'shop', metadata: { n } })

/** Indexes of the first `count` events of a tail. */
async function take(
  server: TestServer,
  path: string,
  count: number,
  headers: Record<string, string> = {},
): Promise<number[]> {
  const abort = new AbortController()
  const response = await server.fetch(path, { headers, signal: abort.signal })
  expect(response.status).toBe(200)
  const seen: number[] = []
  for await (const { id, data } of sseEvents(response)) {
    expect((JSON.parse(data) as { index: number }).index).toBe(Number(id))
    seen.push(Number(id))
    if (seen.length === count) break
  }
  abort.abort()
  return seen
}

test('follows what is recorded, in ledger order and without loss, while batches come in', async () => {
  const server = await testServer()
  const tail = take(server, '/v1/tail?from=0', 1000)
  for (let batch = 0; batch < 10; batch++)
    await server.post(
      '/v1/events',
      Array.from({ length: 100 }, (_, n) => record(100 * batch + n)),
    )
  expect(await tail).toEqual(Array.from({ length: 1000 }, (_, n) => n))
})

test('resumes after Last-Event-ID, also on another process with the same data', async () => {
  const server = await testServer()
  await server.post(
    '/v1/events',
    [0, 1, 2, 3, 4].map((n) => record(n)),
  )
  expect(await take(server, '/v1/tail?from=0', 2)).toEqual([0, 1])
  expect(await take(server, '/v1/tail', 3, { 'last-event-id': '1' })).toEqual([2, 3, 4])
  const again = await server.restart()
  expect(await take(again, '/v1/tail', 1, { 'last-event-id': '3' })).toEqual([4])
})

test('shows only what the filter asks for', async () => {
  const server = await testServer()
  const tail = take(server, '/v1/tail?from=0&q=action:payment.*', 2)
  await server.post('/v1/events', [
    record(0),
    record(1, 'payment.created'),
    record(2),
    record(3, 'payment.refunded'),
  ])
  expect(await tail).toEqual([1, 3])
})

test('refuses to go on behind the end of the ledger: it was not this one that the client followed', async () => {
  const server = await testServer()
  await server.post('/v1/events', [record(0), record(1)])
  const refused = async (path: string, lastEventId: string): Promise<unknown> => {
    const response = await server.fetch(path, { headers: { 'last-event-id': lastEventId } })
    expect(response.status).toBe(409)
    return response.json()
  }
  expect(await refused('/v1/tail', '2')).toMatchObject({
    type: 'urn:trailproof:problem:beyond-ledger',
    detail: 'ledger main has only 2 entries; entry 2 is not among them',
  })
  await refused('/v1/tail?from=0', '999999999999')
  expect(await refused('/v1/tail?from=3', '')).toMatchObject({
    detail: 'ledger main has only 2 entries; entry 2 is not among them',
  })
  // The very next one is waited for.
  const next = [take(server, '/v1/tail', 1, { 'last-event-id': '1' }), take(server, '/v1/tail?from=2', 1)]
  await server.post('/v1/events', record(2))
  expect(await Promise.all(next)).toEqual([[2], [2]])
})

test('bounds the number of tails', async () => {
  const server = await testServer({ tail_sessions_max: 1 })
  const abort = new AbortController()
  await server.fetch('/v1/tail', { signal: abort.signal })
  const second = await server.fetch('/v1/tail')
  expect(second.status).toBe(503)
  expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0)
  abort.abort()
})

test('refuses a Last-Event-ID that is none', async () => {
  const server = await testServer()
  expect((await server.fetch('/v1/tail', { headers: { 'last-event-id': 'x' } })).status).toBe(400)
})

const asReader = async (server: TestServer, key: Record<string, unknown> = {}) =>
  (await server.post('/v1/keys', { name: 'reader', scopes: ['read'], ...key })).body as unknown as {
    token: string
    prefix: string
  }

test('ends with the key when it is revoked, and says so', async () => {
  const server = await testServer()
  const { token, prefix } = await asReader(server)
  const stream = await server.fetch('/v1/tail', { token })
  const another = await server.fetch('/v1/tail')
  const events = sseEvents(stream)
  await server.post('/v1/events', record(1))
  expect((await events.next()).value).toMatchObject({ event: 'record', id: '0' })
  expect((await server.fetch(`/v1/keys/${prefix}`, { method: 'DELETE' })).status).toBe(204)
  const { event, id, data } = (await events.next()).value as { event: string; id: string; data: string }
  expect({ event, id, ...(JSON.parse(data) as object) }).toEqual({
    event: 'end',
    id: '',
    reason: 'revoked',
    detail: `API key ${prefix} was revoked`,
  })
  expect(await events.next()).toMatchObject({ done: true })
  expect((await server.fetch('/v1/tail', { token, headers: { 'last-event-id': '0' } })).status).toBe(401)
  // Those of other keys go on.
  await server.post('/v1/events', record(2))
  const others = sseEvents(another)
  expect([(await others.next()).value?.id, (await others.next()).value?.id]).toEqual(['0', '1'])
})

test('ends when the key expires', async () => {
  const server = await testServer()
  const expires = Date.now() + 4000
  const { token } = await asReader(server, { expires_at: new Date(expires).toISOString() })
  const stream = await server.fetch('/v1/tail', { token })
  for await (const { event, data } of sseEvents(stream)) {
    expect(event).toBe('end')
    expect(JSON.parse(data)).toMatchObject({ reason: 'expired' })
  }
  expect(Date.now()).toBeGreaterThanOrEqual(expires)
})

test('a client that takes nothing does not keep the tail of a revoked key open', async () => {
  const server = await testServer()
  const records = Array.from({ length: 1000 }, (_, n) => ({ ...record(n), message: 'x'.repeat(1000) }))
  for (let n = 0; n < 15_000; n += 1000) await server.post('/v1/events', records)
  const { token, prefix } = await asReader(server)
  const silent = connect(Number(new URL(server.url).port), '127.0.0.1')
  await once(silent, 'connect')
  silent.write(`GET /v1/tail?from=0 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`)
  const open = async (): Promise<string | undefined> =>
    /^trailproof_tail_sessions (\d+)$/m.exec(await (await server.fetch('/metrics')).text())?.[1]
  await expect.poll(open).toBe('1')
  await server.fetch(`/v1/keys/${prefix}`, { method: 'DELETE' })
  await expect.poll(open).toBe('0')
  let taken = 0
  silent.on('data', (bytes: Buffer) => (taken += bytes.length))
  silent.on('error', () => undefined) // cut with bytes on their way
  if (!silent.closed) await once(silent, 'close')
  expect(taken).toBeLessThan(15_000_000)
})

test('a stop waits neither for tails nor for connections that ask nothing', async () => {
  const server = await testServer({ shutdown_grace_seconds: 3600 })
  const silent = connect(Number(new URL(server.url).port), '127.0.0.1')
  await once(silent, 'connect')
  const closed = once(silent.resume(), 'close')
  await server.fetch('/v1/tail')
  await server.get('/v1/search')
  await server.running.stop()
  await closed
})

test('misses and repeats nothing through cut connections and restarts of the server, filtered or not', async () => {
  const random = seededRandom('TRAILPROOF_TAIL_SEED')
  let server = await testServer()
  const port = Number(new URL(server.url).port)
  const TOTAL = 3000
  const lives = { started: 0 }
  const follow = async (query: string, isWanted: (n: number) => boolean): Promise<number[]> => {
    const seen: number[] = []
    let lastId = ''
    const wanted = Array.from({ length: TOTAL }, (_, n) => n).filter(isWanted).length
    while (seen.length < wanted) {
      const abort = new AbortController()
      const cutAfter = 1 + random.below(400)
      const headers: Record<string, string> = lastId === '' ? {} : { 'last-event-id': lastId }
      try {
        const response = await server.fetch(`/v1/tail?from=0&${query}`, { headers, signal: abort.signal })
        lives.started++
        let taken = 0
        for await (const { id, event, data } of sseEvents(response)) {
          if (event === 'lag') continue
          lastId = id
          seen.push((JSON.parse(data) as { metadata: { n: number } }).metadata.n)
          if (++taken === cutAfter || seen.length === wanted) break
        }
      } catch {
        // The server is between two lives: the next try finds it.
      }
      abort.abort()
    }
    return seen
  }
  const all = follow('', () => true)
  const some = follow('q=action:payment.*', (n) => n % 7 === 0)
  for (let n = 0; n < TOTAL; n += 100) {
    const records = Array.from({ length: 100 }, (_, i) =>
      record(n + i, (n + i) % 7 === 0 ? 'payment.created' : 'order.placed'),
    )
    expect((await server.post('/v1/events', records)).status).toBe(200)
    if (n % 1000 === 900) server = await server.restart({ port })
  }
  expect(await all, `seed ${random.seed}`).toEqual(Array.from({ length: TOTAL }, (_, n) => n))
  expect(await some).toEqual(Array.from({ length: TOTAL }, (_, n) => n).filter((n) => n % 7 === 0))
  expect(lives.started).toBeGreaterThan(6)
})

test('a client too slow for the records is waited for, told how far it is behind, and misses nothing', async () => {
  const server = await testServer()
  const COUNT = 12_000
  const records = Array.from({ length: 1000 }, (_, n) => ({ ...record(n), message: 'x'.repeat(1000) }))
  for (let n = 0; n < COUNT; n += 1000) await server.post('/v1/events', records)
  const response = await server.fetch('/v1/tail?from=0')
  const lags: number[] = []
  let next = 0
  for await (const { id, event, data } of sseEvents(response)) {
    if (event === 'lag') {
      lags.push((JSON.parse(data) as { behind: number }).behind)
      continue
    }
    expect(Number(id)).toBe(next++)
    if (next % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
    if (next === COUNT) break
  }
  expect(lags.length).toBeGreaterThan(0)
  expect(lags.every((behind) => behind > 1000 && behind < COUNT)).toBe(true)
})
