/** Rules by name, and the modes. */

import { createHmac, hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { compileRedaction, type RedactionPolicy } from './policy.ts'
import { redactPersonal } from './redact-record.ts'
import { redactText } from './redact-text.ts'
import type { RedactionMode } from './replacement.ts'
import type { RedactionRule } from './rule.ts'

const hashKey = new Uint8Array(32).fill(7)
const sha256 = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer')
const hashed = (text: string): string =>
  `hmac:${createHmac('sha256', hashKey).update(text).digest('hex').slice(0, 32)}`
const policyOf = (...rules: readonly RedactionRule[]) => compileRedaction({ rules, hashKey, sha256 })
const byName = (as: RedactionMode) => policyOf({ names: ['customerNumber', 'token'], as })
const metadata = (value: object, policy = byName('hash')): unknown =>
  redactPersonal({ metadata: value }, policy).metadata

describe('a rule that cannot be followed', () => {
  test.each<[unknown, string]>([
    [[{}], 'redaction rule 1: covers nothing; give it names, paths or detect'],
    [[{ names: ['a'] }, { names: [], as: 'drop' }], 'redaction rule 2: covers nothing'],
    [[{ names: ['12'] }], 'redaction rule 1, names[0]: "12" has no letters'],
    [[{ names: 'pin' }], 'redaction rule 1, names: must be a list of texts'],
    [[{ names: [1] }], 'redaction rule 1, names: must be a list of texts'],
    [[{ name: ['a'] }], 'redaction rule 1: there is no field "name"'],
    [[{ names: ['a'], as: 'star' }], 'redaction rule 1, as: "star" is none of mask, hash, partial, drop'],
    [
      [{ detect: ['card', 'visa'] }],
      'redaction rule 1, detect[1]: "visa" is none of key, jwt, iban, card, email',
    ],
    [
      [{ paths: ['metadata.a', 'metadata..b'] }],
      'redaction rule 1, paths[1]: "metadata..b": at 8: expected a name',
    ],
    [[{ names: ['a'], as: 'hash' }], 'redaction rule 1, as: hash: the policy needs hashKey'],
  ])('%j is refused', (rules, message) => {
    expect(() => compileRedaction({ rules } as RedactionPolicy)).toThrow(message)
  })

  test('is refused without a hash function and with a short key', () => {
    const rules = [{ names: ['a'], as: 'hash' }] as const
    expect(() => compileRedaction({ rules, hashKey })).toThrow('the policy needs sha256')
    expect(() => compileRedaction({ rules, hashKey: new Uint8Array(15), sha256 })).toThrow(
      'hashKey has 15 bytes; at least 16 are needed',
    )
  })
})

describe('a rule by name', () => {
  test('masks unless it says otherwise', () => {
    expect(metadata({ customer_number: 4711, other: 1 }, policyOf({ names: ['customerNumber'] }))).toEqual({
      customer_number: '***',
      other: 1,
    })
  })

  test('wins over the built-in mask and over exceptions; the earlier rule wins', () => {
    const policy = compileRedaction({
      except: ['password'],
      rules: [
        { names: ['token'], as: 'partial' },
        { names: ['TOKEN', 'password'], as: 'drop' },
      ],
    })
    expect(metadata({ token: 'abcdefghijkl', password: 'p', pin: 1 }, policy)).toEqual({
      token: '******ijkl',
      pin: '***',
    })
  })

  test('works without the built-in names, inside texts, too', () => {
    const policy = compileRedaction({ defaults: false, rules: [{ names: ['a'] }] })
    const jwt = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.x'
    expect(metadata({ a: 1, pin: 1, url: `?a=1&token=${jwt}` }, policy)).toEqual({
      a: '***',
      pin: 1,
      url: `?a=***&token=${jwt}`,
    })
  })

  test('hashes texts as they are and other values as canonical JSON', () => {
    expect(
      metadata({
        a: { token: 'größe' },
        b: { token: 12.5 },
        c: { token: { z: 1, a: [true] } },
        d: { token: ['x', 1, null, '', true] },
        e: { token: null },
        f: { token: false },
        g: { token: '' },
        h: { token: '***' },
        i: { token: { lone: '\ud800' } },
      }),
    ).toEqual({
      a: { token: hashed('größe') },
      b: { token: hashed('12.5') },
      c: { token: hashed('{"a":[true],"z":1}') },
      d: { token: [hashed('x'), hashed('1'), null, '', true] },
      e: { token: null },
      f: { token: false },
      g: { token: '' },
      h: { token: '***' },
      i: { token: '***' },
    })
  })

  test.each([
    ['4111 1111-1111 1111', '411111******1111'],
    ['378282246310005', '******0005'],
    [4111111111111111, '411111******1111'],
    ['de89 3704 0044 0532 0130 00', 'DE******3000'],
    ['DE89370400440532013000', 'DE******3000'],
    ['ada@example.org', 'a***@example.org'],
    ['ünal@example.org', 'ü***@example.org'],
    ['a@b.cc@example.org', 'a***@example.org'],
    ['sk_live_abcdefghijklmnop', '******mnop'],
    ['abcdefghijkl', '******ijkl'],
    ['abcdefghijk', '***'],
    ['😀'.repeat(12), `******${'😀'.repeat(4)}`],
    ['😀'.repeat(11), '***'],
    [{ a: 'abcdefghijkl' }, '***'],
    [
      ['abcdefghijkl', 'x'],
      ['******ijkl', '***'],
    ],
  ])('partly hides %j', (token, shown) => {
    const once = metadata({ token }, byName('partial'))
    expect(once).toEqual({ token: shown })
    expect(metadata(once as object, byName('partial'))).toBe(once)
  })

  test('drops members, and leaves lists of names and values in order', () => {
    const personal = {
      labels: { token: 'x', keep: 'y' },
      metadata: { rawHeaders: ['Token', 'x', 'Accept', '*/*'], pair: [['token', 'x']], token: null },
      request: { headers: [{ name: 'Token', value: 'x' }], body: '{"token":{"a":1},"b":2}' },
      changes: [{ path: '/user/token', old: 'a', new: 'b' }],
    }
    const redacted = redactPersonal(personal, byName('drop'))
    expect(redacted).toEqual({
      labels: { keep: 'y' },
      metadata: { rawHeaders: ['Token', '', 'Accept', '*/*'], pair: [['token', '']] },
      request: { headers: [{ name: 'Token' }], body: '{"token":"","b":2}' },
      changes: [{ path: '/user/token', redacted: true }],
      redacted: [
        '/changes/0/old',
        '/changes/0/new',
        '/labels/token',
        '/metadata/rawHeaders/1',
        '/metadata/pair/0/1',
        '/metadata/token',
        '/request/headers/0/value',
        '/request/body',
      ],
    })
    expect(redactPersonal(redacted, byName('drop'))).toBe(redacted)
  })

  test.each<[string, string]>([
    // forms and queries: the decoded value
    ['token=a%20b%2Bc&x=1', `token=${hashed('a b+c')}&x=1`],
    ['x=1&token=a+b', `x=1&token=${hashed('a b')}`],
    ['x=1&token=%zz%41', `x=1&token=${hashed('%zzA')}`],
    ['https://x.example/p?token=gr%C3%B6%C3%9Fe#f', `https://x.example/p?token=${hashed('größe')}#f`],
    ['token=', 'token='],
    ['token=***', 'token=***'],
    [
      'token=eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.x',
      `token=${hashed('eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.x')}`,
    ],
    // log lines and cookies: as it stands, without the quotes
    ['user=x token="my %41 token" y', `user=x token="${hashed('my %41 token')}" y`],
    ["a; token='x", `a; token='${hashed('x')}`],
    ['theme=dark; token=abc; lang=de', `theme=dark; token=${hashed('abc')}; lang=de`],
    ['x token=Bearer abc1 y', `x token=${hashed('Bearer abc1')} y`],
    // JSON: the value
    ['{"token":"a\\u0062"}', `{"token":"${hashed('ab')}"}`],
    ['{"token": 1.50 ,"x":1.50}', `{"token": "${hashed('1.5')}" ,"x":1.50}`],
    ['{"token":12345678901234567890}', `{"token":"${hashed('12345678901234567890')}"}`],
    ['{"token":{"b":1,"a":[2]}}', `{"token":"${hashed('{"a":[2],"b":1}')}"}`],
    ['{"token":true,"a":{"token":null}}', '{"token":true,"a":{"token":null}}'],
    ['{"a":"{\\"token\\":\\"x\\"}"}', `{"a":"{\\"token\\":\\"${hashed('x')}\\"}"}`],
    ['{"url":"/x?token=a%20b"}', `{"url":"/x?token=${hashed('a b')}"}`],
    // cut off
    ['{"token":"a\\nb', `{"token":"${hashed('a\nb')}"`],
    ['{"token":{"a":"b', `{"token":"${hashed('{"a":"b')}"`],
    ['{"token":12', `{"token":"${hashed('12')}"`],
  ])('hashes in %j', (text, redacted) => {
    expect(redactText(text, byName('hash'))).toBe(redacted)
    expect(redactText(redacted, byName('hash'))).toBe(redacted)
    expect(redactText(redacted, compileRedaction())).toBe(redacted)
  })

  test.each<[RedactionMode, string, string]>([
    ['partial', 'token=abcdefghi%26jkl&x=1', 'token=******%26jkl&x=1'],
    ['partial', "token=abcdefghij'kl&x=1", 'token=******j%27kl&x=1'],
    ['partial', 'token=ada%40example.org', 'token=a***@example.org'],
    ['partial', 'x token="abcdef; hijkl" y', 'x token="******ijkl" y'],
    ['partial', '{"token":"abcdefghij\\"l"}', '{"token":"******ij\\"l"}'],
    ['partial', '{"token":{"a":"abcdefghijkl"}}', '{"token":"***"}'],
    ['drop', 'a=1&token=x&b=2', 'a=1&token=&b=2'],
    ['drop', 'x token="a b" y', 'x token= y'],
    ['drop', '{"token":true,"a":{"token":[1', '{"token":"","a":{"token":""'],
    ['mask', 'a=1&token=x&customer-number=7', 'a=1&token=***&customer-number=***'],
  ])('as %s: %j', (as, text, redacted) => {
    expect(redactText(text, byName(as))).toBe(redacted)
    expect(redactText(redacted, byName(as))).toBe(redacted)
  })
})

describe('the default policy', () => {
  test('keeps what was hashed, and nothing that only looks like it', () => {
    const policy = compileRedaction()
    const kept = { token: hashed('x'), list: [{ name: 'Cookie', value: hashed('y') }] }
    const personal = { metadata: kept, message: `token=${hashed('x')} db://u:${hashed('p')}@h` }
    expect(redactPersonal(personal, policy)).toBe(personal)
    for (const token of [hashed('x').toUpperCase(), `${hashed('x')}0`, ` ${hashed('x')}`, 'hmac:abc'])
      expect(metadata({ token }, policy)).toEqual({ token: '***' })
  })

  test('keeps what was partly hidden by its form', () => {
    const personal = { message: 'card 411111******1111 of a***@example.org, DE******3000, Bearer ******ijkl' }
    expect(redactPersonal(personal, compileRedaction())).toBe(personal)
  })
})
