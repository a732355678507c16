import * as language from '@trailproof/core/query'
import { expect, test } from 'vitest'
import {
  conditionsOf,
  equals,
  filterText,
  not,
  valuesOf,
  withAlso,
  withCondition,
  withOnly,
} from './edit-query.ts'

test.each([
  ['', 'action:order.placed'],
  ['*', 'action:order.placed'],
  ['outcome:failure', 'outcome:failure action:order.placed'],
  ['a OR b', '(a OR b) action:order.placed'],
  ['a | count by service', 'a action:order.placed | count by service'],
  ['| count by service', 'action:order.placed | count by service'],
  ['"a | b" | top 3 action', '"a | b" action:order.placed | top 3 action'],
  ['x action:order.placed', 'x action:order.placed'],
  ['a OR action:order.placed OR b', '(a OR action:order.placed OR b) action:order.placed'],
  ['"not action:order.placed yet"', '"not action:order.placed yet" action:order.placed'],
  ['half:(', 'half:( action:order.placed'],
])('%j and one more condition is %j', (query, expected) => {
  expect(withCondition(language, query, equals('action', 'order.placed'))).toBe(expected)
})

test.each(['a b', '-x', '"', 'OR', 'ü:(', '*', '/x/'])(
  'a value of any letters is found as it is: %j',
  (value) => {
    const { filter } = language.parseQuery(withCondition(language, '', not(equals('actor.id', value))))
    expect(filter).toEqual(not(equals('actor.id', value)))
  },
)

test.each([
  ['', 'outcome:denied'],
  ['outcome:failure', 'outcome:denied'],
  ['-outcome:success a', 'a outcome:denied'],
  ['outcome:(failure, unknown) service:auth', 'service:auth outcome:denied'],
  ['service:auth   a', 'service:auth   a outcome:denied'],
])('%j with one value alone is %j', (query, expected) => {
  expect(withOnly(language, query, 'outcome', 'denied')).toBe(expected)
})

test('values that are asked for are told, and others put beside them', () => {
  const query = withAlso(language, 'a outcome:failure | count', 'outcome', 'denied')
  expect(query).toBe('a outcome:(failure,denied) | count')
  expect(valuesOf(language, query, 'outcome')).toEqual(['failure', 'denied'])
  expect(valuesOf(language, '-outcome:failure', 'outcome')).toEqual([])
})

test('a query is taken apart into conditions, each with the query without it and with its opposite', () => {
  expect(conditionsOf(language, 'outcome:failure -service:auth "a b" | count')).toEqual([
    {
      text: 'outcome:failure',
      isNegated: false,
      without: '-service:auth "a b" | count',
      inverted: '-outcome:failure -service:auth "a b" | count',
    },
    {
      text: '-service:auth',
      isNegated: true,
      without: 'outcome:failure "a b" | count',
      inverted: 'outcome:failure service:auth "a b" | count',
    },
    {
      text: '"a b"',
      isNegated: false,
      without: 'outcome:failure -service:auth | count',
      inverted: 'outcome:failure -service:auth -"a b" | count',
    },
  ])
  expect(conditionsOf(language, 'a OR b').map(({ text }) => text)).toEqual(['a OR b'])
  expect(conditionsOf(language, '')).toEqual([])
  expect(conditionsOf(language, 'half:(')).toEqual([])
})

test.each([
  ['a b | count by service | sort x', 'a b'],
  ['"a | b"', '"a | b"'],
  ['| count', ''],
  ['', ''],
])('which records %j finds is decided by %j', (query, expected) => {
  expect(filterText(query)).toBe(expected)
})
