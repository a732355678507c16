/** What retention destroys is gone from an OpenSearch, too: from its searches, its counts and its files. */
import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { startOpenSearch } from '../support/opensearch-node.ts'
import { bytesBelow } from '../support/stored-bytes.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const COUNT = 600

test('records that a rule destroys are found and counted no more, and the others are', async () => {
  await using opensearch = await startOpenSearch()
  const server = await testServer({ search_index: `${opensearch.url}/retention` })
  const sent = Array.from({ length: COUNT }, (_, n) => ({
    action: 'order.placed',
    service: n % 3 === 0 ? 'debugger' : 'shop',
    actor: { type: 'user', id: personOf(n) },
  }))
  await server.post('/v1/events?wait=index', sent)
  expect(await found(server, 'service:debugger')).toBe(COUNT / 3)
  expect(bytesBelow(opensearch.data).includes(personOf(3))).toBe(true)

  const rules = [{ name: 'debug', keep_days: 0, query: 'service:debugger' }]
  const { status } = await server.fetch('/v1/retention/main', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rules }),
  })
  expect(status).toBe(200)
  await server.running.services.retention.pass()
  await expect.poll(() => found(server, 'service:shop')).toBe((COUNT * 2) / 3)
  expect(await found(server, 'service:debugger')).toBe(0)
  expect(await found(server, `actor:${personOf(3)}`)).toBe(0)
  expect(await found(server, `actor:${personOf(4)}`)).toBe(1)
  expect(await counted(server, 'action:order.placed')).toBe((COUNT * 2) / 3)
  await expect.poll(() => bytesBelow(opensearch.data).includes(personOf(3))).toBe(false)
})

/** No other's is the beginning of it, nor anything else in a file. */
function personOf(n: number): string {
  return `u-${hash('sha256', `person ${n}`).slice(0, 12)}`
}

async function found(server: TestServer, q: string): Promise<number> {
  const { records } = await server.get<{ records: unknown[] }>(
    `/v1/search?limit=1000&q=${encodeURIComponent(q)}`,
  )
  return records.length
}

async function counted(server: TestServer, q: string): Promise<number> {
  const { before, after, buckets } = await server.get<{
    before: number
    after: number
    buckets: { count: number }[]
  }>(`/v1/histogram?q=${encodeURIComponent(q)}`)
  return buckets.reduce((sum, { count }) => sum + count, before + after)
}
