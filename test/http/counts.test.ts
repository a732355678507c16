import { expect, test } from 'vitest'
import { testServer } from '../support/test-server.ts'

const at = (hour: number) => new Date(Date.UTC(2026, 2, 28, hour)).toISOString()

/** Two days around the night in which Berlin's clocks go forward: 29 March 2026, 01:00 UTC. */
const RECORDS = Array.from({ length: 48 }, (_, hour) => ({
  timestamp: at(hour),
  service: hour % 2 === 0 ? 'pay-api' : 'user-api',
  action: hour % 3 === 0 ? 'order.placed' : 'order.shipped',
  outcome: hour % 4 === 0 ? 'failure' : 'success',
  actor: { type: 'user', id: `u-${hour % 5}` },
  targets: [{ type: 'order', id: `o-${hour}` }],
  labels: { team: hour % 2 === 0 ? 'core' : 'edge' },
  metadata: { order: { total: hour } },
}))

interface Histogram {
  readonly step_seconds: number
  readonly buckets: readonly { from: string; to: string; count: number; by?: Record<string, number> }[]
  readonly complete: boolean
  readonly sampled: number | null
  readonly values?: readonly { value: string; count: number }[]
}

interface Facets {
  readonly facets: readonly {
    field: string
    values: { value: string; count: number }[]
    sampled: number | null
  }[]
}

async function filled() {
  const server = await testServer()
  await server.post('/v1/events?wait=index', RECORDS)
  return server
}

test('a histogram counts by time and by a field, in hours of the clock', async () => {
  const server = await filled()
  const whole = await server.get<Histogram>(`/v1/histogram?from=${at(0)}&to=${at(48)}&buckets=8&by=outcome`)
  expect(whole.step_seconds).toBe(6 * 3600)
  expect(whole.buckets.map(({ count }) => count)).toEqual([6, 6, 6, 6, 6, 6, 6, 6])
  expect(whole.buckets[0]!.by).toEqual({ success: 4, failure: 2 })
  expect(whole.values).toEqual([
    { value: 'success', count: 36 },
    { value: 'failure', count: 12 },
  ])
  const some = await server.get<Histogram>('/v1/histogram?q=actor:u-1 team&buckets=4')
  expect(some.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(0)
  const words = await server.get<Histogram>('/v1/histogram?q=edge actor:u-1&buckets=4')
  expect(words.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(5)
})

test('days are those of the time zone, also when its clocks change', async () => {
  const server = await filled()
  const { buckets } = await server.get<Histogram>('/v1/histogram?step=86400&tz=Europe/Berlin')
  // 28 March until 23:00 UTC, 29 March of 23 hours, and what is left of 48 hours.
  expect(buckets.map(({ count }) => count)).toEqual([23, 23, 2])
  expect(buckets[1]!.from).toBe('2026-03-28T23:00:00.000Z')
  expect(buckets[2]!.from).toBe('2026-03-29T22:00:00.000Z')
})

test('facets count core fields from the index, and others from records', async () => {
  const server = await filled()
  const { facets } = await server.get<Facets>('/v1/facets?q=outcome:failure&fields=service,actor,labels.team')
  expect(facets[0]).toMatchObject({
    field: 'service',
    values: [{ value: 'pay-api', count: 12 }],
    sampled: null,
  })
  expect(facets[1]!.values).toHaveLength(5)
  expect(facets[2]).toMatchObject({
    field: 'labels.team',
    values: [{ value: 'core', count: 12 }],
    sampled: 12,
  })
})

test('pipes make tables', async () => {
  const server = await filled()
  const table = async (q: string) => {
    const { columns, rows } = await server.get<{ columns: string[]; rows: unknown[][] }>(
      `/v1/search?q=${encodeURIComponent(q)}`,
    )
    return [columns, ...rows]
  }
  expect(await table('* | count')).toEqual([['count'], [48]])
  expect(await table('| count by outcome,service')).toEqual([
    ['outcome', 'service', 'count'],
    ['success', 'user-api', 24],
    ['failure', 'pay-api', 12],
    ['success', 'pay-api', 12],
  ])
  expect(await table('outcome:failure | top 2 actor')).toEqual([
    ['actor.id', 'count'],
    ['u-0', 3],
    ['u-4', 3],
  ])
  expect(await table('| timeline 1d by action')).toEqual([
    ['time', 'action', 'count'],
    ['2026-03-28T00:00:00.000Z', 'order.shipped', 16],
    ['2026-03-28T00:00:00.000Z', 'order.placed', 8],
    ['2026-03-29T00:00:00.000Z', 'order.shipped', 16],
    ['2026-03-29T00:00:00.000Z', 'order.placed', 8],
  ])
  const { records } = await server.get<{ records: Record<string, unknown>[] }>(
    `/v1/search?limit=2&q=${encodeURIComponent('| sort metadata.order.total desc | fields metadata.order.total,actor')}`,
  )
  expect(records).toMatchObject([
    { 'metadata.order.total': 47, 'actor.id': 'u-2' },
    { 'metadata.order.total': 46, 'actor.id': 'u-1' },
  ])
})

test('says which fields there are, and which values begin with a text', async () => {
  const server = await filled()
  const { fields, found } = await server.get<{
    fields: { name: string }[]
    found: { name: string; records: number }[]
  }>('/v1/fields')
  expect(fields.map(({ name }) => name)).toContain('actor.id')
  expect(found).toEqual([
    { name: 'labels.team', records: 48 },
    { name: 'metadata.order.total', records: 48 },
  ])
  const values = async (path: string) =>
    (await server.get<{ values: { value: string }[] }>(`/v1/fields/${path}`)).values.map(({ value }) => value)
  expect(await values('service/values?prefix=pay')).toEqual(['pay-api'])
  expect(await values('target/values?prefix=o-4')).toHaveLength(9)
  expect(await values('labels.team/values')).toEqual(['core', 'edge'])
  expect((await server.fetch('/v1/fields/nope/values')).status).toBe(400)
})

test('counts the matches of a search, exactly where the index can', async () => {
  const server = await filled()
  const total = async (q: string) =>
    (await server.get<{ total: unknown }>(`/v1/search?limit=1&count=true&q=${encodeURIComponent(q)}`)).total
  expect(await total('outcome:failure')).toEqual({ count: 12, capped: false })
  expect(await total('metadata.order.total:>=40')).toEqual({ count: 8, capped: false })
})

test('refuses pipes, which would change nothing', async () => {
  const server = await filled()
  for (const path of [
    'histogram?',
    'facets?',
    'fields/service/values?',
    'targets/order/o-1/history?',
    'actors/u-1/history?',
    'tail?',
  ]) {
    const response = await server.fetch(`/v1/${path}q=${encodeURIComponent('service:pay-api | sort ts')}`)
    expect(response.status, path).toBe(400)
    expect(await response.json(), path).toMatchObject({
      type: 'urn:trailproof:problem:bad-query',
      detail: expect.stringMatching(/takes no pipe, not sort: ask \/v1\/search/) as string,
    })
  }
})

test.each([
  [`histogram?from=${at(2)}&to=${at(1)}`, 'to: is before from'],
  [`histogram?from=${at(2)}&last=1h`, 'last: stands instead of from'],
  ['histogram?by=labels', 'labels has members; name one of them'],
  ['facets?fields=service,labels', 'labels has members; name one of them'],
  ['fields/labels/values', 'labels has members; name one of them'],
  ['histogram?by=service,action', 'one field is expected'],
  ['facets?fields="labels.x', 'closing quotation mark'],
  ['histogram?step=1x', 'expected a duration such as 30s, 5m, 1h or 1d, or seconds'],
  ['histogram?step=0', 'expected a duration'],
])('refuses %s', async (path, detail) => {
  const server = await testServer()
  const response = await server.fetch(`/v1/${path}`)
  expect(response.status).toBe(400)
  expect(await response.text()).toContain(detail)
})

test('takes quoted names and a step in words', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', [
    { timestamp: at(0), action: 'a.b', labels: { 'cost centre': '4711', 'of, and': 'x' } },
    { timestamp: at(1), action: 'a.b', labels: { 'cost centre': '4712' } },
  ])
  const name = encodeURIComponent('"labels.cost centre"')
  const { facets } = await server.get<Facets>(`/v1/facets?fields=action,${name}`)
  expect(facets.map(({ field, values }) => [field, values.length])).toEqual([
    ['action', 1],
    ['labels.cost centre', 2],
  ])
  const { rows } = await server.get<{ rows: unknown[] }>(
    `/v1/search?q=${encodeURIComponent('| count by "labels.of, and",action')}`,
  )
  expect(rows).toEqual([['x', 'a.b', 1]])
  const hours = await server.get<Histogram>(`/v1/histogram?by=${name}&step=1h`)
  expect(hours.step_seconds).toBe(3600)
  expect(hours.buckets.map(({ by }) => by)).toEqual([{ '4711': 1 }, { '4712': 1 }])
  expect((await server.get<Histogram>('/v1/histogram?step=3600')).step_seconds).toBe(3600)
})
