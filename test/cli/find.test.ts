import { expect, test } from 'vitest'
import { type CommandLine, commandLine } from './running-server.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString()
const span = (n: number) => n.toString(16).padStart(16, '0')

const TRAIL = [
  { service: 'gateway', action: 'POST /orders', outcome: 'failure', span_id: span(1), latency_ms: 400 },
  {
    service: 'orders',
    action: 'POST /internal',
    outcome: 'failure',
    span_id: span(2),
    parent_span_id: span(1),
    latency_ms: 300,
  },
  {
    service: 'payments',
    action: 'POST /pay',
    outcome: 'denied',
    span_id: span(3),
    parent_span_id: span(2),
    latency_ms: 100,
  },
  { service: 'mail', action: 'POST /mails', outcome: 'success', span_id: span(9), parent_span_id: span(7) },
].map((record, i) => ({ kind: 'trail', timestamp: at(i * 100), trace_id: TRACE, ...record }))

const CHANGES = [0, 1].map((i) => ({
  action: 'account.updated',
  outcome: 'success',
  timestamp: at(1000 + i),
  actor: { type: 'user', id: 'u-9' },
  targets: [{ type: 'account', id: 'acc/17' }],
  reason: 'asked by phone',
  changes: [
    { path: '/limits', old: { daily: i }, new: { daily: i + 1 } },
    { path: '/note', new: 'two\u001b[31m words, =1+1' },
  ],
}))

async function filled(): Promise<CommandLine> {
  const cli = await commandLine()
  await cli.server.post('/v1/events?wait=index', [...TRAIL, ...CHANGES])
  return cli
}

test('search counts, ranks and lists by the pipes of its query', async () => {
  const cli = await filled()
  expect(await cli.json(['search', 'outcome:failure | count'])).toEqual([{ count: 2 }])
  expect(await cli.json(['search', '| top 2 outcome'])).toEqual(
    [
      { outcome: 'failure', count: 2 },
      { outcome: 'success', count: 3 },
    ].toReversed(),
  )
  const table = await cli.run(['search', 'kind:trail | count by outcome'])
  expect(table.stdout).toMatch(/^outcome +count\nfailure +2\ndenied +1\nsuccess +1\n3 rows of ledger main\n$/)
  const lines = await cli.run(['search', 'kind:trail | timeline 1d'])
  expect(lines.stdout).toMatch(/^time +count\n2026-01-01T00:00:00.000Z +4\n/)
  const picked = await cli.run(['search', '--oldest', 'kind:trail | fields service,latency_ms', '-n', '2'])
  expect(picked.stdout).toMatch(/^index +service +latency_ms\n +0 +gateway +400\n +1 +orders +300\n/)
  const sorted = await cli.json<{ latency_ms: number }>(['search', 'has:latency_ms | sort latency_ms'])
  expect(sorted.map((record) => record.latency_ms)).toEqual([100, 300, 400])
})

test('a sorted answer says how much more there is, and is never taken for all', async () => {
  const cli = await filled()
  const two = await cli.run(['search', 'has:latency_ms | sort latency_ms', '--limit', '2'])
  expect(two.stdout).toMatch(/\n2 of 3 that match, up to 1,000 with --limit, of ledger main\n$/)
  const all = await cli.run(['search', '--all', '| sort timestamp'])
  expect([all.code, all.stderr]).toEqual([
    2,
    expect.stringMatching(/at most 1,000 records[\s\S]*leave out sort/),
  ])
})

test('search writes CSV that no spreadsheet runs', async () => {
  const cli = await filled()
  const counts = await cli.run(['search', '--csv', 'kind:trail | top 1 outcome'])
  expect(counts.stdout).toBe('outcome,count\r\nfailure,2\r\n')
  const rows = await cli.run(['search', '--csv', 'account.updated | fields action,changes.new'])
  expect(rows.stdout.split('\r\n')[0]).toBe('index,action,changes.new')
  expect(rows.stdout.split('\r\n')).toHaveLength(4)
  const both = await cli.run(['search', '--csv', '--json'])
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('choose one')])
})

test('times are shown in one zone', async () => {
  const cli = await commandLine()
  const timestamp = '2026-01-02T01:30:00.123456+13:45'
  await cli.server.post('/v1/events?wait=index', { action: 'a.b', timestamp })
  expect((await cli.run(['search'])).stdout).toContain(' 2026-01-01T11:45:00.123Z ')
})

test('search points at what is wrong in a query', async () => {
  const cli = await filled()
  const { code, stderr } = await cli.run(['search', 'outcome:failure', 'servcie:x | top 3 action'])
  expect(code).toBe(6)
  expect(stderr).toContain('  outcome:failure servcie:x | top 3 action\n                  ^^^^^^^')
})

test('trace draws what led to what, with the time of each', async () => {
  const cli = await filled()
  const { stdout } = await cli.run(['trace', TRACE])
  expect(stdout).toMatch(/^trace 4bf9\w+ {2}4 records, 4 services, 400 ms, 3 not successful\n/)
  expect(stdout).toMatch(/\nPOST \/orders +gateway +failure +\+0 ms +400 ms +━{24} /)
  expect(stdout).toMatch(/\n└─ POST \/internal +orders +failure +\+100 ms +300 ms {8}━{18} /)
  expect(stdout).toMatch(/\n {3}└─ POST \/pay +payments +denied +\+200 ms +100 ms /)
  expect(stdout).toMatch(/\n\? POST \/mails +mail +success +\+300 ms .*·/)
  const [trail] = await cli.json<{ records: unknown[] }>(['trace', TRACE])
  expect(trail!.records).toHaveLength(4)
  const none = await cli.run(['trace', 'ff'.repeat(16)])
  expect([none.code, none.stderr]).toEqual([6, expect.stringContaining('no record of trace')])
})

test('history shows what each step changed', async () => {
  const cli = await filled()
  const { stdout } = await cli.run(['history', 'account:acc/17'])
  expect(stdout).toContain(
    [
      '2026-01-01T00:00:01.001Z  entry 5  account.updated  success  user:u-9',
      '    asked by phone',
      '    /limits',
      '    - {',
      '    -   "daily": 1',
      '    - }',
      '    + {',
      '    +   "daily": 2',
      '    + }',
      '    /note',
      '    + two\\u001b[31m words, =1+1', // shown, not obeyed
      '',
    ].join('\n'),
  )
  expect(stdout).toMatch(/2 steps of account:acc\/17 in ledger main\n$/)
  const one = await cli.run(['history', 'account:acc/17', '-n', '1'])
  expect(one.stdout).toMatch(/1 step of .*; there are more: --limit\n$/)
  expect(await cli.json(['history', '--actor', 'u-9', 'action:account.*'])).toHaveLength(2)
  expect((await cli.run(['history', 'acc-17'])).stderr).toMatch(/not a target[\s\S]*account:acc-17/)
})

test('stats shows how much, who and what, and how it ends', async () => {
  const cli = await commandLine()
  const records = Array.from({ length: 20 }, (_, i) => ({
    action: i % 4 === 0 ? 'order.placed' : 'payment.created',
    outcome: i % 10 === 0 ? 'failure' : 'success',
    service: 'shop',
    actor: { type: 'user', id: `u-${i % 12}` },
  }))
  await cli.server.post('/v1/events?wait=index', records)
  const { stdout } = await cli.run(['stats', '--last', '5m'])
  expect(stdout).toMatch(/^ledger main {2}20 entries, all searchable\n/)
  expect(stdout).toMatch(/\n20 records in the last 5m {2}0\.\d\/s {2}success 90\.0 % {2}failure 10\.0 %\n/)
  expect(stdout).toMatch(/\nservice +action +actor\.id \(12\)\nshop +20 +payment\.created +15 +u-\d+ +2\n/)
  const [stats] = await cli.json<{ facets: unknown[] }>(['stats', '--once', 'outcome:failure'])
  expect(stats!.facets).toHaveLength(4)
  expect((await cli.run(['stats', '--last', 'soon'])).code).toBe(2)
  const none = await cli.run(['stats', 'service:none'])
  expect(none.stdout).toBe('ledger main  20 entries, all searchable\n\nno records in the last 15m\n')
})

test('tail shows only what its query asks for', async () => {
  const cli = await filled()
  const tail = await cli.json(['tail', '--from', '0', '-n', '2', 'account.updated', 'changes.path:/limits'])
  expect(tail.map((record) => record['index'])).toEqual([4, 5])
})
