import { expect, test } from 'vitest'
import { isSamePerson } from './same-person.ts'

const key = (prefix: string, createdBy?: string, rotatedBy?: string) => ({ prefix, createdBy, rotatedBy })

const KEYS = [
  key('old'),
  key('older'),
  key('of-old', 'old'),
  key('of-of-old', 'of-old'),
  key('annas', 'user:anna'),
  key('annas-other', 'user:anna'),
  key('of-annas', 'annas'),
  key('berts', 'user:bert'),
  key('of-preset', 'preset'),
  key('till', 'service:till'),
  key('berts-by-anna', 'user:bert', 'of-annas'),
  key('old-by-carl', 'old', 'user:carl'),
  key('round', 'and-round'),
  key('and-round', 'round'),
]

test.each([
  ['a caller and itself', 'user:anna', 'user:anna'],
  ['a key and who made it', 'annas', 'user:anna'],
  ['a key and a key that it made', 'old', 'of-old'],
  ['a key and what its key has made', 'of-of-old', 'old'],
  ['keys of one maker', 'annas', 'annas-other'],
  ['a key of a key, and another key of the same maker', 'of-annas', 'annas-other'],
  ['a key of the preset token, and that', 'of-preset', 'preset'],
  ['a key of a service, and that', 'till', 'service:till'],
  ['a rotated key and who made the first one', 'berts-by-anna', 'berts'],
  ['a rotated key and who was given its token', 'berts-by-anna', 'annas'],
  ['a rotated key and the one before it, of which nobody knows the maker', 'old-by-carl', 'of-old'],
])('%s are one person', (_, one, other) => {
  expect(isSamePerson(one, other, KEYS)).toBe(true)
  expect(isSamePerson(other, one, KEYS)).toBe(true)
})

test.each([
  ['two users', 'user:anna', 'user:bert'],
  ['keys of two users', 'of-annas', 'berts'],
  ['a user and the preset token', 'user:anna', 'preset'],
  ['keys of which nobody knows the makers', 'old', 'older'],
  ['a key and somebody who made none', 'of-annas', 'user:carl'],
  ['a table that goes round, and somebody else', 'round', 'user:anna'],
])('%s are two', (_, one, other) => {
  expect(isSamePerson(one, other, KEYS)).toBe(false)
  expect(isSamePerson(other, one, KEYS)).toBe(false)
})
