import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { FAMILIES, type Family } from '../../packages/server/src/metrics/families.ts'
import { LEDGERS_MAX, Metrics, OTHER_LEDGERS } from '../../packages/server/src/metrics/metrics.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

/** The samples at this moment, by name and labels. */
async function samples(server: TestServer): Promise<ReadonlyMap<string, number>> {
  return parsed(await (await server.fetch('/metrics')).text())
}

function parsed(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

test('docs/metrics.md has every metric, as it is', () => {
  const page = readFileSync('docs/metrics.md', 'utf8')
  const rows = page.split('\n').filter((line) => /^\| `(?:trailproof|process|nodejs)_/.test(line))
  expect(rows).toEqual(
    Object.entries<Family>(FAMILIES).map(
      ([name, { type, labels, help }]) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
    ),
  )
})

test('requests are counted and timed by the template of their route, never by their path', async () => {
  const server = await testServer()
  await server.post('/v1/events', [{ action: 'a.b' }, { action: 'a.b' }, { labels: 7 }])
  for (const id of ['0198319c-2a3d-7abc-8def-0123456789ab', 'no-uuid', '%22%0a%5c'])
    await server.fetch(`/v1/events/${id}`)
  await server.fetch('/somewhere/else?x=1')
  await server.fetch('/v1/search', { token: 'nobody-has-this-token' })
  const found = await samples(server)
  expect(Object.fromEntries(found)).toMatchObject({
    'trailproof_http_requests_total{method="POST",route="/v1/events",status="200"}': 1,
    'trailproof_http_request_seconds_count{method="GET",route="/v1/events/:id"}': 3,
    'trailproof_http_requests_total{method="GET",route="none",status="404"}': 1,
    'trailproof_http_requests_in_flight{method="POST",route="/v1/events"}': 0,
    'trailproof_refusals_total{protocol="http",reason="unauthorized"}': 1,
    'trailproof_records_total{ledger="main",status="recorded"}': 2,
    'trailproof_records_total{ledger="main",status="quarantined"}': 1,
    'trailproof_bad_records_total{code="type"}': 1,
    'trailproof_ack_seconds_count{protocol="http"}': 1,
    trailproof_commit_records_sum: 2,
    trailproof_commit_seconds_count: 1,
    trailproof_quarantined_records: 1,
    'trailproof_admission{state="open"}': 1,
    'trailproof_ledgers{state="open"}': 1,
  })
  expect([...found.keys()].join('\n')).not.toMatch(/0198319c|no-uuid|somewhere/)
})

test('a client that hangs up leaves nothing in flight', async () => {
  const server = await testServer()
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  socket.write(
    'POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
  )
  const inFlight = async (): Promise<number | undefined> =>
    (await samples(server)).get('trailproof_http_requests_in_flight{method="POST",route="/v1/events"}')
  await expect.poll(inFlight).toBe(1)
  socket.destroy()
  await expect.poll(inFlight).toBe(0)
})

test('buckets are cumulative, and every histogram ends with its count', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', { action: 'a.b' })
  await server.get('/v1/search')
  const found = [...(await samples(server))]
  const bucket = /^(\w+)_bucket\{(.*)le="([^"]+)"\}$/
  let last: [string, number] = ['', 0]
  for (const [name, value] of found) {
    const match = bucket.exec(name)
    if (!match) continue
    const [, family, labels, bound] = match
    const series = `${family}{${labels}}`
    if (last[0] === series) expect(value, name).toBeGreaterThanOrEqual(last[1])
    last = [series, value]
    const plain = labels!.replace(/,$/, '')
    if (bound === '+Inf')
      expect(value, name).toBe(new Map(found).get(`${family}_count${plain === '' ? '' : `{${plain}}`}`))
  }
})

test('labels are escaped, and ledgers beyond a bound are one', () => {
  const metrics = new Metrics()
  metrics.registry.value('trailproof_build_info', 'a"b\\c\nd', 'v24').set(1)
  expect(metrics.registry.render()).toContain('{version="a\\"b\\\\c\\nd",node="v24"} 1\n')
  for (let i = 0; i < LEDGERS_MAX + 50; i++) metrics.countRecords(`ledger-${i}`, 'recorded', 2)
  const found = parsed(metrics.registry.render())
  expect(found.get(`trailproof_records_total{ledger="${OTHER_LEDGERS}",status="recorded"}`)).toBe(100)
  expect([...found.keys()].filter((name) => name.startsWith('trailproof_records_total'))).toHaveLength(
    LEDGERS_MAX + 1,
  )
})
