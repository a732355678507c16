/** What holds for every policy and every value. */

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DETECTORS } from './detect/detectors.ts'
import { compileRedaction } from './policy.ts'
import { redactPersonal } from './redact-record.ts'
import { redactText } from './redact-text.ts'
import { REDACTION_MODES } from './replacement.ts'
import type { RedactionRule } from './rule.ts'

const policyOf = (rules: readonly RedactionRule[], defaults = true) =>
  compileRedaction({
    rules,
    defaults,
    hashKey: new Uint8Array(32).fill(1),
    sha256: (data) => createHash('sha256').update(data).digest(),
  })

const POLICIES = [
  ...REDACTION_MODES.flatMap((as) =>
    [true, false].map((defaults) => {
      const rules = [{ names: ['secret', 'a'], paths: ['**.b', 'metadata.list[*]'], detect: DETECTORS, as }]
      return [`${as}${defaults ? '' : ' alone'}`, policyOf(rules, defaults)] as const
    }),
  ),
  [
    'one of each mode',
    policyOf([
      { names: ['secret'], as: 'hash' },
      { names: ['a'], detect: ['card', 'key'], as: 'partial' },
      { paths: ['**.b'], as: 'drop' },
      { detect: ['email', 'iban'], as: 'hash' },
      { detect: ['jwt'], as: 'drop' },
    ]),
  ] as const,
]

const JWT = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln'
const SECRETS = [
  '4111111111111111',
  '4111 1111 1111 1111',
  '378282246310005',
  'DE89370400440532013000',
  'GB29 NWBK 6016 1331 9268 19',
  JWT,
  'AKIAIOSFODNN7EXAMPLE',
  `ghp_${'aB3'.repeat(12)}`,
  `tp_0123abcd_${'aB3_-xyz'.repeat(5)}abc`,
]

const PARTS = [
  ...SECRETS,
  'ada@example.org',
  '4111',
  ' 1111 1111 1111',
  'DE89',
  'secret',
  'a',
  'password',
  '=',
  '&',
  '?',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  ' ',
  '-',
  '+',
  '\n',
  '://',
  '@',
  'Bearer ',
  'Basic ',
  'eyJ',
  '.',
  '-----BEGIN ',
  'PRIVATE KEY-----',
  '-----END ',
  'abc1',
  '***',
  '%',
  '%20',
  '%40',
  '%0A',
  "'",
  '#',
  ';',
  '{"secret":',
  'secret: ',
  'Authorization: ',
  ': ',
  '<',
  '>',
  '<secret>',
  '</secret>',
  ' a="',
  '%3D',
  '%253D',
  '`',
  '"a":"',
  '\ud800',
  'ü',
]
const text = fc.array(fc.constantFrom(...PARTS), { maxLength: 25 }).map((parts) => parts.join(''))
const key = fc.constantFrom(
  'a',
  'b',
  'secret',
  'password',
  'value',
  'name',
  'headers',
  'path',
  'old',
  'c/d',
  '0',
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.constantFrom<unknown>(null, true, '', 0.5, 4111111111111111, 'Cookie', '***'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
    fc.tuple(fc.constantFrom('secret', 'password', 'x'), text),
    fc.jsonValue(),
  ),
}))
const group = fc.record(
  {
    actor: value,
    changes: fc.array(value, { maxLength: 2 }),
    errors: value,
    labels: value,
    message: text,
    metadata: value,
    request: value,
    session_id: text,
    targets: value,
  },
  { requiredKeys: [] },
)

describe.each(POLICIES)('policy %s', (_, policy) => {
  test('never throws, never writes to its input and alters no group twice', () => {
    fc.assert(
      fc.property(group, (personal) => {
        const before = JSON.stringify(personal)
        const once = redactPersonal(personal, policy)
        expect(JSON.stringify(personal)).toBe(before)
        expect(JSON.stringify(redactPersonal(once, policy))).toBe(JSON.stringify(once))
      }),
      { numRuns: 500 },
    )
  })

  test('alters no text twice', () => {
    fc.assert(
      fc.property(text, (sent) => {
        const once = redactText(sent, policy)
        expect(redactText(once, policy)).toBe(once)
      }),
      { numRuns: 2_000 },
    )
  })

  test('takes values nested very deep', () => {
    let deep: unknown = 'x'
    for (let i = 0; i < 20_000; i++) deep = i % 2 === 0 ? { n: deep } : [deep]
    expect(JSON.stringify(redactPersonal({ metadata: { deep } }, policy)).length).toBeLessThan(20_000)
  })
})

describe.each(REDACTION_MODES)('a planted secret, as %s', (as) => {
  const policy = policyOf([{ detect: DETECTORS, as }], false)
  const aside = fc
    .string({ unit: fc.constantFrom(...' \n\t.,;:!?()[]{}<>/\\|"\'`~@#$^&*_=+-é'.split('')), maxLength: 6 })
    .filter((beside) => !beside.includes('******'))

  test('survives in no container, whatever stands beside it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SECRETS), aside, aside, (secret, before, after) => {
        const around = before + secret + after
        const json = JSON.stringify({ a: [around], b: 1 })
        const encoded = encodeURIComponent(around)
        const personal = {
          errors: [{ message: around }],
          integrations: [{ request: { args: [around, { deep: [around] }] } }],
          labels: { a: around },
          message: around,
          metadata: {
            json,
            nested: JSON.stringify({ json }),
            cut: json.slice(0, json.length - 9),
            rawHeaders: ['X-A', around],
            list: [{ name: 'X-A', value: around }],
            pairs: [['X-A', around]],
          },
          request: {
            url: `https://x.example/${encoded}?a=${encoded}&b=1`,
            form: `a=1&b=${encoded}&c=2`,
            plus: `a=1&b=${encoded.replaceAll('%20', '+')}&c=2`,
            body: `x=${around}`,
          },
        }
        const redacted = JSON.stringify(redactPersonal(personal, policy))
        expect(redacted).not.toContain(secret)
        expect(redacted).not.toContain(encodeURIComponent(secret))
        expect(redacted).not.toContain(encodeURIComponent(secret).replaceAll('%20', '+'))
      }),
      { numRuns: 1_000 },
    )
  })
})
