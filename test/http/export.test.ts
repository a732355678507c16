import { expect, test } from 'vitest'
import { exported, fileOf, ingest, linesOf, serverWith, verifierKey, verify } from '../support/export.ts'
import { testServer } from '../support/test-server.ts'

test('an export of any range and query is intact, however it is read', async () => {
  const server = await serverWith(1500)
  const key = await verifierKey(server)
  for (const [query, shown, withheld] of [
    ['', 1500, 0],
    ['?from_index=300&to_index=1100', 800, 0],
    ['?from_index=256&to_index=512', 256, 0],
    ['?from_index=1024&to_index=1030', 6, 0],
    ['?from_index=7&to_index=8', 1, 0],
    ['?from_index=5&to_index=5', 0, 0],
    ['?from_index=1499', 1, 0],
    ['?size=1000', 1000, 0],
    ['?q=action:payment.*', 500, 1000],
    ['?q=action:payment.*&from_index=301&to_index=1102', 267, 534],
    ['?action=no.such', 0, 1500],
    ['?q=actor:u-1%20-action:payment.*&last=1h', 200, 1300],
    ['?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z', 1500, 0],
  ] as const) {
    const file = await exported(server, query)
    for (const pieceBytes of [100_000, 7]) {
      const report = await verify(file, [key], pieceBytes)
      expect(report, query).toMatchObject({ verdict: 'intact', shown, withheld, erased: 0, badCount: 0 })
      expect(report.unproven).toEqual([])
    }
  }
})

test('an empty ledger is exported too', async () => {
  const server = await testServer()
  const file = await exported(server)
  expect(linesOf(file)).toHaveLength(2)
  expect(await verify(file, [await verifierKey(server)])).toMatchObject({ verdict: 'intact', size: 0 })
})

test('without a key nothing is proven, with another one everything is broken', async () => {
  const server = await serverWith(10)
  const file = await exported(server)
  expect(await verify(file, [])).toMatchObject({ verdict: 'unproven', badCount: 0 })
  const other = await verifierKey(await testServer())
  expect(await verify(file, [other])).toMatchObject({
    verdict: 'broken',
    firstBad: { line: 1, step: 'checkpoint' },
  })
})

test('what is recorded meanwhile is not in it, and asking again gives the same bytes', async () => {
  const server = await serverWith(3000)
  const response = await server.fetch('/v1/export?q=action:payment.*')
  const reading = response.text()
  await ingest(server, 3000, 3000)
  const file = await reading
  const [size, at] = ['size', 'at'].map((name) => response.headers.get(`x-trailproof-${name}`))
  expect(size).toBe('3000')
  expect(await verify(file, [await verifierKey(server)])).toMatchObject({ verdict: 'intact', shown: 1000 })
  expect(await exported(server, `?q=action:payment.*&size=${size}&at=${at}`)).toBe(file)
})

test('goes on after any mark to the same bytes', async () => {
  const server = await serverWith(5000)
  for (const query of ['q=action:payment.*', 'from_index=1000&to_index=4999']) {
    const response = await server.fetch(`/v1/export?${query}`)
    const file = await response.text()
    const [size, at] = ['size', 'at'].map((name) => response.headers.get(`x-trailproof-${name}`))
    const lines = linesOf(file)
    const marks = lines.flatMap((line, i) => (line.startsWith('{"mark":') ? [i] : []))
    expect(marks.length).toBeGreaterThanOrEqual(4)
    for (const i of marks) {
      const { mark, shown, withheld, erased, mac } = JSON.parse(lines[i]!) as Record<string, string>
      const token = [mark, shown, withheld, erased, mac].join('.')
      const rest = await exported(server, `?${query}&size=${size}&at=${at}&mark=${token}`)
      expect(fileOf(lines.slice(0, i + 1)) + rest).toBe(file)
      const other = await server.fetch(`/v1/export?size=${size}&at=${at}&mark=${token}`)
      expect(other.status).toBe(400)
      expect(await other.json()).toMatchObject({ detail: 'mark: not one of this export; begin it anew' })
    }
  }
})

const refused = [
  ['from_index=11', 'from_index: 11'],
  ['from_index=5&to_index=4', 'from_index: 5'],
  ['to_index=11', 'to_index: 11'],
  ['size=11', 'size: '],
  ['from_index=-1', 'from_index'],
  ['at=yesterday', 'at: '],
  ['from=yesterday', 'from: '],
  ['format=xml', 'format'],
  ['mark=1', 'mark: '],
  ['format=csv&mark=1024.1.0.0.aaaaaaaaaaaaaaaa', 'mark: '],
  ['fields=actor', 'fields: '],
  ['format=csv&fields=acton', 'did you mean action'],
  [`format=csv&fields=${'action,'.repeat(64)}id`, 'fields: at most 64'],
  ['q=action:(', 'at '],
  ['q=a%20%7C%20count', 'count'],
] as const

test('refuses what it cannot do, and names the parameter', async () => {
  const server = await serverWith(10)
  for (const [query, named] of refused) {
    const response = await server.fetch(`/v1/export?${query}`)
    expect(response.status, query).toBe(400)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(((await response.json()) as { detail: string }).detail).toContain(named)
  }
})

test('an export takes the scope read, and of a ledger of reads the scope admin', async () => {
  const server = await serverWith(10)
  await server.get('/v1/search')
  const tokenOf = async (scope: string): Promise<string> =>
    (await server.post('/v1/keys', { name: scope, scopes: [scope] })).body['token'] as string
  const [reader, sender] = [await tokenOf('read'), await tokenOf('ingest')]
  const statusOf = async (path: string, token: string): Promise<number> =>
    (await server.fetch(path, { token })).status
  expect(await statusOf('/v1/export', reader)).toBe(200)
  expect(await statusOf('/v1/export', sender)).toBe(403)
  expect(await statusOf('/v1/export', '')).toBe(401)
  expect(await statusOf('/v1/export?ledger=main.access', reader)).toBe(403)
  expect(await statusOf('/v1/export?ledger=none', reader)).toBe(404)
  const file = await exported(server, '?ledger=main.access')
  expect(await verify(file, [await verifierKey(server, 'main.access')])).toMatchObject({ verdict: 'intact' })
})

test('an export is recorded before its first byte, once for all its parts', async () => {
  const server = await serverWith(2000)
  const response = await server.fetch('/v1/export?action=order.placed&last=1h&from_index=3&format=ndjson')
  const [size, at] = ['size', 'at'].map((name) => response.headers.get(`x-trailproof-${name}`))
  const recorded = async (): Promise<readonly { action: string; metadata: unknown }[]> => {
    const path = '/v1/search?ledger=main.access&action=access.export&min_index=0'
    return (await server.get<{ records: { action: string; metadata: unknown }[] }>(path)).records
  }
  const asked = { q: 'action:order.placed last:1h', format: 'ndjson', from_index: 3, to_index: 2000 }
  expect(await recorded()).toMatchObject([
    { action: 'access.export', actor: { id: 'preset' }, metadata: { asked } },
  ])
  const mark = linesOf(await response.text()).find((line) => line.startsWith('{"mark":'))!
  const { mark: index, shown, withheld, erased, mac } = JSON.parse(mark) as Record<string, string>
  const token = [index, shown, withheld, erased, mac].join('.')
  await exported(server, `?action=order.placed&last=1h&from_index=3&size=${size}&at=${at}&mark=${token}`)
  expect(await recorded()).toHaveLength(1)
  expect((await server.fetch('/v1/export?from_index=9999')).status).toBe(400)
  expect(await recorded()).toHaveLength(1)
})

test('without room to record it an export is refused', async () => {
  const server = await serverWith(10)
  const full = await server.restart({ disk_reserve_mib: 1_000_000_000 })
  expect((await full.fetch('/v1/export')).status).toBe(503)
})

test('the description of the API says what it takes and gives', async () => {
  const server = await testServer()
  type Route = { parameters: { name: string }[]; responses: Record<string, { content?: object }> }
  const { paths } = await server.get<{ paths: Record<string, { get: Route }> }>('/docs/json')
  const { parameters, responses } = paths['/v1/export']!.get
  expect(Object.keys(responses['200']!.content!)).toEqual(['application/x-ndjson', 'text/csv'])
  expect(parameters.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['q', 'format', 'from_index', 'to_index', 'size', 'at', 'mark', 'fields']),
  )
})
