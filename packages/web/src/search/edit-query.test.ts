import * as language from '@trailproof/core/query'
import { expect, test } from 'vitest'
import { equals, not, withCondition } from './edit-query.ts'

test.each([
  ['', 'action:order.placed'],
  ['*', 'action:order.placed'],
  ['outcome:failure', 'outcome:failure action:order.placed'],
  ['a OR b', '(a OR b) action:order.placed'],
  ['a | count by service', 'a action:order.placed | count by service'],
  ['"a | b" | top 3 action', '"a | b" action:order.placed | top 3 action'],
  ['x action:order.placed', 'x action:order.placed'],
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
