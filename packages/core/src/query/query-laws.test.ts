/** Laws that every query keeps: it is read as it was written, and its parts combine as logic says. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SearchedRecord } from './field-values.ts'
import { formatQuery } from './format-query.ts'
import { canonicalIp } from './ip-address.ts'
import { recordTimeMs } from './match-field.ts'
import { recordMatcher } from './match-record.ts'
import { allOf, anyOf, notOf } from './normal-form.ts'
import { parseQuery } from './parse-query.ts'
import type { FieldTest, Filter, Pipe, Query } from './query.ts'
import { expandSaved } from './saved-filters.ts'
import { isWithin, timeBounds } from './time-bounds.ts'

/** Characters that mean something, words that do, and any others. */
const piece = fc.oneof(
  fc.constantFrom(
    '"',
    '\\',
    '*',
    '(',
    ')',
    '|',
    ',',
    ':',
    '..',
    '.',
    '/',
    '-',
    '$',
    '>',
    '<=',
    ' ',
    '\n',
    '\u00a0',
  ),
  fc.constantFrom(
    'AND',
    'OR',
    'NOT',
    'last',
    'a',
    'Ab',
    'é',
    '日本',
    '0',
    '42',
    '10.0.0.1',
    'https://x.y:80/?q',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }),
)
const value = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(''))
const words = value.map((text) => `${text}w`)
const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
)
const time = fc
  .date({ min: new Date(0), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .chain((date) => fc.constantFrom(10, 16, 19, 23).map((length) => date.toISOString().slice(0, length)))
const ip = fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => canonicalIp(text)!)

const keyword = fc.oneof(
  fc.constantFrom('actor.id', 'action', 'trace_id', 'event_type', 'labels.team', 'metadata.order.id'),
  value.map((name) => `labels.${name}x`).filter((name) => !/^labels\.\s*x$/.test(name)),
)

const equals = fc.record({ op: fc.constant('equals' as const), value })
const list = fc
  .uniqueArray(value, { minLength: 2, maxLength: 4 })
  .map((values): FieldTest => ({ op: 'in', values }))
const wildcard = fc
  .tuple(fc.option(value), fc.array(value, { maxLength: 2 }), fc.option(value))
  .filter(([head, middle, tail]) => head !== null || tail !== null || middle.length > 0)
  .map(([head, middle, tail]): FieldTest => ({ op: 'wildcard', parts: [head ?? '', ...middle, tail ?? ''] }))
const exists = fc.constant<FieldTest>({ op: 'exists' })

function range(
  bound: fc.Arbitrary<string>,
  ordered: (low: string, high: string) => boolean,
): fc.Arbitrary<FieldTest> {
  const inclusive = fc.boolean()
  return fc.oneof(
    fc.record({ value: bound, inclusive }).map((low): FieldTest => ({ op: 'range', low })),
    fc.record({ value: bound, inclusive }).map((high): FieldTest => ({ op: 'range', high })),
    fc
      .tuple(bound, bound)
      .filter(([low, high]) => ordered(low, high))
      .map(
        ([low, high]): FieldTest => ({
          op: 'range',
          low: { value: low, inclusive: true },
          high: { value: high, inclusive: true },
        }),
      ),
  )
}

const regex = fc
  .constantFrom('^a+$', 'a/b', '[/]x', '\\\\/', 'foo bar\\.', '(?i)x|y"', '\\d{3}')
  .map((source): FieldTest => ({ op: 'regex', source }))

const fieldFilter = fc.oneof(
  on(
    keyword,
    fc.oneof(
      equals,
      list,
      wildcard,
      exists,
      regex,
      range(value, () => true),
    ),
  ),
  on(
    fc.constant('message'),
    fc.oneof(
      words.map((text): FieldTest => ({ op: 'equals', value: text })),
      wildcard,
      exists,
    ),
  ),
  on(
    fc.constantFrom('latency_ms', 'response.status'),
    fc.oneof(
      number.map((text): FieldTest => ({ op: 'equals', value: text })),
      range(number, (low, high) => Number(low) <= Number(high)),
      exists,
    ),
  ),
  on(
    fc.constantFrom('timestamp', 'recorded_at'),
    fc.oneof(
      time.map((text): FieldTest => ({ op: 'equals', value: text })),
      range(time, (low, high) => low.slice(0, 10) < high.slice(0, 10)),
    ),
  ),
  on(
    fc.constant('timestamp'),
    fc.integer({ min: 1, max: 9999 }).map((n): FieldTest => ({ op: 'last', seconds: n * 60, text: `${n}m` })),
  ),
  on(
    fc.constant('source.ip'),
    fc.oneof(
      ip.map((text): FieldTest => ({ op: 'equals', value: text })),
      range(ip, () => true),
      fc.constantFrom<FieldTest>(
        { op: 'cidr', network: '10.0.0.0', prefixLength: 8 },
        { op: 'cidr', network: '2001:db8::', prefixLength: 32 },
        { op: 'cidr', network: '::', prefixLength: 0 },
      ),
    ),
  ),
)

function on(field: fc.Arbitrary<string>, tests: fc.Arbitrary<FieldTest>): fc.Arbitrary<Filter> {
  return fc.tuple(field, tests).map(([name, found]): Filter => ({ kind: 'field', field: name, test: found }))
}

const text = fc.oneof(
  words.map((phrase): Filter => ({ kind: 'text', text: phrase, phrase: true })),
  fc
    .constantFrom(
      'payment',
      'localhost:8080',
      'https://x.y:8080/z?a=b',
      'foo_(bar)',
      'a=b',
      'or',
      'fe80::1',
      '$5',
    )
    .map((word): Filter => ({ kind: 'text', text: word, phrase: false })),
)
const saved = fc
  .oneof(fc.constantFrom('mine', 'a.b-c', '_x'), words)
  .map((name): Filter => ({ kind: 'saved', name }))

const leaf = fc.oneof(fieldFilter, fieldFilter, text, saved)

/** In normal form. */
const filters: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    fc.array(tie('filter'), { minLength: 2, maxLength: 3 }).map(allOf),
    fc.array(tie('filter'), { minLength: 2, maxLength: 3 }).map(anyOf),
    tie('filter').map(notOf),
  ),
})).filter

const pipes: fc.Arbitrary<Pipe[]> = fc
  .tuple(
    fc.option(fc.record({ kind: fc.constant('sort' as const), field: keyword, descending: fc.boolean() })),
    fc.option(
      fc.oneof(
        fc.record({ kind: fc.constant('count' as const), by: fc.uniqueArray(keyword, { maxLength: 3 }) }),
        fc.record({
          kind: fc.constant('top' as const),
          limit: fc.integer({ min: 1, max: 1000 }),
          field: keyword,
        }),
        fc.record(
          {
            kind: fc.constant('timeline' as const),
            stepSeconds: fc.constant(3600),
            text: fc.constant('1h'),
            by: keyword,
          },
          { requiredKeys: ['kind', 'stepSeconds', 'text'] },
        ),
        fc.record({
          kind: fc.constant('fields' as const),
          fields: fc.uniqueArray(keyword, { minLength: 1, maxLength: 3 }),
        }),
      ),
    ),
  )
  .map((found) => found.filter((pipe) => pipe !== null))

/** In normal form. */
const queries: fc.Arbitrary<Query> = fc
  .tuple(fc.option(filters), pipes)
  .map(([filter, found]) => ({ ...(filter && { filter }), pipes: found }))

const nowMs = Date.UTC(2026, 7, 1, 12)
const options = {
  nowMs,
  saved: () => ({ filter: { kind: 'text', text: 'payment', phrase: false } as const }),
}

test('a query in normal form is read again as it was written', () => {
  fc.assert(
    fc.property(queries, (query) => {
      expect(parseQuery(formatQuery(query))).toEqual(query)
    }),
    { numRuns: 1000 },
  )
})

const scalar = fc.constantFrom(null, true, 0, 42, 'a', 'Ab', 'w', '10.0.0.1', 'payment', 'é w', '2026-08-01')
const record: fc.Arbitrary<SearchedRecord> = fc.record({
  core: fc.record(
    {
      action: scalar,
      trace_id: scalar,
      latency_ms: scalar,
      timestamp: fc.constantFrom('2026-08-01T12:00:00.5Z', '1999-12-31T23:59:59+01:00', 'yesterday'),
    },
    { requiredKeys: [] },
  ),
  personal: fc.option(
    fc.record(
      {
        actor: fc.record({ id: scalar }),
        message: scalar,
        labels: fc.dictionary(fc.constantFrom('team', 'x', 'a.b'), scalar),
        metadata: fc.object({ values: [scalar], maxDepth: 3 }),
        source: fc.record({ ip: scalar }),
      },
      { requiredKeys: [] },
    ),
    { nil: undefined },
  ),
  recordedAt: fc.integer({ min: 0, max: 2 ** 50 }),
})

const holds = (filter: Filter, of: SearchedRecord): boolean => recordMatcher(filter, options)(of)
const not = (part: Filter): Filter => ({ kind: 'not', part })

test('not, and, or keep the laws of De Morgan', () => {
  fc.assert(
    fc.property(filters, filters, record, (a, b, of) => {
      expect(holds(not(a), of)).toBe(!holds(a, of))
      expect(holds(not(not(a)), of)).toBe(holds(a, of))
      const both = holds({ kind: 'and', parts: [a, b] }, of)
      expect(both).toBe(holds(a, of) && holds(b, of))
      expect(holds(not({ kind: 'or', parts: [not(a), not(b)] }), of)).toBe(both)
    }),
    { numRuns: 1000 },
  )
})

test('what passes a filter lies within its time bounds', () => {
  fc.assert(
    fc.property(filters, record, (filter, of) => {
      const bounds = timeBounds(expandSaved(filter, options.saved), nowMs)
      if (holds(filter, of)) expect(isWithin(recordTimeMs(of), bounds)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})
