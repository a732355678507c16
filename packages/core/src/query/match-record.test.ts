import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SearchedRecord } from './field-values.ts'
import { recordTimeMs } from './match-field.ts'
import { recordMatcher } from './match-record.ts'
import { parseQuery } from './parse-query.ts'
import { filterArbitrary } from './query.arbitrary.ts'
import type { Filter } from './query.ts'
import { expandSaved } from './saved-filters.ts'
import { isWithin, timeBounds } from './time-bounds.ts'

const nowMs = Date.UTC(2026, 7, 1, 12)
const options = { nowMs, saved: (): Filter => ({ kind: 'text', text: 'payment', phrase: false }) }

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
    fc.property(filterArbitrary, filterArbitrary, record, (a, b, of) => {
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
    fc.property(filterArbitrary, record, (filter, of) => {
      const bounds = timeBounds(expandSaved(filter, options.saved), nowMs)
      if (holds(filter, of)) expect(isWithin(recordTimeMs(of), bounds)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

const saved = (filters: Readonly<Record<string, string>>) => (name: string) =>
  filters[name] === undefined ? undefined : parseQuery(filters[name]).filter

test('a saved search stands for its filter, and neither circles nor grows without bound', () => {
  const { filter } = parseQuery('outcome:failure -$known')
  expect(expandSaved(filter!, saved({ known: 'action:login OR $more', more: 'action:logout' }))).toEqual(
    parseQuery('outcome:failure -(action:login OR action:logout)').filter,
  )
  expect(() => expandSaved(filter!)).toThrow(/there is no saved search known/)
  expect(() => expandSaved(filter!, saved({ known: 'a $other', other: '$known' }))).toThrow(/contains itself/)
  const doubling = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [i === 0 ? 'known' : `s${i}`, `a $s${i + 1} $s${i + 1}`]),
  )
  expect(() => expandSaved(filter!, saved({ ...doubling, s12: 'a' }))).toThrow(
    /at most 8 deep|128 conditions/,
  )
})

test.each([
  ['a long text against a phrase', 'message', 'a '.repeat(32_768), `"${'a '.repeat(500)}b"`],
  ['one long word', 'message', 'a'.repeat(65_536), 'a'.repeat(1000)],
  ['wildcards', 'message', 'ab'.repeat(32_768), 'message:*a*b*a*b*c'],
  ['a regular expression', 'message', 'a'.repeat(65_536), 'message:/(a*)*(a*)*b/'],
])('%s takes time in proportion', (_, name, value, text) => {
  const matches = recordMatcher(parseQuery(text).filter, options)
  const timed = (of: string): number => {
    const runs = Array.from({ length: 5 }, () => {
      const start = performance.now()
      matches({ core: {}, personal: { [name]: of }, recordedAt: 0 })
      return performance.now() - start
    })
    return Math.min(...runs)
  }
  timed(value)
  expect(timed(value)).toBeLessThan(24 * timed(value.slice(0, value.length / 8)) + 5)
})
