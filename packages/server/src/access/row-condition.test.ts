import { recordMatcher, type SearchedRecord } from '@trailproof/core/query'
import { expect, test } from 'vitest'
import { rowCondition } from './row-condition.ts'

const caller = { id: 'k1', name: 'Till', teams: ['payments', 'fraud'] }
const record = (personal: Record<string, unknown>, core: Record<string, unknown> = {}): SearchedRecord => ({
  core: { kind: 'event', service: 'shop', timestamp: '2026-01-02T00:00:00Z', latency_ms: 30, ...core },
  personal,
  recordedAt: 0,
})
const holds = (source: string, of: SearchedRecord, who = caller): boolean =>
  recordMatcher(rowCondition(source).filterFor(who), { nowMs: 0 })(of)

const own = record({ labels: { team: 'payments', n: 5 }, actor: { id: 'u-1', roles: ['clerk', 'boss'] } })

test.each<[string, boolean]>([
  ['record.labels.team in caller.teams', true],
  ['!(record.labels.team in caller.teams)', false],
  ['record.labels["team"] == "payments"', true],
  ['"payments" == record.labels.team', true],
  ['record.labels.team != "payments"', false],
  ['record.labels.team != "other"', true],
  ['record.labels.team in ["a", "payments"]', true],
  ['record.labels.team.startsWith("pay") && record.service == "shop"', true],
  ['record.labels.team.contains("men") && !record.labels.team.endsWith("x")', true],
  ['"boss" in record.actor.roles', true],
  ['!("boss" in record.actor.roles)', false],
  ['record.latency_ms < 31 && record.latency_ms >= 30', true],
  ['!(record.latency_ms < 31)', false],
  ['31 > record.latency_ms', true],
  ['record.timestamp > "2026-01-01T00:00:00Z"', true],
  ['has(record.actor.id)', true],
  ['!has(record.actor.email)', true],
  ['caller.id == "k1"', true],
  ['caller.name != "Till"', false],
  ['"fraud" in caller.teams && true', true],
  ['"other" in caller.teams || record.actor.id == "nobody"', false],
  ['record.actor.id in []', false],
])('%s is %s', (source, expected) => {
  expect(holds(source, own)).toBe(expected)
})

test('a record that does not say it is never let in by it, however it is asked', () => {
  const silent = record({})
  const erased: SearchedRecord = { ...silent, personal: undefined }
  for (const source of [
    'record.labels.team == "a"',
    'record.labels.team != "a"',
    '!(record.labels.team == "a")',
    '!(record.labels.team in caller.teams)',
    '!record.labels.team.startsWith("a")',
    'record.labels.team in caller.teams',
  ])
    for (const each of [silent, erased]) expect(holds(source, each), source).toBe(false)
})

test('nobody without a team sees records of teams', () => {
  const alone = { ...caller, teams: [] }
  expect(holds('record.labels.team in caller.teams', own, alone)).toBe(false)
  expect(holds('record.labels.team in caller.teams || has(record.actor.id)', own, alone)).toBe(true)
})

test.each<[string, RegExp, number?]>([
  ['record.labels.team.matches("(a+)+b")', /cannot be asked of an index/],
  ['record.labels.team ==', /at /],
  ['record.nonsense == "a"', /there is no field nonsense/],
  ['record.servce == "a"', /did you mean service/],
  ['record.message == "a"', /is a text/],
  ['record.actor == "a"', /actor is actor.id: write that/],
  ['has(record.targets) && record.targets == "a"', /an object/],
  ['record.service < "a"', /has no order/],
  ['record.timestamp == "2026-01-01T00:00:00Z"', /compared with < and >/],
  ['record.latency_ms > "fast"', /compared with a number/],
  ['size(record.actor.roles) > 1', /cannot be asked/],
  ['record.actor.roles.exists(r, r == "x")', /cannot be asked/],
  ['record.latency_ms + 1 == 2', /cannot be asked/],
  ['true ? true : false', /cannot be asked/],
  ['record.actor.id == record.labels.owner', /two fields/],
  ['caller.secret == "x"', /there are id, name and teams/],
  ['record.labels.team == ""', /not empty/],
  ['"text"', /true or false/],
  ['"a" < "b"', /compare with a field|order/],
  ['record.labels.team == "a" && unknown.x', /nknown/],
  [`${'('.repeat(5000)}true`, /at most 4096/],
  [Array.from({ length: 300 }, (_, i) => `record.service == "${i}"`).join(' || '), /./],
])('refuses %s, and says where', (source, message) => {
  expect(() => rowCondition(source)).toThrow(message)
  expect(() => rowCondition(source)).toThrow(/\(at \d+\)$/)
})
