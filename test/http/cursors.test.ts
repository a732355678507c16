import { expect, test } from 'vitest'
import { type TestServer, testServer } from '../support/test-server.ts'

/** TRAILPROOF_CURSOR_RECORDS=1000000 pages through a million. */
const RECORDS = Number(process.env['TRAILPROOF_CURSOR_RECORDS'] ?? 20_000)
const BATCH = 1000
const PAGE = 997

interface Page {
  readonly records: readonly { index: number; metadata: { n: number } }[]
  readonly next: string | null
  readonly complete: boolean
}

/** What `action:payment.* actor:u-3` finds. */
function isAsked(n: number): boolean {
  return n % 3 === 0 && n % 10 === 3
}

/** Records `count` records, every third one a payment. */
async function ingest(server: TestServer, first: number, count: number): Promise<void> {
  for (let at = first; at < first + count; at += BATCH) {
    const records = Array.from({ length: Math.min(BATCH, first + count - at) }, (_, i) => ({
      action: (at + i) % 3 === 0 ? 'payment.created' : 'order.placed',
      actor: { type: 'user', id: `u-${(at + i) % 10}` },
      metadata: { n: at + i },
    }))
    const { status } = await server.post('/v1/events', records)
    if (status === 503) at -= BATCH
    else if (status !== 200) throw new Error(`ingest answered ${status}`)
  }
}

async function pageThrough(server: TestServer, query: string, end?: number): Promise<number[]> {
  const seen: number[] = []
  let cursor = ''
  for (;;) {
    const page = await server.get<Page>(`/v1/search?limit=${PAGE}&${query}${cursor}`)
    expect(page.complete).toBe(true)
    for (const { index, metadata } of page.records) {
      expect(metadata.n).toBe(index)
      seen.push(index)
    }
    // Oldest first, a reader can follow the ledger for ever: it ends at what was there when it began.
    if (page.next === null || (end !== undefined && (seen.at(-1) ?? 0) >= end)) return seen
    cursor = `&cursor=${encodeURIComponent(page.next)}`
  }
}

test('cursors skip no record and repeat none while records come in', { timeout: 3_600_000 }, async () => {
  const server = await testServer()
  const half = Math.floor(RECORDS / 2)
  await ingest(server, 0, half)
  const { indexed_size } = await server.get<{ indexed_size: number }>(
    `/v1/search?limit=1&min_index=${half - 1}`,
  )
  expect(indexed_size).toBeGreaterThanOrEqual(half)
  const writing = ingest(server, half, RECORDS - half)
  const [newest, oldest, some] = await Promise.all([
    pageThrough(server, 'order=newest'),
    pageThrough(server, 'order=oldest', half - 1),
    pageThrough(server, 'q=action:payment.*%20actor:u-3'),
  ])
  await writing
  // Of the records that were there at the beginning every one, and those that came later without a gap.
  const first = newest[0]!
  expect(first).toBeGreaterThanOrEqual(half - 1)
  expect(newest).toEqual(Array.from({ length: first + 1 }, (_, i) => first - i))
  expect(oldest).toEqual(Array.from({ length: oldest.length }, (_, i) => i))
  expect(oldest.length).toBeGreaterThanOrEqual(half)
  const asked = Array.from({ length: some[0]! + 1 }, (_, i) => some[0]! - i).filter(isAsked)
  expect(some).toEqual(asked)
  expect(some[0]).toBeGreaterThan(half - 31)
})
