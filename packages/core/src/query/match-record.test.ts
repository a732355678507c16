import { expect, test } from 'vitest'
import { recordMatcher } from './match-record.ts'
import { parseQuery } from './parse-query.ts'
import { expandSaved } from './saved-filters.ts'

const options = { nowMs: Date.UTC(2026, 7, 1, 12) }

const saved = (filters: Readonly<Record<string, string>>) => (name: string) =>
  filters[name] === undefined ? undefined : parseQuery(filters[name])

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

test.each(['*', '', ' ', '| count', '* | top 3 actor'])(
  'a saved search %j stands for every record',
  (query) => {
    const expand = (text: string) => expandSaved(parseQuery(text).filter!, saved({ all: query }))
    const record = { core: { kind: 'event', action: 'a.b' }, personal: undefined, recordedAt: 0 }
    const passes = (text: string): boolean => recordMatcher(expand(text), options)(record)
    expect(passes('$all')).toBe(true)
    expect(passes('NOT $all')).toBe(false)
    expect(passes('$all action:a.b')).toBe(true)
    expect(passes('$all action:other')).toBe(false)
    expect(passes('action:other OR $all')).toBe(true)
  },
)

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
