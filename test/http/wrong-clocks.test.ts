import { expect, test } from 'vitest'
import { type TestServer, testServer } from '../support/test-server.ts'

interface Histogram {
  readonly from: string
  readonly to: string
  readonly before: number
  readonly after: number
  readonly buckets: readonly { from: string; to: string; count: number }[]
  readonly values?: readonly { value: string; count: number }[]
  readonly complete: boolean
}

interface Table {
  readonly rows: readonly (readonly [string, number])[]
  readonly outside: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

/** Six records of the last hour; one whose clock is ten minutes ahead, one an hour; and clocks that were never set. */
async function filled(): Promise<TestServer> {
  const server = await testServer()
  const times = [
    ...[50, 40, 30, 20, 10, 1].map((minutes) => ago(minutes * MINUTE)),
    ago(-10 * MINUTE),
    ago(-HOUR),
    '0001-01-01T00:00:00Z',
    '1970-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999-12:00',
  ]
  await server.post(
    '/v1/events?wait=index',
    times.map((timestamp, i) => ({ timestamp, action: 'a.b', outcome: i > 7 ? 'denied' : 'success' })),
  )
  return server
}

const sum = ({ buckets }: Histogram): number => buckets.reduce((all, { count }) => all + count, 0)

test('a clock of the year 9999 does not stop a timeline', async () => {
  const server = await filled()
  const table = (q: string) => server.get<Table>(`/v1/search?q=${encodeURIComponent(q)}`)
  for (const [q, inside, outside] of [
    ['last:1h | timeline 5m', 8, 1],
    ['| timeline 1h', 8, 3],
    ['last:1h | timeline 5s', 6, 3],
  ] as const) {
    const { rows, ...answer } = await table(q)
    expect(
      rows.reduce((all, [, count]) => all + count, 0),
      q,
    ).toBe(inside)
    expect(answer.outside, q).toBe(outside)
  }
  const refused = await server.fetch(`/v1/search?q=${encodeURIComponent('last:30d | timeline 1s')}`)
  expect(refused.status).toBe(400)
  expect(await refused.text()).toMatch(/more than 1000 steps from .* take a longer step, or a narrower time/)
})

test('a histogram reaches as far as clocks can be believed, and counts the others apart', async () => {
  const server = await filled()
  const whole = await server.get<Histogram>('/v1/histogram?by=outcome')
  expect(Date.parse(whole.from)).toBeGreaterThan(Date.now() - 2 * HOUR)
  expect(Date.parse(whole.to)).toBeLessThan(Date.now() + 2 * HOUR)
  expect([whole.before, sum(whole), whole.after]).toEqual([2, 8, 1])
  expect(whole.values).toEqual([{ value: 'success', count: 8 }])
  const asked = await server
    .get<Histogram>('/v1/histogram?from=0001-01-01T00:00:00Z&step=3155760')
    .catch((error: unknown) => String(error))
  expect(asked).toMatch(/longer step/)
})

test.each([
  'last=1h',
  `from=${ago(HOUR)}`,
  `q=ts:>=${ago(HOUR)}`,
  'q=a.b last:1h',
  'from=0001-01-01T00:00:00Z',
  'to=9999-12-31T23:59:59Z',
  '',
])('the buckets of a histogram and what lies outside are all matches: %s', async (query) => {
  const server = await filled()
  const histogram = await server.get<Histogram>(`/v1/histogram?${query}`)
  const { total } = await server.get<{ total: { count: number } }>(`/v1/search?count=true&limit=1&${query}`)
  expect(sum(histogram) + histogram.before + histogram.after).toBe(total.count)
  if (query.includes('1h')) expect(sum(histogram)).toBe(8)
  for (const time of [histogram, ...histogram.buckets].flatMap(({ from, to }) => [from, to]))
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT/)
})

test('who asks for a time that no clock should show gets it', async () => {
  const server = await filled()
  const far = await server.get<Histogram>('/v1/histogram?from=9000-01-01T00:00:00Z')
  expect([sum(far), far.after]).toEqual([1, 0])
  const early = await server.get<Histogram>('/v1/histogram?to=1971-01-01T00:00:00Z')
  expect([sum(early), early.before]).toEqual([2, 0])
})
