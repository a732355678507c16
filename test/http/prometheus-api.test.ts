/** Prometheus' HTTP API over counts, asked as its clients ask. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { tokenFor } from '../support/api-key.ts'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'

const run = promisify(execFile)
/** Noon of a day; records lie in the hour before. */
const NOON = Date.UTC(2026, 2, 28, 12) / 1000
const MINUTE = 60

/** One record a minute: every other one of `shop`, every fifth failed, by seven actors; one without an environment. */
const RECORDS = Array.from({ length: 60 }, (_, i) => ({
  timestamp: new Date((NOON - (i + 1) * MINUTE) * 1000).toISOString(),
  service: i % 2 === 0 ? 'shop' : 'pay',
  ...(i < 59 && { environment: 'live' }),
  action: 'order.placed',
  outcome: i % 5 === 0 ? 'failure' : 'success',
  actor: { type: 'user', id: `u-${i % 7}` },
  targets: [{ type: 'order', id: `o-${i}` }],
  labels: { team: i < 30 ? 'core' : 'edge' },
  response: { status: i % 5 === 0 ? 503 : 200 },
  message: `number ${i}`,
}))

interface Answer {
  readonly status: 'success' | 'error'
  readonly errorType?: string
  readonly error?: string
  readonly warnings?: readonly string[]
  readonly data: {
    readonly resultType: string
    readonly result: readonly {
      metric: Record<string, string>
      value: [number, string]
      values: [number, string][]
    }[]
  }
}

async function filled(): Promise<TestServer> {
  const server = await testServer()
  await server.post('/v1/events?wait=index', RECORDS)
  return server
}

async function ask(
  server: TestServer,
  path: string,
  parameters: Record<string, string>,
  token = ADMIN_TOKEN,
) {
  const response = await server.fetch(`${path}?${new URLSearchParams(parameters).toString()}`, { token })
  return { status: response.status, body: (await response.json()) as Answer }
}

/** `{labels} value` of each series at noon, in the order of the answer. */
async function instant(server: TestServer, query: string, time = NOON): Promise<string[]> {
  const { body } = await ask(server, '/api/v1/query', { query, time: String(time) })
  if (body.status === 'error') throw new Error(body.error)
  if (body.data.resultType === 'scalar') return [(body.data.result as unknown as [number, string])[1]]
  return body.data.result.map(({ metric, value }) => `${JSON.stringify(metric)} ${value[1]}`)
}

test('records are counted by time, by label and by matcher', async () => {
  const server = await filled()
  const cases: [string, string[]][] = [
    ['sum(trailproof_events)', ['{} 60']],
    ['sum(count_over_time(trailproof_events[1h]))', ['{} 60']],
    ['sum(count_over_time(trailproof_events[10m]))', ['{} 10']],
    ['sum(increase(trailproof_events[10m] offset 55m))', ['{} 5']],
    ['sum(rate(trailproof_events[10m]))', [`{} ${10 / 600}`]],
    ['sum(trailproof_events offset 30m)', ['{} 30']],
    ['sum by (outcome) (trailproof_events)', ['{"outcome":"success"} 48', '{"outcome":"failure"} 12']],
    ['sum(trailproof_events{outcome="failure"})', ['{} 12']],
    ['sum(trailproof_events{outcome!="failure"})', ['{} 48']],
    ['sum(trailproof_events{outcome=~"fail.*|nothing"})', ['{} 12']],
    ['sum(trailproof_events{outcome=~"fail"})', ['{} 0']],
    ['sum(trailproof_events{outcome!~".+"})', ['{} 0']],
    ['sum(trailproof_events{environment=""})', ['{} 1']],
    ['sum(trailproof_events{environment!=""})', ['{} 59']],
    ['sum(trailproof_events{environment=~"test|"})', ['{} 1']],
    ['sum(trailproof_events{actor="u-3"})', ['{} 9']],
    ['sum(trailproof_events{"actor.id"="u-3",ledger="main"})', ['{} 9']],
    ['sum(trailproof_events{labels_team="core"})', ['{} 30']],
    ['sum(trailproof_events{q="response.status:>=500 message:number"})', ['{} 12']],
    ['sum by (status) (trailproof_events{actor="u-0"})', ['{"status":"503"} 2', '{"status":"200"} 7']],
    ['count(count_over_time(trailproof_events[1h]))', ['{} 5']],
    [
      'topk(2, sum by (actor) (trailproof_events{q="labels.team:core"}))',
      ['{"actor":"u-0"} 5', '{"actor":"u-1"} 5'],
    ],
    ['sum by (environment) (trailproof_events) > 29', ['{"environment":"live"} 59']],
    ['sum by (environment) (trailproof_events{environment=""})', ['{} 1']],
    ['sum by (environment) (trailproof_events) > bool 29', ['{"environment":"live"} 1', '{} 0']],
    [
      'sum by (service) (trailproof_events{outcome="failure"}) / sum by (service) (trailproof_events)',
      ['{"service":"shop"} 0.2', '{"service":"pay"} 0.2'],
    ],
    ['sum(trailproof_events{service="none"})', ['{} 0']],
    ['absent(trailproof_events{service="none",outcome=~"x.*"})', ['{"service":"none"} 1']],
    ['absent(sum(trailproof_events{service="none"}) > 0)', ['{} 1']],
    ['round(sum(trailproof_events) + 2.5)', ['{} 63']],
    ['round(sum(trailproof_events), 25)', ['{} 50']],
    ['sum by (service) (trailproof_events{service="none"}) or vector(7)', ['{} 7']],
    ['1 + 2 * 3', ['7']],
    ['scalar(sum(trailproof_events)) / 2', ['30']],
    ['-sum(trailproof_events)', ['{} -60']],
    ['0 / 0', ['NaN']],
    ['1 / 0', ['+Inf']],
    ['min(sum by (outcome) (trailproof_events)) + max(sum by (outcome) (trailproof_events))', ['{} 60']],
  ]
  for (const [query, expected] of cases)
    expect((await instant(server, query)).toSorted(), query).toEqual(expected.toSorted())

  // Without an aggregation series are told apart by the fields that the index counts.
  expect(
    (await instant(server, 'trailproof_events{service="shop",outcome="failure"}')).map((one) =>
      JSON.parse(one.split(' ')[0]!),
    ),
  ).toEqual([
    {
      __name__: 'trailproof_events',
      ledger: 'main',
      kind: 'trail',
      service: 'shop',
      action: 'order.placed',
      outcome: 'failure',
      actor_type: 'user',
      environment: 'live',
    },
  ])
})

test('a range has a value for each step, and windows that add up to the whole', async () => {
  const server = await filled()
  const range = { start: String(NOON - 3600), end: String(NOON), step: '600' }
  const counts = async (query: string) => {
    const { body } = await ask(server, '/api/v1/query_range', { query, ...range })
    expect(body).toMatchObject({ status: 'success', data: { resultType: 'matrix' } })
    return body.data.result.map(({ metric, values }) => [metric, values.map(([, value]) => Number(value))])
  }
  const steps = [0, 10, 10, 10, 10, 10, 10]
  expect(await counts('sum(increase(trailproof_events[10m]))')).toEqual([[{}, steps]])
  expect(await counts('sum(trailproof_events)')).toEqual([[{}, [0, 10, 20, 30, 40, 50, 60]]])
  // Longer than the step: windows overlap.
  expect(await counts('sum(increase(trailproof_events[25m]))')).toEqual([[{}, [0, 10, 20, 25, 25, 25, 25]]])
  expect(await counts('sum by (outcome) (increase(trailproof_events{outcome="failure"}[10m]))')).toEqual([
    [{ outcome: 'failure' }, [2, 2, 2, 2, 2, 2]],
  ])
  expect(await counts('7')).toEqual([[{}, steps.map(() => 7)]])
  expect(await counts('sum(trailproof_events) > 25')).toEqual([[{}, [30, 40, 50, 60]]])
  // Steps that no clock has, in a form.
  const form = new URLSearchParams({
    query: 'sum(increase(trailproof_events{actor=~"u-.*"}[7m]))',
    start: new Date((NOON - 3000.5) * 1000).toISOString(),
    end: String(NOON - 0.5),
    step: '421s',
  })
  const response = await server.fetch('/api/v1/query_range', {
    method: 'POST',
    body: form.toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  const { data } = (await response.json()) as Answer
  expect(data.result[0]!.values).toHaveLength(8)
  expect(data.result[0]!.values.every(([, value]) => Number(value) === 7)).toBe(true)
})

test('a range is what each of its moments is', async () => {
  const server = await filled()
  const queries = [
    'sum by (service) (increase(trailproof_events{outcome="failure"}[3m]))',
    'sum by (actor) (rate(trailproof_events[100s])) > 0.005',
    'topk(2, sum by (actor, outcome) (increase(trailproof_events[8m] offset 90s)))',
    'sum(increase(trailproof_events[5m])) == 5 or sum by (service) (trailproof_events)',
    'sum by (service) (trailproof_events) unless sum by (service) (increase(trailproof_events[70s]))',
    'count by (outcome) (count_over_time(trailproof_events[7m])) * 2 ^ scalar(sum(rate(trailproof_events[1m])))',
    'avg without (service, kind) (trailproof_events{environment="live"})',
  ]
  const [start, step, count] = [NOON - 3700, 331, 13]
  for (const query of queries) {
    const end = start + (count - 1) * step
    const { body } = await ask(server, '/api/v1/query_range', {
      query,
      start: `${start}`,
      end: `${end}`,
      step: `${step}`,
    })
    for (let at = start; at <= end; at += step) {
      const slice = body.data.result.flatMap(({ metric, values }) => {
        const point = values.find(([time]) => time === at)
        return point ? [`${JSON.stringify(metric)} ${point[1]}`] : []
      })
      expect(slice.toSorted(), `${query} at ${at}`).toEqual((await instant(server, query, at)).toSorted())
    }
  }
})

test('Grafana’s calls: build information, labels, values, series, metadata', async () => {
  const server = await filled()
  const get = (path: string) => server.get<{ data: unknown }>(path).then(({ data }) => data)
  expect(await get('/api/v1/status/buildinfo')).toMatchObject({ application: 'Trailproof' })
  expect(await get('/api/v1/labels')).toEqual(
    expect.arrayContaining(['__name__', 'ledger', 'service', 'actor_id']),
  )
  expect(await get('/api/v1/label/__name__/values')).toEqual(['trailproof_events'])
  expect(await get('/api/v1/label/service/values')).toEqual(['pay', 'shop'])
  const some = new URLSearchParams({
    'match[]': 'trailproof_events{service="shop"}',
    start: String(NOON - 300),
    end: String(NOON),
  })
  expect(await get(`/api/v1/label/actor/values?${some.toString()}`)).toEqual(['u-0', 'u-2', 'u-4'])
  expect(await get('/api/v1/label/unheard_of/values')).toEqual([])
  expect(await get('/api/v1/label/ledger/values')).toContain('main')
  expect(await get(`/api/v1/series?${some.toString()}`)).toEqual([
    expect.objectContaining({ service: 'shop', outcome: 'failure' }),
    expect.objectContaining({ service: 'shop', outcome: 'success' }),
  ])
  expect(await get('/api/v1/metadata')).toMatchObject({ trailproof_events: [{ type: 'counter' }] })
  expect(await instant(server, '1+1')).toEqual(['2'])
})

test('what is not supported, or too much, is an error that says so in Prometheus’ words', async () => {
  const server = await filled()
  const cases: [Record<string, string>, number, RegExp][] = [
    [{}, 400, /required property 'query'/],
    [{ query: 'sum(' }, 400, /parse error/],
    [{ query: 'up' }, 400, /no metric up/],
    [{ query: 'trailproof_events{servce="x"}' }, 400, /no label servce; did you mean service/],
    [{ query: 'trailproof_events{message="x"}' }, 400, /message is no label/],
    [{ query: 'trailproof_events{status=~"5.."}' }, 400, /q="response.status:>=500"/],
    [{ query: 'trailproof_events{action=~"("}' }, 400, /not a regular expression/],
    [{ query: 'trailproof_events{q="actr:u-1"}' }, 400, /q: .*actr/],
    [{ query: 'trailproof_events{ledger=~"m.*"}' }, 400, /ledger takes =/],
    [{ query: 'trailproof_events{ledger="main"} + trailproof_events{ledger="other"}' }, 400, /one ledger/],
    [{ query: 'trailproof_events', time: 'noon' }, 400, /valid timestamp/],
    [{ query: 'trailproof_events', timeout: '-1s' }, 400, /valid duration/],
    [
      {
        query:
          'sum by (kind) (trailproof_events) * sum by (service) (trailproof_events{environment=""}) > (1)',
      },
      200,
      /^$/,
    ],
    [{ query: 'trailproof_events * on (kind) trailproof_events' }, 422, /many-to-one/],
  ]
  for (const [parameters, status, message] of cases) {
    const { body, status: answered } = await ask(server, '/api/v1/query', parameters)
    expect([answered, body.error ?? ''], JSON.stringify(parameters)).toEqual([
      status,
      expect.stringMatching(message),
    ])
    if (status === 400) expect(body).toMatchObject({ status: 'error', errorType: 'bad_data' })
  }
  const range = { query: 'sum(trailproof_events)', start: '0', end: '11001', step: '1' }
  expect((await ask(server, '/api/v1/query_range', range)).body.error).toMatch(
    /maximum resolution of 11,000 points/,
  )
  expect((await ask(server, '/api/v1/query_range', { ...range, end: '10000' })).status).toBe(200)
  expect((await ask(server, '/api/v1/query_range', { ...range, start: '20000' })).body.error).toMatch(
    /must not be before/,
  )
  expect((await ask(server, '/api/v1/query_range', { ...range, step: '0' })).body.error).toMatch(
    /valid duration/,
  )
})

test('the number of series is bounded', async () => {
  const server = await testServer()
  const records = Array.from({ length: 1200 }, (_, i) => ({ action: 'a.b', actor: { id: `u-${i}` } }))
  await server.post('/v1/events?wait=index', records)
  const query = 'sum by (actor) (trailproof_events)'
  const refused = await ask(server, '/api/v1/query', { query })
  expect([refused.status, refused.body.errorType]).toEqual([422, 'execution'])
  expect(
    await instant(server, 'sum by (actor) (trailproof_events{actor=~"u-1."})', Date.now() / 1000),
  ).toHaveLength(10)
  // A limit that the client names is a warning.
  const limited = await ask(server, '/api/v1/query', {
    query: 'sum by (actor) (trailproof_events{actor=~"u-1."})',
    limit: '3',
  })
  expect(limited.body.data.result).toHaveLength(3)
  expect(limited.body.warnings).toEqual(['results truncated due to limit'])
})

test('a key counts what it may read, and each query is recorded once however often a dashboard asks', async () => {
  const server = await filled()
  await server.post('/v1/ledgers', { name: 'acme' })
  const acme = await tokenFor(server, { scopes: ['read'], ledger: 'acme' })
  const ingest = await tokenFor(server, { scopes: ['ingest'] })
  const query = 'sum(trailproof_events)'
  expect((await ask(server, '/api/v1/query', { query, ledger: 'main' }, acme)).status).toBe(403)
  expect(
    (await ask(server, '/api/v1/query', { query: 'sum(trailproof_events{ledger="main"})' }, acme)).status,
  ).toBe(403)
  expect((await ask(server, '/api/v1/query', { query }, acme)).body.data.result[0]!.value[1]).toBe('0')
  expect((await ask(server, '/api/v1/query', { query }, ingest)).status).toBe(403)
  expect((await server.fetch('/api/v1/query?query=1', { token: '' })).status).toBe(401)
  const ledgers = (await ask(server, '/api/v1/label/ledger/values', {}, acme)).body.data as unknown
  expect(ledgers).toEqual(['acme'])

  const end = Date.now() / 1000
  for (const later of [0, 15, 30])
    await ask(server, '/api/v1/query_range', {
      query,
      start: String(end + later - 3600),
      end: String(end + later),
      step: '60',
    })
  await ask(server, '/api/v1/query', { query: '1 + 1' })
  const { size } = await server.get<{ size: number }>('/v1/ledgers/main.access')
  const { records } = await server.get<{ records: { action: string; metadata: { asked: unknown } }[] }>(
    `/v1/search?ledger=main.access&min_index=${size - 1}&q=action:access.query`,
  )
  expect(records.map(({ metadata }) => metadata.asked)).toEqual([
    { query, range_seconds: 3600, ledger: 'main' },
  ])
})

test('promtool asks as it asks a Prometheus', async () => {
  const server = await filled()
  const url = server.url.replace('://', `://any:${ADMIN_TOKEN}@`)
  const asked = [
    'query',
    'instant',
    '--format=json',
    `--time=${NOON}`,
    url,
    'sum by (outcome) (count_over_time(trailproof_events[1h])) > 20',
  ]
  expect(JSON.parse((await run('promtool', asked)).stdout)).toEqual([
    { metric: { outcome: 'success' }, value: [NOON, '48'] },
  ])
  const range = [
    'query',
    'range',
    '--format=json',
    `--start=${NOON - 1800}`,
    `--end=${NOON}`,
    '--step=10m',
    url,
    'sum(rate(trailproof_events[10m])) * 600',
  ]
  const [series] = JSON.parse((await run('promtool', range)).stdout) as { values: [number, string][] }[]
  expect(series!.values.map(([, value]) => Math.round(Number(value)))).toEqual([10, 10, 10, 10])
  const labels = await run('promtool', ['query', 'labels', url, 'service'])
  expect(labels.stdout.trim().split('\n')).toEqual(['pay', 'shop'])
  const found = await run('promtool', [
    'query',
    'series',
    '--format=json',
    '--match=trailproof_events{service="shop"}',
    url,
  ])
  expect(JSON.parse(found.stdout)).toHaveLength(2)
  const refused = run('promtool', ['query', 'instant', url, 'histogram_quantile(0.9, trailproof_events)'])
  await expect(refused).rejects.toMatchObject({
    stderr: expect.stringContaining('histogram_quantile is not supported'),
  })
})
