import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseFieldNames } from './parse-field-names.ts'
import { parseParameter } from './parse-parameter.ts'
import { parseQuery } from './parse-query.ts'
import { QueryError } from './query-error.ts'

test.each([
  ['level', 'warning'],
  ['level', 'WARNING'],
  ['severity', '>=warn'],
  ['status', '5xx'],
  ['status', '>=500'],
  ['status', '200..299'],
  ['status', '(404,5xx)'],
  ['ip', '10.0.0.0/8'],
  ['ip_address', '::ffff:10.0.0.1'],
  ['action', '*created'],
  ['action', 'payment.*'],
  ['action', '"a b"*'],
  ['action', '*'],
  ['action', '(a, "b c")'],
  ['action', '/re fund/'],
  ['action', 'a,b'],
  ['action', '"a b"'],
  ['url', 'https://x.y:8080/z?a=b'],
  ['resource', '/api/users'],
  ['actor', 'CORP\\alice'],
  ['actor', '-x'],
])('%s=%s is %s:%s', (name, text) => {
  expect(parseParameter(name, text)).toEqual(parseQuery(`${name}:${text}`).filter)
})

test.each([
  'a b',
  'x"y',
  '"a" b',
  '"open',
  ' a',
  'a ',
  'a|b',
  'a)',
  '(a',
  '(a,)',
  '(a b)',
  '(a) or b',
  'u 1 "quoted"',
  '-a b',
  '>',
  'NOT a b',
])('%j is one literal', (text) => {
  expect(parseParameter('user_id', text)).toEqual({
    kind: 'field',
    field: 'actor.id',
    test: { op: 'equals', value: text },
  })
})

test.each([
  ['status', 'abc'],
  ['status', 'a b'],
  ['status', '(500,abc)'],
  ['status', '>=abc'],
  ['severity', '>=loud'],
  ['ip', '10.0.0.0/99'],
  ['action', '""'],
  ['action', '/(/'],
  ['action', '*a*b*c*d*e*f*g*h*i*'],
  ['nope', 'a'],
])('%s=%s is refused', (name, text) => {
  expect(() => parseParameter(name, text)).toThrow(QueryError)
})

test('any text is a value or a QueryError', () => {
  const TOKENS = [
    'a',
    '(',
    ')',
    '"',
    '*',
    '/',
    ',',
    '..',
    '>',
    '<',
    '=',
    '-',
    ' ',
    '|',
    '5xx',
    '1',
    '\\',
    ':',
  ]
  const texts = fc.array(fc.constantFrom(...TOKENS), { minLength: 1, maxLength: 12 })
  const names = fc.constantFrom('action', 'status', 'ip', 'severity', 'message', 'ts')
  fc.assert(
    fc.property(names, texts, (name, tokens) => {
      try {
        parseParameter(name, tokens.join(''))
      } catch (error) {
        if (!(error instanceof QueryError)) throw error
      }
    }),
    { numRuns: 1000 },
  )
})

test('names of fields are joined by commas, and quoted where they hold one', () => {
  expect(parseFieldNames('service, "labels.cost centre" ,labels.a b')).toEqual([
    'service',
    'labels.cost centre',
    'labels.a b',
  ])
  expect(parseFieldNames('"labels.a,b"')).toEqual(['labels.a,b'])
  for (const text of ['', 'a,', ',a', '"a', '"a" b']) expect(() => parseFieldNames(text)).toThrow(QueryError)
})
