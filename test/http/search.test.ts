import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testServer } from '../support/test-server.ts'

interface Page {
  readonly records: readonly { readonly index: number }[]
  readonly next: string | null
}

const indexesOf = ({ records }: Page): number[] => records.map(({ index }) => index)

const RECORDS = [
  {
    action: 'payment.created',
    outcome: 'success',
    actor: { type: 'user', id: 'u-1' },
    trace_id: 't-1',
    timestamp: '2026-01-01T10:00:00Z',
  },
  {
    action: 'payment.refunded',
    outcome: 'failure',
    actor: { type: 'user', id: 'u-2' },
    trace_id: 't-1',
    timestamp: '2026-01-01T11:00:00Z',
  },
  {
    action: 'user.updated',
    outcome: 'denied',
    actor: { type: 'service', id: 'U-1' },
    targets: [{ type: 'user', id: 'u-1' }],
    timestamp: '2026-01-01T12:00:00+02:00',
  },
  {
    action: 'payment',
    outcome: 'success',
    actor: { type: 'user', id: 'u 1 "quoted"' },
    source: { ip: '10.0.0.7' },
    timestamp: '2026-01-02T00:00:00Z',
  },
]

const FOUND: readonly [string, number[]][] = [
  ['', [3, 2, 1, 0]],
  ['actor=u-1', [2, 0]],
  ['actor=U-1', [2, 0]],
  ['actor=u-', []],
  ['actor=u-*', [2, 1, 0]],
  ['action=payment.*', [1, 0]],
  ['action=payment', [3]],
  ['action=payment*', [3, 1, 0]],
  ['target=u-1', [2]],
  ['target_type=user', [2]],
  ['outcome=denied', [2]],
  ['ip=10.0.0.7', [3]],
  ['trace_id=t-1&outcome=failure', [1]],
  ['q=trace:t-1 outcome:failure', [1]],
  ['q=actor:u-2 OR target:u-1', [2, 1]],
  ['q=-action:payment*', [2]],
  ['q=payment -outcome:failure', [3, 0]],
  ['q="u 1 quoted"', [3]],
  ['q=ip:10.0.0.0/24', [3]],
  ['user_id=u-2', [1]],
  ['result=denied', [2]],
  ['q=has:target', [2]],
  [`actor=${encodeURIComponent('u 1 "quoted"')}`, [3]],
  ['from=2026-01-01T11:00:00Z', [3, 1]],
  ['to=2026-01-01T10:30:00Z', [2, 0]],
  ['from=2026-01-01T10:00:00Z&to=2026-01-01T11:00:00Z&actor_type=user', [0]],
]

test('finds by query and by parameter', async () => {
  const server = await testServer()
  await server.post('/v1/events', RECORDS)
  for (const [query, expected] of FOUND)
    expect.soft(indexesOf(await server.get<Page>(`/v1/search?min_index=3&${query}`)), query).toEqual(expected)
})

const VALUES: readonly [string, number[]][] = [
  ['level=warning', [0]],
  ['level=WARNING', [0]],
  ['severity=>=warn', [1, 0]],
  ['status=5xx', [1]],
  ['status=>=500', [1]],
  ['status=200..299', [0]],
  ['ip=10.0.0.0/8', [0]],
  ['ip_address=10.0.0.0/24', [0]],
  ['ip_address=::ffff:10.0.0.7', [0]],
  ['action=*created', [0]],
  ['action=(payment.created,payment.refunded)', [1, 0]],
  ['user_id=a b', [1]],
  ['user_id=-x', [0]],
  ['resource=x"y', [1]],
  ['resource="x"', [0]],
]

test('a value in a parameter means what it means in the query', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', [
    {
      action: 'payment.created',
      severity: 'warning',
      actor: { id: '-x' },
      source: { ip: '10.0.0.7' },
      response: { status: 201 },
      metadata: { resource: 'x' },
    },
    {
      action: 'payment.refunded',
      severity: 'error',
      actor: { id: 'a b' },
      source: { ip: '192.0.2.1' },
      response: { status: 503 },
      metadata: { resource: 'x"y' },
    },
  ])
  for (const path of ['/v1/search', '/logs'])
    for (const [query, expected] of VALUES)
      expect.soft(indexesOf(await server.get<Page>(`${path}?${query}`)), query).toEqual(expected)
  for (const [query, detail] of [
    ['status=abc', 'status: response.status is a number, not abc'],
    ['severity=>=loud', 'severity: '],
    ['ip=10.0.0.0/99', 'ip: '],
  ] as const) {
    const response = await server.fetch(`/logs?${query}`)
    expect.soft(response.status, query).toBe(400)
    expect.soft(await response.text(), query).toContain(detail)
  }
})

const batch = (size: number) => Array.from({ length: size }, () => ({ action: 'a.b' }))

test('pages skip and repeat nothing while records come in', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', batch(250))
  const seen: number[] = []
  let cursor = ''
  for (let pages = 0; pages < 10; pages++) {
    const page = await server.get<Page>(`/v1/search?action=a.b&limit=40${cursor}`)
    seen.push(...indexesOf(page))
    await server.post('/v1/events?wait=index', batch(30))
    if (!page.next) break
    cursor = `&cursor=${page.next}`
  }
  expect(seen).toEqual(Array.from({ length: 250 }, (_, i) => 249 - i))
})

test('a cursor opens nothing but the query, ledger and key it was made for', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', [{ action: 'a.b' }, { action: 'a.b' }])
  const { next } = await server.get<Page>('/v1/search?action=a.b&limit=1')
  const forged = Buffer.from(next!, 'base64url')
  forged[7]! ^= 1
  const reader = (await server.post('/v1/keys', { name: 'reader', scopes: ['read'] })).body['token'] as string
  for (const [path, token] of [
    [`/v1/search?action=a.c&limit=1&cursor=${next}`, undefined],
    [`/v1/search?limit=1&cursor=${next}`, undefined],
    [`/v1/search?action=a.b&limit=1&cursor=${forged.toString('base64url')}`, undefined],
    [`/v1/search?action=a.b&limit=1&cursor=${next}`, reader],
  ] as const)
    expect((await server.fetch(path, token === undefined ? {} : { token })).status, path).toBe(400)
  expect(indexesOf(await server.get<Page>(`/v1/search?action=a.b&limit=1&cursor=${next}`))).toEqual([0])
})

const REFUSED: readonly [string, string][] = [
  ['q=wat:x', 'wat'],
  ['q=tarce_id:1', 'trace_id'],
  ['q=actor:(u-1', 'closing bracket'],
  ['q=a | top 3', 'name of a field'],
  ['last=5y', 'last'],
  ['from=yesterday', 'from'],
  ['limit=0', 'limit'],
  ['limit=99999', 'limit'],
]

test('says what is wrong with a query', async () => {
  const server = await testServer()
  for (const [query, named] of REFUSED) {
    const response = await server.fetch(`/v1/search?${query}`)
    expect.soft(response.status, query).toBe(400)
    expect.soft(((await response.json()) as { detail: string }).detail, query).toContain(named)
  }
})

test('shows the records of a trace, oldest first', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', RECORDS)
  expect(indexesOf(await server.get<Page>('/v1/trails/t-1'))).toEqual([0, 1])
  expect((await server.fetch('/v1/trails/t-2')).status).toBe(404)
})

test('the index is built again from the ledger', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', RECORDS)
  const response = await server.fetch('/v1/ledgers/main/index/rebuild', { method: 'POST' })
  expect(response.status).toBe(202)
  expect(indexesOf(await server.get<Page>('/v1/search?min_index=3&actor=u-1'))).toEqual([2, 0])
})

test('an index file that cannot be read is put aside and made again', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', RECORDS)
  await server.running.stop()
  for (const name of ['index.db', 'streams.db'])
    writeFileSync(join(server.data, name), 'not a database at all'.repeat(500))
  const again = await server.restart()
  expect(indexesOf(await again.get<Page>('/v1/search?min_index=3&actor=u-1'))).toEqual([2, 0])
  expect(readdirSync(server.data)).toContain('index.db.broken')
})

test.each([
  ['/v1/search?outcom=failure', 'there is no parameter outcom here; did you mean outcome?'],
  ['/v1/histogram?bucket=3', 'there is no parameter bucket here; did you mean buckets?'],
  ['/v1/facets?fields=actr', 'there is no field actr; did you mean actor?'],
  ['/v1/search?limit=1e999', 'limit: too large a number'],
  ['/v1/search?min_index=7', 'min_index 7: ledger main has 0 entries'],
])('%s is refused rather than answered as if it had not been said', async (path, detail) => {
  const server = await testServer()
  const response = await server.fetch(path)
  expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([400, detail])
})

test('members of a body that nothing reads are refused by name', async () => {
  const server = await testServer()
  const key = await server.post('/v1/keys', {
    name: 'a',
    scopes: ['read'],
    expire_at: '2027-01-01T00:00:00Z',
  })
  expect(key).toMatchObject({
    status: 400,
    body: { detail: 'there is no member expire_at here; did you mean expires_at?' },
  })
  expect((await server.post('/v1/search', { qq: 'actor:u-1' })).status).toBe(400)
})

test('a read is recorded also when what was asked holds half a character', async () => {
  const server = await testServer()
  expect((await server.post('/v1/search', '{"q":"message:\\ud800x"}')).status).toBe(200)
})

test('an address that is too long is a problem like others', async () => {
  const server = await testServer()
  const response = await server.fetch(`/v1/events/${'x'.repeat(2000)}`)
  expect([response.status, response.headers.get('content-type')]).toEqual([
    400,
    expect.stringMatching(/^application\/problem\+json/),
  ])
})
