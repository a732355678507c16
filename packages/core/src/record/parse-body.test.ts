import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectLinearTime } from '../../../../test/support/linear-time.ts'
import { encodeUtf8 } from '../encoding/utf8.ts'
import type { Item } from './item.ts'
import { type BodyFormat, parseBody } from './parse-body.ts'

const FORMATS: readonly BodyFormat[] = ['json', 'ndjson', 'cloudevents', 'cloudevents-batch']

function parse(text: string, format: BodyFormat = 'json') {
  return parseBody(encodeUtf8(text), format)
}

function items(text: string, format: BodyFormat = 'json'): readonly Item[] {
  const parsed = parse(text, format)
  if (parsed.kind === 'refused') throw new Error(parsed.problem.message)
  return parsed.items
}

/** What became of each item: its value, or the codes and fields of its problems. */
function outcomes(text: string, format: BodyFormat = 'json'): unknown[] {
  return items(text, format).map((item) =>
    item.kind === 'record' ? item.value : item.problems.map(({ code, field }) => `${code} ${field}`),
  )
}

describe('a JSON body', () => {
  test('may be one object, an array, or objects in a row', () => {
    expect(parse('{"a":1}')).toMatchObject({ single: true, items: [{ value: { a: 1 } }] })
    expect(parse(' [ {"a":1} , {"b":[2,"]"]} ] ')).toMatchObject({
      single: false,
      items: [{ value: { a: 1 } }, { value: { b: [2, ']'] } }],
    })
    expect(parse('[{"a":1}]')).toMatchObject({ single: false })
    expect(outcomes('{"a":1}\n{"b":"}"}')).toEqual([{ a: 1 }, { b: '}' }])
    expect(outcomes('{"a":1}{"b":2}')).toEqual([{ a: 1 }, { b: 2 }])
    expect(outcomes('{"a":1}{"b":2} {\n"c":3}')).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }])
    expect(parse('[]')).toEqual({ kind: 'records', items: [], single: false })
  })

  test('a bad line among objects in a row does not swallow its neighbours', () => {
    expect(outcomes('{"a":1}\n{"b":"\n{"c":3}\n')).toEqual([{ a: 1 }, ['json '], { c: 3 }])
  })

  test.each([
    ['', 'empty'],
    [' \n\t', 'empty'],
    ['\ufeff', 'empty'],
    ['null', 'not_an_object'],
    ['1', 'not_an_object'],
    ['"text"', 'not_an_object'],
    ['nul', 'json'],
    ['{', 'json'],
    ['{"a":1', 'json'],
    ['{"a":1}x', 'json'],
    ['[', 'json'],
    ['[{"a":1}', 'json'],
    ['[{"a":1},]', 'json'],
    ['[{"a":1} {"b":2}]', 'json'],
    ['[{"a":1}}', 'json'],
    ['[{"a":1]]', 'json'],
    ['[{}] []', 'json'],
    ["{'a':1}", 'json'],
    ['{"a":01}', 'json'],
    ['{"a":"\u0001"}', 'json'],
    ['{"a":"\\x"}', 'json'],
    ['{"a":NaN}', 'json'],
  ])('%j is refused as a whole: %s', (text, code) => {
    expect(parse(text)).toMatchObject({ kind: 'refused', problem: { code } })
  })

  test('says where broken JSON is broken', () => {
    expect(parse('{\n  "a": 1,\n  "b": tru\n}')).toMatchObject({
      problem: { code: 'json', line: 3, column: 8 },
    })
    expect(parse('[{"a":1},\n{"b" 2}]')).toMatchObject({ problem: { line: 2, column: 6 } })
  })

  test('says which byte is not UTF-8', () => {
    for (const tail of [
      [0xff],
      [0xc3, 0x28],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xc0, 0xaf],
      [0xe2, 0x82],
    ])
      expect(
        parseBody(Uint8Array.from([...encodeUtf8('{"a":"é'), ...tail, 0x22, 0x7d]), 'json'),
      ).toMatchObject({
        kind: 'refused',
        problem: { code: 'encoding', byte: 8 },
      })
  })

  test('leaves out a byte order mark', () => {
    expect(outcomes('\ufeff{"a":1}')).toEqual([{ a: 1 }])
  })

  test('names elements that are no records without hurting the others', () => {
    expect(outcomes('[1,{"a":1},null,[{"b":2}],"x",[]]')).toEqual([
      ['not_an_object '],
      { a: 1 },
      ['not_an_object '],
      ['not_an_object '],
      ['not_an_object '],
      ['not_an_object '],
    ])
  })

  test('refuses more records than allowed', () => {
    const three = { recordsMax: 3 }
    const many = encodeUtf8('{"a":1}\n'.repeat(4))
    for (const format of ['json', 'ndjson'] as const)
      expect(parseBody(many, format, three)).toMatchObject({
        problem: { code: 'too_many_records', limit: 3 },
      })
    expect(parseBody(encodeUtf8('[{},{},{},{}]'), 'json', three)).toMatchObject({
      problem: { code: 'too_many_records' },
    })
    expect(parseBody(encodeUtf8('[{},{},{}]'), 'json', three)).toMatchObject({ kind: 'records' })
    expect(parseBody(encodeUtf8('{}{}{}{}'), 'json', three)).toMatchObject({
      problem: { code: 'too_many_records' },
    })
  })
})

describe('NDJSON', () => {
  test('is read line by line, with empty lines left out', () => {
    expect(outcomes('{"a":1}\r\n\n  {"b":2}\n \n{"c":3}', 'ndjson')).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }])
    expect(parse('{"a":1}', 'ndjson')).toMatchObject({ single: false })
  })

  test('one bad line never hurts the others', () => {
    expect(outcomes('{"a":1}\n{"b":\nnull\n[]\n{"a":1,"a":2}\n{"c":3}', 'ndjson')).toEqual([
      { a: 1 },
      ['json '],
      ['not_an_object '],
      ['not_an_object '],
      ['duplicate_key /a'],
      { c: 3 },
    ])
  })

  test('names position, line and column of a bad one and keeps its text', () => {
    expect(items('{"a":1}\n\n{"b":x}\n', 'ndjson')[1]).toEqual({
      kind: 'problem',
      problems: [
        { record: 1, field: '', code: 'json', message: 'line 3, column 6: expected a value, found "x"' },
      ],
      source: '{"b":x}',
    })
  })

  test('many bad lines are named in linear time', () => {
    expectLinearTime(10_000, (lines) => {
      expect(items('{"a":x} '.padEnd(400, ' ').concat('\n').repeat(lines), 'ndjson')).toHaveLength(lines)
      expect(items('{x}'.repeat(lines), 'json')).toHaveLength(lines)
    })
  })
})

describe('what JSON.parse would change without a word', () => {
  test.each([
    ['{"n":12345678901234567890}', { n: '12345678901234567890' }, ['/n']],
    ['{"n":9007199254740993}', { n: '9007199254740993' }, ['/n']],
    ['{"n":9007199254740992}', { n: 9007199254740992 }, []],
    ['{"n":-9007199254740993}', { n: '-9007199254740993' }, ['/n']],
    ['{"n":0.1,"m":1.50,"k":100000000000000000000}', { n: 0.1, m: 1.5, k: 1e20 }, []],
    ['{"n":0.30000000000000004}', { n: 0.30000000000000004 }, []],
    ['{"n":0.1000000000000000055511151231257827}', { n: '0.1000000000000000055511151231257827' }, ['/n']],
    ['{"n":3.14159265358979323846}', { n: '3.14159265358979323846' }, ['/n']],
    ['{"n":1e2,"m":1E-7,"k":15e-1}', { n: 100, m: 1e-7, k: 1.5 }, []],
    ['{"n":1e-400}', { n: '1e-400' }, ['/n']],
    ['{"n":0e99999,"m":0.0000000000000000000}', { n: 0, m: 0 }, []],
    [
      '{"a/b":{"c~d":[1,12345678901234567890]}}',
      { 'a/b': { 'c~d': [1, '12345678901234567890'] } },
      ['/a~1b/c~0d/1'],
    ],
    ['{"n":"12345678901234567890 e5"}', { n: '12345678901234567890 e5' }, []],
    ['{"n":"\\ud83d\\ude00"}', { n: '\u{1F600}' }, []],
    [
      '{"constructor":1,"prototype":2,"hasOwnProperty":3,"toString":4}',
      { constructor: 1, prototype: 2, hasOwnProperty: 3, toString: 4 },
      [],
    ],
    ['{"a":":","b":"\\":","c":"\\\\"}', { a: ':', b: '":', c: '\\' }, []],
  ])('%s', (text, value, coerced) => {
    expect(items(text)).toEqual([{ kind: 'record', value, coerced, source: text }])
  })

  test('-0 becomes 0 in canonical form and is no reason to complain', () => {
    expect(items('{"n":-0}')).toMatchObject([{ kind: 'record', coerced: [] }])
  })

  test.each([
    ['{"n":1e999}', ['number_overflow /n']],
    ['{"n":[-1e400,2]}', ['number_overflow /n/0']],
    [`{"n":${'9'.repeat(400)}}`, ['number_overflow /n']],
    ['{"a":1,"b":2,"a":1}', ['duplicate_key /a']],
    ['{"a":1,"\\u0061":1}', ['duplicate_key /a']],
    ['{"x":[{"k":1},{"k":1,"k":2}]}', ['duplicate_key /x/1/k']],
    ['{"__proto__":{"admin":true}}', ['forbidden_key /__proto__']],
    ['{"\\u005f_proto__":1}', ['forbidden_key /__proto__']],
    ['{"a":{"__pr\\u006fto__":null}}', ['forbidden_key /a/__proto__']],
    ['{"a":"\\ud800"}', ['lone_surrogate /a']],
    ['{"a":"\\uDC00\\uD800"}', ['lone_surrogate /a']],
    ['{"\\ud800":1}', ['lone_surrogate ']],
    ['{"a":1,"a":2,"n":1e999}', ['duplicate_key /a', 'number_overflow /n']],
    [`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, [`too_deep ${'/a'.repeat(64)}`]],
    [`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, [`too_deep /a${'/0'.repeat(63)}`]],
  ])('%.60s is a problem of that record alone', (text, problems) => {
    expect(outcomes(text)).toEqual([problems])
    expect(outcomes(`[{"ok":1},${text}]`)).toEqual([{ ok: 1 }, problems])
    expect(outcomes(`{"ok":1}\n${text}\n{"ok":2}`, 'ndjson')).toEqual([{ ok: 1 }, problems, { ok: 2 }])
  })

  test('depth 64 is still allowed', () => {
    expect(outcomes(`${'{"a":'.repeat(64)}1${'}'.repeat(64)}`)).toHaveLength(1)
    expect(items(`${'{"a":'.repeat(64)}1${'}'.repeat(64)}`)[0]).toMatchObject({ kind: 'record' })
  })

  test('100,000 unclosed brackets are broken JSON, not a stack overflow', () => {
    for (const open of ['[', '{"a":', '[{"a":'])
      for (const format of FORMATS)
        expect(['refused', 'records']).toContain(parse(open.repeat(100_000), format).kind)
  })

  test('a record over a mebibyte is refused, its neighbours are not', () => {
    const huge = JSON.stringify({ a: 'é'.repeat(600_000) })
    const [first, second] = items(`${huge}\n{"b":2}`, 'ndjson')
    expect(first).toMatchObject({ kind: 'problem', problems: [{ code: 'too_large', limit: 1_048_576 }] })
    expect(second).toMatchObject({ kind: 'record' })
  })
})

describe('any bytes', () => {
  test('never throw', () => {
    const structural = fc.array(
      fc.constantFrom(
        ...'{}[]":,\\u\n \u00e9eE+-.0123456789tfn_'.split(''),
        '\\ud800',
        '__proto__',
        '"a":',
        '1e999',
      ),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          structural.map((parts) => encodeUtf8(parts.join(''))),
        ),
        (bytes) => {
          for (const format of FORMATS)
            expect(['records', 'refused']).toContain(parseBody(bytes, format).kind)
        },
      ),
      { numRuns: 5_000 },
    )
  })

  test('give what JSON.parse gives, where it changes nothing', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          fc.jsonValue({ maxDepth: 4 }),
        ),
        (value) => {
          const text = JSON.stringify(value)
          const [item] = items(text)
          if (item?.kind === 'record' && item.coerced.length === 0)
            expect(item.value).toEqual(JSON.parse(text))
          else expect(text).toMatch(/__proto__|\\ud|\d/)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
