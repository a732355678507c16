import { expect, test } from 'vitest'
import { joined, prefixMatch, type RowCondition, termMatch } from '../../search/filter-plan.ts'
import { boundedPlan, planQuery, rowQuery, termsQuery } from './index-query.ts'

const fast: RowCondition = { kind: 'compare', column: 'latency_ms', sign: '<', value: 1.5 }
const failed: RowCondition = { kind: 'in', column: 'status', values: [500, 503] }

test.each<[string, RowCondition, object]>([
  ['a bound', fast, { range: { latency_ms: { lt: 1.5 } } }],
  ['one value', { ...fast, sign: '=' }, { term: { latency_ms: 1.5 } }],
  ['values', failed, { terms: { status: [500, 503] } }],
  ['no value', { ...failed, values: [] }, { match_none: {} }],
  ['a value at all', { kind: 'present', column: 'actor' }, { exists: { field: 'actor' } }],
  ['all', { kind: 'all', parts: [fast, fast] }, { bool: { filter: [rowQuery(fast), rowQuery(fast)] } }],
  ['all of nothing', { kind: 'all', parts: [] }, { bool: { filter: [] } }],
  [
    'any',
    { kind: 'any', parts: [fast, failed] },
    { bool: { should: [rowQuery(fast), rowQuery(failed)], minimum_should_match: 1 } },
  ],
  ['not, of what is missing too', { kind: 'not', part: fast }, { bool: { must_not: [rowQuery(fast)] } }],
])('writes %s of a row', (_, condition, query) => {
  expect(rowQuery(condition)).toEqual(query)
})

test('writes terms, and alternatives as one list', () => {
  const either = joined([termMatch('a'), prefixMatch('b'), termMatch('c')], 'or')
  expect(termsQuery(either)).toEqual({
    bool: {
      should: [{ terms: { terms: ['a', 'c'] } }, { prefix: { terms: 'b' } }],
      minimum_should_match: 1,
    },
  })
  expect(termsQuery({ kind: 'without', match: termMatch('a'), unmatch: termMatch('c') })).toEqual({
    bool: { filter: [{ term: { terms: 'a' } }], must_not: [{ term: { terms: 'c' } }] },
  })
})

test('cuts a list of shapes where it is longer than OpenSearch takes', () => {
  const shapes = new Set(Array.from({ length: 65_537 }, (_, i) => i))
  const query = planQuery({ shapes, exact: true }, 0, 10) as unknown as {
    bool: { filter: [object, { bool: { should: { terms: { shape: number[] } }[] } }] }
  }
  const lists = query.bool.filter[1].bool.should.map(({ terms }) => terms.shape)
  expect(lists.map(({ length }) => length)).toEqual([32_768, 32_768, 1])
  expect(new Set(lists.flat()).size).toBe(65_537)
})

test('leaves out more terms than OpenSearch takes, and says that records decide', () => {
  const words = Array.from({ length: 800 }, (_, i) => termMatch(`w${i}`))
  const rows = [fast]
  expect(boundedPlan({ match: joined(words, 'and'), rows, exact: true })).toEqual({ rows, exact: false })
  const either = { match: joined(words, 'or'), rows, exact: true }
  expect(boundedPlan(either)).toBe(either)
})

test('asks for entries of a range only', () => {
  expect(planQuery({ exact: true }, 3, 7)).toEqual({ range: { entry: { gte: 3, lt: 7 } } })
})
