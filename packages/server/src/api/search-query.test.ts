import { describe, expect, test } from 'vitest'
import { ProblemError } from './authorize.ts'
import { searchQueryOf } from './search-query.ts'

const NOW_MS = Date.UTC(2026, 0, 31, 12)

const search = (q: string) => searchQueryOf({ q }, NOW_MS)

/** What the refusal of a query says. */
function detailOf(parameters: Parameters<typeof searchQueryOf>[0]): string {
  try {
    searchQueryOf(parameters, NOW_MS)
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.detail
    throw error
  }
  throw new Error('it was taken')
}

describe('a query', () => {
  test.each<[string, readonly [field: string, value: string, prefix: boolean][]]>([
    ['', []],
    ['  \t\n ', []],
    ['actor:u-1', [['actor', 'u-1', false]]],
    [
      ' actor:u-1   action:payment.* ',
      [
        ['actor', 'u-1', false],
        ['action', 'payment.', true],
      ],
    ],
    ['actor:"Ada Lovelace"', [['actor', 'Ada Lovelace', false]]],
    ['actor:"a:b" ', [['actor', 'a:b', false]]],
    ['target:a:b:c', [['target', 'a:b:c', false]]],
    ['actor:*', [['actor', '', true]]],
    ['trace:t-1', [['trace_id', 't-1', false]]],
    [
      'env:prod request:r session:s',
      [
        ['environment', 'prod', false],
        ['request_id', 'r', false],
        ['session_id', 's', false],
      ],
    ],
  ])('%j is understood', (q, expected) => {
    const conditions = expected.map(([field, value, prefix]) => ({ field, value, prefix }))
    expect(search(q)).toEqual({ conditions })
  })

  test.each([
    ['last:15m', { fromMs: NOW_MS - 900_000 }],
    ['last:2w', { fromMs: NOW_MS - 1_209_600_000 }],
    [
      'from:2026-01-01T00:00:00Z to:2026-01-02T00:00:00Z',
      { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 2) },
    ],
  ])('%s bounds the time', (q, bounds) => {
    expect(search(q)).toEqual({ conditions: [], ...bounds })
  })

  test('takes fields as parameters of their own', () => {
    expect(searchQueryOf({ q: 'actor:a', outcome: 'success', last: '1h', limit: 5 }, NOW_MS)).toEqual({
      conditions: [
        { field: 'actor', value: 'a', prefix: false },
        { field: 'outcome', value: 'success', prefix: false },
      ],
      fromMs: NOW_MS - 3_600_000,
    })
  })
})

describe('a field that is not known', () => {
  test.each([
    ['actr', 'actor'],
    ['tarce', 'trace_id'],
    ['tarce_id', 'trace_id'],
    ['trace_ids', 'trace_id'],
    ['Actor', 'actor'],
    ['ACTION', 'action'],
    ['actions', 'action'],
    ['outcom', 'outcome'],
    ['servce', 'service'],
    ['enviroment', 'environment'],
    ['sevrity', 'severity'],
    ['actor-type', 'actor_type'],
    ['traget', 'target'],
    ['reqest', 'request_id'],
    ['traceid', 'trace_id'],
    ['sess', 'session_id'],
    ['actor_name', 'actor'],
    ['form', 'from'],
    ['ipp', 'ip'],
  ])('%s is taken for %s', (name, meant) => {
    expect(detailOf({ q: `${name}:x` })).toContain(
      `unknown field ${name}; did you mean ${meant}? Fields: id, `,
    )
  })

  test.each([
    'wat',
    'x',
    'hostname',
    'zzzzzzzzzz',
    'http',
    'é',
    '__proto__',
    'constructor',
    'tostring',
    'toString',
  ])('%s is taken for nothing', (name) => {
    expect(detailOf({ q: `${name}:x` })).toContain(`unknown field ${name}. Fields: id, `)
  })
})

describe('what is not understood is named', () => {
  test.each([
    [{ q: 'hello' }, 'expected field:value, got "hello" at 0'],
    [{ q: 'actor:a hello' }, 'expected field:value, got "hello" at 8'],
    [{ q: ':x' }, 'expected field:value, got ":x" at 0'],
    [{ q: 'actor:"a' }, 'actor: a value is missing'],
    [{ q: 'actor:' }, 'actor: a value is missing'],
    [{ actor: '' }, 'actor: a value is missing'],
    [{ last: '5y' }, 'last: expected a number and s, m, h, d or w, such as 15m, got 5y'],
    [{ last: '9999999d' }, 'last: expected'],
    [{ from: 'yesterday' }, 'from: expected a time such as'],
    [{ q: 'to:never' }, 'to: expected a time such as'],
    [{ q: 'actor:a '.repeat(33) }, 'at most 32 conditions, got 33'],
  ])('%j', (parameters, detail) => {
    expect(detailOf(parameters)).toContain(detail)
  })
})

const Q_CHARS_MAX = 4096
const DETAIL_CHARS_MAX = 700

test.each<[string, (length: number) => string]>([
  ['one long name', (length) => 'a'.repeat(length)],
  ['one long name with a value', (length) => `${'a'.repeat(length - 2)}:x`],
  ['underscores', (length) => '_'.repeat(length)],
  ['white space and a name', (length) => `${' '.repeat(length - 1)}a`],
  ['a quote that is not closed', (length) => `actor:"${'a '.repeat(length / 2 - 4)}`],
  ['quotes', (length) => `actor:${'"'.repeat(length - 6)}`],
  ['many quotes that are not closed', (length) => 'a:"'.repeat(length / 3)],
  ['colons', (length) => ':'.repeat(length)],
  ['many unknown fields', (length) => 'actr:x '.repeat(length / 7)],
  ['surrogates without their other half', (length) => '\ud800'.repeat(length)],
  ['a long time', (length) => `last:${'9'.repeat(length - 5)}`],
  ['a long date', (length) => `from:${'9'.repeat(length - 5)}`],
])('%s, 4,096 characters long, is refused briefly and at once', (_, make) => {
  const q = make(Q_CHARS_MAX)
  expect(q.length).toBeLessThanOrEqual(Q_CHARS_MAX)
  const startedAt = performance.now()
  expect(detailOf({ q }).length).toBeLessThan(DETAIL_CHARS_MAX)
  expect(performance.now() - startedAt).toBeLessThan(50)
})

test.each([
  ['white space', ' '.repeat(Q_CHARS_MAX), 0],
  ['a value of one quote pair', `actor:"${' '.repeat(Q_CHARS_MAX - 8)}"`, 1],
  ['a long value', `actor:${'a'.repeat(Q_CHARS_MAX - 6)}`, 1],
  ['a value of stars', `actor:${'*'.repeat(Q_CHARS_MAX - 6)}`, 1],
])('%s, 4,096 characters long, is taken', (_, q, conditions) => {
  expect(search(q).conditions).toHaveLength(conditions)
})
