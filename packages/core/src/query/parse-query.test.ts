import fc from 'fast-check'
import { expect, test } from 'vitest'
import { expectLinearTime } from '../../../../test/support/linear-time.ts'
import { formatQuery } from './format-query.ts'
import { QUERY_CHARS_MAX, QUERY_CONDITIONS_MAX, QUERY_DEPTH_MAX } from './limits.ts'
import { parseQuery } from './parse-query.ts'
import { QueryError } from './query-error.ts'

const TOKENS =
  'a actor: status: ts: ip: label: has: last: sort count by top fields ( ) " \\ * / | , : .. >= < - $ = OR AND NOT 5xx 10.0.0.0/8 15m 2026-08-01 localhost:80 https://x/ é'
    .split(' ')
    .concat(' ', ' ', '\u00a0', '\ud800')

test('whatever is read is in normal form', () => {
  const texts = fc.array(fc.constantFrom(...TOKENS), { maxLength: 12 }).map((tokens) => tokens.join(''))
  fc.assert(
    fc.property(texts, (text) => {
      const query = parsed(text)
      if (query !== undefined) expect(parseQuery(formatQuery(query)), text).toEqual(query)
    }),
    { numRuns: 1000 },
  )
})

test('any text is a query or a QueryError with its place', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(fc.constantFrom(...TOKENS), { maxLength: 60 }).map((tokens) => tokens.join('')),
  )
  fc.assert(
    fc.property(texts, (text) => void parsed(text)),
    { numRuns: 1000 },
  )
})

/** Undefined for what is refused; fails for any other error and for a place outside the text. */
function parsed(text: string): ReturnType<typeof parseQuery> | undefined {
  try {
    return parseQuery(text)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    expect(error.position, text).toBeGreaterThanOrEqual(0)
    expect(error.length, text).toBeGreaterThanOrEqual(0)
    expect(error.position + error.length, text).toBeLessThanOrEqual(text.length)
    return undefined
  }
}

/** What is repeated until the text is as long as a query may be; each is refused, or read, at its end or early. */
const HOSTILE =
  '( - -( " \\ / f:/ action:/\\ action:( action:(a, a* * : .. a.. $ $" label:a=/ | http: a. metadata. "\\ é (a x('
    .split(' ')
    .concat('NOT ', 'a OR ', '| count ')

test.each(HOSTILE)('%j, repeated, takes time in proportion', (unit) => {
  expectLinearTime(QUERY_CHARS_MAX, (chars) => parsed(unit.repeat(Math.floor(chars / unit.length))))
})

test('each bound refuses what is beyond it', () => {
  expect(() => parseQuery(`"${'a'.repeat(QUERY_CHARS_MAX)}"`)).toThrow(/at most 8192 characters/)
  expect(parseQuery(`${'('.repeat(QUERY_DEPTH_MAX)}a${')'.repeat(QUERY_DEPTH_MAX)}`)).toEqual(parseQuery('a'))
  expect(() => parseQuery(`${'('.repeat(QUERY_DEPTH_MAX + 1)}a`)).toThrow(/nest at most 32 deep/)
  parseQuery('a '.repeat(QUERY_CONDITIONS_MAX))
  expect(() => parseQuery('a '.repeat(QUERY_CONDITIONS_MAX + 1))).toThrow(/at most 128 conditions/)
  expect(() => parseQuery(`action:(${'a,'.repeat(256)}b)`)).toThrow(/at most 256 values/)
  expect(() => parseQuery(`action:${'a*'.repeat(9)}`)).toThrow(/at most 8 wildcards/)
  expect(() => parseQuery(`action:${'a'.repeat(1025)}`)).toThrow(/at most 1024 characters/)
  expect(() => parseQuery('action:/a/ '.repeat(9))).toThrow(/at most 8 regular expressions/)
  expect(() => parseQuery(`action:/${'a'.repeat(257)}/`)).toThrow(/at most 256 characters/)
  expect(() => parseQuery('action:/(?:\\pL{100}){9}/')).toThrow(/too large/)
  expect(() => parseQuery('last:11y')).toThrow(/last takes/)
  expect(() => parseQuery('last:9999w')).toThrow(/ten years/)
  expect(() => parseQuery('| top 1001 actor')).toThrow(/1 to 1000/)
})
