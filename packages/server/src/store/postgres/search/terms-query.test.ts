import { expect, test } from 'vitest'
import { joined, prefixMatch, termMatch } from '../../../search/filter-plan.ts'
import { termsQuery } from './terms-query.ts'

test('writes what terms must match as a tsquery', () => {
  const either = joined([termMatch('a'), prefixMatch('b')], 'or')
  expect(termsQuery(either)).toBe(`'(''a'' | ''b'':*)'::tsquery`)
  expect(termsQuery({ kind: 'without', match: either, unmatch: termMatch('c') })).toBe(
    `'((''a'' | ''b'':*) & !''c'')'::tsquery`,
  )
})

test.each([
  ["o'neil", `'''o''''neil'''::tsquery`],
  ['back\\slash', ` E'''back\\\\\\\\slash'''::tsquery`],
  ["'; DROP TABLE x --", `'''''''; DROP TABLE x --'''::tsquery`],
])('quotes %s for both languages', (term, text) => {
  expect(termsQuery(termMatch(term))).toBe(text)
})
