import { expect, test } from 'vitest'
import { exported, ingest, linesOf, serverWith } from '../support/export.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

/** RFC 4180, read by the letter. */
function rowsOf(csv: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let rest = csv
  while (rest !== '') {
    const [whole, quoted, plain, end] = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/.exec(rest)!
    row.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'))
    rest = rest.slice(whole.length)
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}

async function record(server: TestServer, ...records: readonly object[]): Promise<readonly string[]> {
  const { status, body } = await server.post('/v1/events', records)
  expect(status).toBe(200)
  return body.receipts.map(({ id }) => id)
}

test('a CSV has a title row, a row each, and no cell that a spreadsheet would run', async () => {
  const server = await testServer()
  const hostile = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1', ' =1', 'a"b,c\nd', 'a;=1', 'plain']
  await record(server, ...hostile.map((message) => ({ action: 'a.b', message })))
  const response = await server.fetch('/v1/export?format=csv')
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="main-0-11.csv"')
  const text = await response.text()
  const [titles, ...rows] = rowsOf(text)
  expect(titles!.slice(0, 3)).toEqual(['index', 'recorded_at', 'id'])
  const at = titles!.indexOf('message')
  expect(rows.map((row) => row.length)).toEqual(hostile.map(() => titles!.length))
  for (const [i, row] of rows.entries()) {
    const isHarmless = ['a"b,c\nd', 'a;=1', 'plain'].includes(hostile[i]!)
    expect(row[at]).toBe(isHarmless ? hostile[i] : `'${hostile[i]}`)
  }
})

test('a CSV has the columns that are asked for, in the query or beside it', async () => {
  const server = await testServer()
  await record(server, { action: 'a.b', metadata: { amount: 7 }, labels: { '=x': 'y' } })
  for (const query of [
    'fields=metadata.amount,actor.name',
    'q=action:a.b%20%7C%20fields%20metadata.amount,actor.name',
  ]) {
    const [titles, row] = rowsOf(await exported(server, `?format=csv&${query}`))
    expect(titles!.slice(-2)).toEqual(['metadata.amount', 'actor.name'])
    expect(row!.slice(-2)).toEqual(['7', ''])
  }
})

test('CSV and OCSF hold what matches of a range, without cap', async () => {
  const server = await serverWith(12_000)
  const query = 'q=action:payment.*&from_index=1000&to_index=11500'
  expect(rowsOf(await exported(server, `?format=csv&${query}`))).toHaveLength(1 + 3500)
  expect(linesOf(await exported(server, `?format=ocsf&${query}`))).toHaveLength(3500)
  expect(await exported(server, '?format=ocsf&from_index=3&to_index=3')).toBe('')
})

test('OCSF says who did what to what, and keeps the rest under unmapped', async () => {
  const server = await testServer()
  const [id] = await record(server, {
    action: 'user.login',
    outcome: 'denied',
    severity: 'warn',
    reason: 'wrong password',
    timestamp: '2026-01-02T03:04:05.678Z',
    service: 'auth',
    actor: {
      type: 'user',
      id: 'u-1',
      name: 'Ada',
      email: 'ada@example.com',
      roles: ['ops'],
      auth: { mfa: true },
    },
    targets: [{ type: 'account', id: 'a-1' }],
    source: { ip: '192.0.2.1', user_agent: 'curl' },
    trace_id: 't-1',
    labels: { team: 'x' },
    metadata: { tries: 3 },
  })
  const [event] = linesOf(await exported(server, '?format=ocsf')).map((line) => JSON.parse(line) as object)
  expect(event).toMatchObject({
    category_uid: 3,
    class_uid: 3002,
    activity_id: 1,
    type_uid: 300_201,
    time: Date.parse('2026-01-02T03:04:05.678Z'),
    severity_id: 3,
    status_id: 2,
    status_detail: 'wrong password',
    metadata: {
      version: '1.9.0',
      uid: id,
      product: { vendor_name: 'Trailproof', name: 'auth' },
      labels: ['team:x'],
    },
    user: { uid: 'u-1', name: 'Ada', email_addr: 'ada@example.com', type_id: 1 },
    is_mfa: true,
    service: { name: 'auth' },
    src_endpoint: { ip: '192.0.2.1' },
    trace: { uid: 't-1' },
    unmapped: { ledger: 'main', index: 0, metadata: { tries: 3 }, targets: [{ type: 'account', id: 'a-1' }] },
  })
})

test('OCSF says of a request what was called, and how it ended', async () => {
  const server = await testServer()
  await record(server, {
    kind: 'trail',
    action: 'POST /orders',
    service: 'shop',
    host: 'h-1',
    request_id: 'r-1',
    outcome: 'failure',
    targets: [{ type: 'order', id: 'o-1', name: 'Order' }],
    request: { method: 'POST', url: '/orders?x=1' },
    response: { status: 502 },
    latency_ms: 12,
  })
  const [event] = linesOf(await exported(server, '?format=ocsf')).map((line) => JSON.parse(line) as object)
  expect(event).toMatchObject({
    class_uid: 6003,
    activity_id: 1,
    metadata: { profiles: ['host'] },
    api: { operation: 'POST /orders', request: { uid: 'r-1' }, service: { name: 'shop' } },
    resources: [{ type: 'order', uid: 'o-1', name: 'Order' }],
    http_request: { http_method: 'POST', url: { url_string: '/orders?x=1' } },
    http_response: { code: 502 },
    device: { hostname: 'h-1' },
    duration: 12,
    status_id: 2,
  })
})

test('every action gets a class and an activity of OCSF', async () => {
  const server = await testServer()
  const actions = [
    'order.created',
    'order.viewed',
    'user.updated',
    'key.revoked',
    'user.logout',
    'cache.warmed',
  ]
  await record(server, ...actions.map((action) => ({ action })))
  const events = linesOf(await exported(server, '?format=ocsf')).map(
    (line) => JSON.parse(line) as Record<string, number>,
  )
  expect(events.map((event) => [event['class_uid'], event['activity_id'], event['type_uid']])).toEqual([
    [6003, 1, 600_301],
    [6003, 2, 600_302],
    [6003, 3, 600_303],
    [6003, 4, 600_304],
    [3002, 2, 300_202],
    [6003, 99, 600_399],
  ])
})

test('what was erased is left out of CSV and OCSF, which say so', async () => {
  const server = await testServer()
  const ids = await ingest(server, 3)
  const body = { ids: [ids[1]], authority: 'GDPR Art. 17', reason: 'asked' }
  expect((await server.post('/v1/erasures', body)).status).toBe(200)
  const [titles, ...rows] = rowsOf(await exported(server, '?format=csv&to_index=3'))
  expect(rows.map((row) => row[titles!.indexOf('actor_id')])).toEqual(['u-0', '', 'u-2'])
  expect(rows.map((row) => row[titles!.indexOf('erased')] !== '')).toEqual([false, true, false])
  const events = linesOf(await exported(server, '?format=ocsf&to_index=3'))
  expect(events.map((line) => line.includes('"erased"'))).toEqual([false, true, false])
})
