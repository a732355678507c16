import { expect, test } from 'vitest'
import { sseEvents } from '../support/sse.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const numbered = (seq: number, id = 'process-1') => ({ action: 'a.b', stream: { id, seq } })

const dropped = (seq: number, stream: string, seqs: readonly (readonly number[])[], exact = true) => ({
  action: 'stream.dropped',
  stream: { id: 'process-1', seq },
  metadata: { stream, seqs, exact, records: 1, reason: 'queue_full' },
})

interface Notice {
  readonly action: string
  readonly metadata: { readonly stream: { readonly id: string; readonly from: number; readonly to: number } }
}

/** The first `count` records of the ledger's own about streams. */
async function notices(server: TestServer, count: number): Promise<[string, number, number][]> {
  const abort = new AbortController()
  const response = await server.fetch('/v1/tail?from=0&q=action:stream.gap*', { signal: abort.signal })
  const found: [string, number, number][] = []
  for await (const { data } of sseEvents(response)) {
    const { action, metadata } = JSON.parse(data) as Notice
    found.push([action, metadata.stream.from, metadata.stream.to])
    if (found.length === count) break
  }
  abort.abort()
  return found
}

test('records a hole in a stream once it has been quiet, and what fills it later', async () => {
  const server = await testServer({ gap_quiet_seconds: 1 })
  await server.post('/v1/events', [numbered(1), numbered(2), numbered(5), numbered(9)])
  expect(new Set((await notices(server, 2)).map(String))).toEqual(
    new Set(['stream.gap,3,4', 'stream.gap,6,8']),
  )
  await server.post('/v1/events', [numbered(7)])
  expect(await notices(server, 3)).toContainEqual(['stream.gap_filled', 7, 7])
})

test('says nothing of numbers that arrive out of order, in conflict, or in quarantine', async () => {
  const server = await testServer({ gap_quiet_seconds: 1 })
  const id = '01890a5d-ac96-774b-bcce-b302099a8057'
  await server.post('/v1/events', [
    numbered(2),
    numbered(1),
    { ...numbered(3), id },
    numbered(6),
    numbered(8),
  ])
  await server.post('/v1/events', [{ ...numbered(4), id }])
  await server.post('/v1/events', [{ ...numbered(5), targets: 'not a list' }, numbered(1, 'process-2')])
  expect(await notices(server, 1)).toEqual([['stream.gap', 7, 7]])
  expect(await server.get('/v1/search?action=stream.*')).toMatchObject({
    records: [{ action: 'stream.gap' }],
  })
})

test('a stream that begins after its first number has a hole at its beginning', async () => {
  const server = await testServer({ gap_quiet_seconds: 1 })
  await server.post('/v1/events', [numbered(3), numbered(0, 'from-zero'), numbered(1, 'from-zero')])
  expect(await notices(server, 1)).toEqual([['stream.gap', 1, 2]])
})

test('a gap noticed before a restart is recorded after it, once', async () => {
  const server = await testServer({ gap_quiet_seconds: 3600 })
  await server.post('/v1/events?wait=index', [numbered(1), numbered(3)])
  const again = await server.restart({ gap_quiet_seconds: 1 })
  expect(await notices(again, 1)).toEqual([['stream.gap', 2, 2]])
  const last = await again.restart({ gap_quiet_seconds: 1 })
  await last.post('/v1/events?wait=index', [numbered(4)])
  expect(await last.get('/v1/search?action=stream.*')).toMatchObject({ records: [{}] })
})

test('a stream that comes to the last exact number goes on being indexed and quarantined', async () => {
  const server = await testServer()
  const last = numbered(Number.MAX_SAFE_INTEGER)
  for (const record of [last, last, numbered(7)])
    expect((await server.post('/v1/events?wait=index', record)).body).toMatchObject({ indexed: true })
  const { status, body } = await server.post('/v1/events', [{ ...last, labels: 7 }, numbered(8)])
  expect([status, body.receipts.map((receipt) => receipt.status)]).toEqual([200, ['quarantined', 'recorded']])
})

test('numbers that a producer says it dropped are no gap; those it says of others are', async () => {
  const server = await testServer({ gap_quiet_seconds: 1 })
  await server.post('/v1/events', [
    numbered(1),
    numbered(6),
    dropped(7, 'process-1', [
      [2, 3],
      [5, 5],
    ]),
    numbered(1, 'process-2'),
    numbered(3, 'process-2'),
    dropped(8, 'process-2', [[2, 2]]),
    dropped(11, 'process-1', [[9, 10]], false),
  ])
  const found = await notices(server, 3)
  expect(new Set(found.map(String))).toEqual(new Set(['stream.gap,4,4', 'stream.gap,2,2', 'stream.gap,9,10']))
})
