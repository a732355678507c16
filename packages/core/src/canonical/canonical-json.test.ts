import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, NotJsonError } from './canonical-json.ts'

describe('canonical JSON', () => {
  test('agrees with the canonicalize package for any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const sent: unknown = JSON.parse(JSON.stringify(value))
        expect(canonicalJson(sent)).toBe(canonicalize(sent))
      }),
      { numRuns: 2_000 },
    )
  })

  test('agrees for keys of every kind, integer-like and beyond the BMP', () => {
    const key = fc.oneof(
      fc.integer({ min: 0, max: 5_000_000_000 }).map(String),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        '',
        '0',
        '00',
        '1',
        '10',
        '9',
        '-1',
        'é',
        '\u{1F600}',
        '\uFB33',
        '€',
        '\r',
        'toJSON',
        'constructor',
      ),
    )
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string(),
        tie('object'),
        tie('list'),
      ),
      object: fc.dictionary(key, tie('node')),
      list: fc.array(tie('node'), { maxLength: 4 }),
    })).object
    fc.assert(
      fc.property(tree, (value) => {
        const sent: unknown = JSON.parse(JSON.stringify(value))
        expect(canonicalJson(sent)).toBe(canonicalize(sent))
      }),
      { numRuns: 2_000 },
    )
  })

  test('says the same for the same members in another order', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const sent = JSON.parse(JSON.stringify(value)) as Record<string, unknown>
        const turned = Object.fromEntries(Object.entries(sent).toReversed())
        expect(canonicalJson(turned)).toBe(canonicalJson(sent))
        expect(canonicalJson(JSON.parse(canonicalJson(sent)))).toBe(canonicalJson(sent))
      }),
    )
  })

  test.each([
    [
      'the example of RFC 8785 section 3.2.2',
      {
        numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
        string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
        literals: [null, true, false],
      },
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    ],
    [
      'keys in UTF-16 code unit order',
      { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1F600}': 5, '\u0080': 6, ö: 7 },
      '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"\u{1F600}":5,"\ufb33":3}',
    ],
    [
      'integer-like keys as texts',
      { 9: 'a', 10: 'b', b: { 2: 0, 11: 0 } },
      '{"10":"b","9":"a","b":{"11":0,"2":0}}',
    ],
    ['-0 as 0', [-0], '[0]'],
    ['undefined members left out', { b: undefined, a: 1 }, '{"a":1}'],
    ['a text that only looks like a surrogate escape', '\\ud800', '"\\\\ud800"'],
  ])('writes %s', (_, value, text) => {
    expect(canonicalJson(value)).toBe(text)
  })

  test('keeps __proto__ as a plain key', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"z":1,"a":2}}'))).toBe(
      '{"__proto__":{"a":2,"z":1},"b":1}',
    )
  })

  test.each([
    ['a lone surrogate', { a: '\ud800' }],
    ['a lone surrogate in a key', { '\udc00': 1 }],
    ['a lone surrogate beside integer-like keys', { 1: '\ud800' }],
    ['NaN', [Number.NaN]],
    ['Infinity', { a: { 1: Number.POSITIVE_INFINITY } }],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['a date beside integer-like keys', { 1: new Date(0) }],
    ['undefined in a list', [undefined]],
    ['a function', { a: () => 1 }],
  ])('refuses %s', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(NotJsonError)
  })

  test('refuses a cycle instead of ending in a stack overflow', () => {
    const cycle: Record<string, unknown> = {}
    cycle['a'] = cycle
    expect(() => canonicalJson(cycle)).toThrow(NotJsonError)
    const other: Record<string, unknown> = {}
    other['1'] = other
    expect(() => canonicalJson(other)).toThrow(NotJsonError)
  })

  test('never writes to its argument', () => {
    const value = Object.freeze({ b: Object.freeze([Object.freeze({ d: 1, c: 2 })]), a: 1 })
    expect(canonicalJson(value)).toBe('{"a":1,"b":[{"c":2,"d":1}]}')
  })
})
