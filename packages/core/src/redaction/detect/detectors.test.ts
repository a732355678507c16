import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { compileRedaction } from '../policy.ts'
import { redactPersonal } from '../redact-record.ts'
import { redactText } from '../redact-text.ts'
import type { RedactionMode } from '../replacement.ts'
import { DETECTIONS, DETECTORS, type Detector } from './detectors.ts'

const policyOf = (detect: readonly Detector[], as: RedactionMode = 'mask', defaults = false) =>
  compileRedaction({
    defaults,
    rules: [{ detect, as }],
    hashKey: new Uint8Array(32),
    sha256: (data) => createHash('sha256').update(data).digest(),
  })
const all = policyOf(DETECTORS)
const TP_KEY = `tp_${randomBytes(4).toString('hex')}_${randomBytes(32).toString('base64url')}`
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'

const SECRETS: Readonly<Record<Detector, readonly string[]>> = {
  card: [
    '4111111111111111',
    '4111 1111 1111 1111',
    '4111-1111-1111-1111',
    '4222222222222',
    '4000000000000000006',
    '5555555555554444',
    '2223003122003222',
    '378282246310005',
    '3782 822463 10005',
    '6011111111111117',
    '30569309025904',
    '3056 930902 5904',
    '3530111333300000',
    '6200000000000005',
    '6759649826438453',
    '5019717010103742',
    '2200000000000053',
  ],
  iban: [
    'DE89370400440532013000',
    'DE89 3704 0044 0532 0130 00',
    'de89-3704-0044-0532-0130-00',
    'GB29NWBK60161331926819',
    'NO9386011117947',
    'MT84MALT011000012345MTLCAST001S',
    'FR14 2004 1010 0505 0001 3M02 606',
    'LC55HEMM000100010012001200023015',
  ],
  email: [
    'ada@example.org',
    "o'hara+x@mail.example.co.uk",
    'jörg@müller.example',
    'a_b-c.d@xn--80ak6aa92e.com',
  ],
  jwt: [JWT, 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'],
  key: [
    'AKIAIOSFODNN7EXAMPLE',
    'ASIAIOSFODNN7EXAMPLE',
    ...['ghp_', 'gho_', 'ghs_', 'ghu_', 'ghr_'].map((prefix) => prefix + 'aB3'.repeat(12)),
    `github_pat_11ABCDEFG0aBcDeFgHiJkL_${'x1Y'.repeat(19)}ab`,
    'xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx',
    `sk_live_${'a1B'.repeat(8)}`,
    `sk_test_${'a1B'.repeat(8)}`,
    `rk_live_${'a1B'.repeat(8)}`,
    `AIza${'Sy-_9'.repeat(7)}`,
    `glpat-${'x_-Y9'.repeat(4)}`,
    `npm_${'aB3'.repeat(12)}`,
    `SG.${'aB-_3'.repeat(4)}xy.${'aB-_3'.repeat(8)}xyz`,
    TP_KEY,
    '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----',
  ],
}
const PLANTED = DETECTORS.flatMap((detector) =>
  SECRETS[detector].map((secret) => [detector, secret] as const),
)

describe('secrets', () => {
  test.each(PLANTED)('%s %s is found by its detector and by no other', (detector, secret) => {
    expect(redactText(secret, policyOf([detector]))).toBe('***')
    const others = DETECTORS.filter((other) => other !== detector)
    expect(redactText(secret, policyOf(others))).toBe(secret)
    expect(DETECTIONS[detector].hint.test(secret)).toBe(true)
  })

  test.each(PLANTED)('%s %s is found wherever it stands', (_, secret) => {
    const json = JSON.stringify({ a: ['x', `\n${secret}\t`] })
    const encoded = encodeURIComponent(` ${secret} `)
    const plus = `a=1&b=${encodeURIComponent(secret).replaceAll('%20', '+')}&c=2`
    const texts = [
      `"${secret}"`,
      `(${secret}),`,
      `_${secret}.`,
      `x:${secret};`,
      `é${secret}é`,
      `https://x.example/p/${encoded}?a=${encoded}#${encoded}`,
      plus,
      json,
      JSON.stringify({ nested: json }),
      JSON.stringify({ nested: JSON.stringify({ nested: json }) }),
      json.slice(0, -4),
      `{"a":"x\\n${JSON.stringify(secret).slice(1, -1)}`,
    ]
    for (const text of texts) {
      const redacted = redactText(text, all)
      expect(redacted, text).toContain('***')
      expect(decodeURIComponent(redacted.replaceAll('+', ' ')), text).not.toContain(secret)
      expect(redactText(redacted, all), text).toBe(redacted)
    }
  })

  test.each(PLANTED)('%s %s is found in objects, lists and headers', (_, secret) => {
    const personal = {
      metadata: { a: secret, b: [secret, [secret]], c: { d: [{ e: secret }] } },
      request: { headers: ['X', secret], url: `/x?a=${encodeURIComponent(secret)}` },
      message: secret,
      labels: { a: secret },
      errors: [{ message: `failed for ${secret}` }],
      integrations: [{ headers: [['X', secret]] }],
      changes: [{ path: '/a', old: secret, new: null }],
    }
    const redacted = redactPersonal(personal, all)
    expect(JSON.stringify(redacted)).not.toContain(JSON.stringify(secret).slice(1, -1))
    expect(redacted).toMatchObject({
      redacted: [
        '/changes/0/old',
        '/errors/0/message',
        '/integrations/0/headers/0/1',
        '/labels/a',
        '/message',
        '/metadata/a',
        '/metadata/b/0',
        '/metadata/b/1/0',
        '/metadata/c/d/0/e',
        '/request/headers/1',
        '/request/url',
      ],
    })
    expect(redactPersonal(redacted, all)).toBe(redacted)
  })

  test.each(PLANTED)('%s %s is not looked for by default, nor in identifiers', (detector, secret) => {
    if (detector === 'jwt' || secret.startsWith('-----')) return
    expect(redactText(secret, compileRedaction())).toBe(secret)
    const personal = {
      actor: { id: secret },
      source: { a: [secret] },
      targets: [{ id: secret }],
      session_id: secret,
    }
    expect(redactPersonal(personal, all)).toBe(personal)
  })
})

describe('what only looks like a secret', () => {
  test.each([
    // cards: check sum, issuer, length, a longer run, a fraction, small groups
    '4111111111111112',
    '1111111111111117',
    '41111111111111',
    '41111111111111111111111',
    'x4111111111111111',
    '4111111111111111x',
    '0.4111111111111111',
    '4111  1111 1111 1111',
    '41 11 11 11 11 11 11 11',
    '4111.1111.1111.1111',
    '1785499200000 and 1785499200000000',
    '4bf92f3577b34da6a3ce929d0e0e4736 2026-11-21T19:34:43.123456789Z',
    // IBANs: check sum, country, length, groups
    'DE88370400440532013000',
    'ZZ89370400440532013000',
    'DE8937040044053201300',
    'DE893704004405320130000',
    'xDE89370400440532013000',
    'DE89 37040 0440 5320 1300 0',
    'DE89  3704 0044 0532 0130 00',
    // addresses
    'ada@example',
    '@example.org',
    'ada@.org',
    'ada.@example.org',
    'ada@example.1',
    'ada@127.0.0.1',
    'ssh://git@example.org/x',
    'pkg@1.2.3',
    // keys
    'AKIAIOSFODNN7EXAMPL',
    'AKIAIOSFODNN7EXAMPLE2',
    'xAKIAIOSFODNN7EXAMPLE',
    'ghp_short',
    'tp_12345678_short',
    'sk_live_short',
    'npm_install_all',
    '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----',
    'eyJ.x.y',
  ])('%j stays', (text) => {
    expect(redactText(text, all)).toBe(text)
  })
})

describe('a text', () => {
  test.each<[RedactionMode, string, string]>([
    ['mask', 'pay 5 4111 1111 1111 1111 12', 'pay 5 *** 12'],
    ['mask', 'pay 500 4111 1111 1111 1111 123', 'pay 500 *** 123'],
    ['mask', '**4111111111111111**', '*******'],
    ['mask', 'a%204111111111111111%20b', 'a%20***%20b'],
    ['mask', 'ada%40example.org%2C%C3%A4', '***%2C%C3%A4'],
    ['mask', '%4111111111111111', '%***'],
    ['mask', '%4111111111111111x %', '%4111111111111111x %'],
    ['mask', 'to ada@example.org, bob@example.org.', 'to ***, ***.'],
    ['mask', 'a@b.cc@d.ee', '***'],
    ['mask', 'https://u:p@x.example/?a=b@x.example', 'https://u:p@x.example/?a=***'],
    ['mask', 'mailto:ada@example.org', 'mailto:***'],
    ['partial', 'pay 4111 1111 1111 1111.', 'pay 411111******1111.'],
    ['partial', 'from DE89 3704 0044 0532 0130 00 on', 'from DE******3000 on'],
    ['partial', 'ada%40example.org', 'a***@example.org'],
    ['partial', `Bearer ${JWT}!`, 'Bearer ******sR8U!'],
    ['partial', 'AKIAIOSFODNN7EXAMPLE', '******MPLE'],
    ['drop', 'a 4111111111111111 b', 'a  b'],
    ['drop', '{"a":"4111111111111111","b":[4111111111111111]}', '{"a":"","b":[""]}'],
    // numbers of JSON, and what only stands near them
    ['mask', '{"a":4111111111111111}', '{"a":"***"}'],
    ['mask', '[4111111111111111, 4111111111111111 ,1]', '[4111111111111111, 4111111111111111 ,1]'],
    ['mask', '[{"a":[4111111111111111, 4111111111111111 ,1]}]', '[{"a":["***", "***" ,1]}]'],
    ['mask', '{"a":4111111111111111', '{"a":"***"'],
    ['mask', '{"a":4000000000000000006}', '{"a":"***"}'],
    ['mask', '{"a":0.4111111111111111,"b":-1}', '{"a":0.4111111111111111,"b":-1}'],
    ['partial', '{"a":4111111111111111}', '{"a":"411111******1111"}'],
    ['mask', '{not json 4111111111111111}', '{not json ***}'],
  ])('as %s: %j', (as, text, redacted) => {
    const policy = policyOf(DETECTORS, as)
    const expected = text === '[4111111111111111, 4111111111111111 ,1]' ? '[***, *** ,1]' : redacted
    expect(redactText(text, policy)).toBe(expected)
    expect(redactText(expected, policy)).toBe(expected)
  })

  test('of a secret name is replaced for its name, not for its form', () => {
    const policy = compileRedaction({ rules: [{ detect: DETECTORS, as: 'partial' }] })
    expect(redactText('card_number=4111111111111111&x=4111111111111111', policy)).toBe(
      'card_number=***&x=411111******1111',
    )
    expect(redactText('https://u:ada@example.org/', policy)).toBe('https://u:***@example.org/')
    expect(redactText(`Bearer ${JWT}`, policy)).toBe('Bearer ******sR8U')
  })
})

describe('a card number sent as a number', () => {
  test.each<[RedactionMode, unknown, unknown]>([
    ['mask', ['***', 1], '***'],
    ['partial', ['411111******1111', 1], '411111******1111'],
    ['drop', [null, 1], undefined],
  ])('is found: %s', (as, list, member) => {
    const personal = {
      metadata: { list: [4111111111111111, 1], member: 4111111111111111, time: 1785499200000, x: 0.5 },
      targets: [{ id: 4111111111111111 }],
    }
    const redacted = redactPersonal(personal, policyOf(['card'], as))
    expect(redacted).toEqual({
      metadata: { list, ...(member === undefined ? {} : { member }), time: 1785499200000, x: 0.5 },
      targets: [{ id: 4111111111111111 }],
      redacted: ['/metadata/list/0', '/metadata/member'],
    })
    expect(redactPersonal(redacted, policyOf(['card'], as))).toBe(redacted)
    expect(redactPersonal(personal, policyOf(['iban'], as))).toBe(personal)
  })

  test.each([4111111111111112, -4111111111111111, 4111111111111.5, 4e18, 411111111111, NaN, Infinity])(
    '%j is none',
    (value) => {
      const personal = { metadata: { value } }
      expect(redactPersonal(personal, all)).toBe(personal)
    },
  )
})
