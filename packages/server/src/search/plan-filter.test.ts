import type { Filter } from '@trailproof/core/query'
import { expect, test } from 'vitest'
import { planFilter } from './plan-filter.ts'
import { rowSql } from './row-conditions-sql.ts'
import { OTHER_SHAPE } from './shape.ts'

const SHAPES = new Map([
  [1, { kind: 'event', action: 'order.placed' }],
  [2, { kind: 'event' }],
])
const action: Filter = { kind: 'field', field: 'action', test: { op: 'exists' } }
const endsWith1: Filter = { kind: 'field', field: 'actor.id', test: { op: 'wildcard', parts: ['', '1'] } }
const not = (part: Filter): Filter => ({ kind: 'not', part })
const plan = (filter: Filter, others: boolean) =>
  planFilter(filter, { shapes: SHAPES, others, severalStatuses: false }, 0)

test.each([
  ['all shapes are known', false, [2], true],
  ['some shapes are not known: their entries are among the candidates', true, [2, OTHER_SHAPE], false],
])('what a shape field is not, when %s', (_, others, shapes, exact) => {
  const { shapes: found, exact: isExact } = plan(not(action), others)
  expect([...found!]).toEqual(shapes)
  expect(isExact).toBe(exact)
})

test.each([false, true])(
  'what is not both of a shape and something that only records say may be of any shape',
  (others) => {
    const { shapes, match, exact } = plan(not({ kind: 'and', parts: [endsWith1, action] }), others)
    expect({ shapes, match, exact }).toEqual({ shapes: undefined, match: undefined, exact: false })
  },
)

test('no shape is a condition that nothing holds', () => {
  const noShape: Filter = { kind: 'field', field: 'action', test: { op: 'equals', value: 'none' } }
  const slow: Filter = {
    kind: 'field',
    field: 'latency_ms',
    test: { op: 'range', low: { value: '1', inclusive: true } },
  }
  expect(plan({ kind: 'or', parts: [noShape, slow] }, false).rows!.map(rowSql)).toEqual([
    '((FALSE) OR (r.latency_ms >= 1))',
  ])
})
