/** No text makes the detectors go over it more than a bounded number of times. */

import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { expectLinearTime } from '../../../../../test/support/linear-time.ts'
import { compileRedaction } from '../policy.ts'
import { redactText } from '../redact-text.ts'
import { DETECTORS } from './detectors.ts'

const policies = (['mask', 'partial'] as const).map((as) =>
  compileRedaction({
    rules: [{ names: ['a', 'secret'], detect: DETECTORS, as }],
    hashKey: new Uint8Array(32),
    sha256: (data) => createHash('sha256').update(data).digest(),
  }),
)

test.each([
  // cards
  ['4', '4'],
  ['4', ' 4'],
  ['411', ' 411'],
  ['4111', ' 1111'],
  ['4111', '-1111'],
  ['4111111111111111', ' '],
  ['', '4111111111111111 '],
  ['', '4111111111111111.'],
  ['', '0.4111111111111111 '],
  ['', ':4111111111111111,'],
  ['', '4111111111111 '],
  [',', ' '],
  ['1', ', '],
  // IBANs
  ['DE89', ' DE89'],
  ['DE89', '0'],
  ['', 'DE89 3704 '],
  ['', 'DE89370400440532013000 '],
  // addresses
  ['@', '@'],
  ['a', '@a'],
  ['a@', 'b.'],
  ['a@', 'b-'],
  ['a@b.cc', '@b.cc'],
  ['', 'a@b.cc '],
  ['a', '.a@'],
  ['', '://a@b.cc'],
  ['a', ':a'],
  // escapes
  ['%', '%4'],
  ['', '%40'],
  ['a', '%40b.cc'],
  ['', '%204111111111111111'],
  ['%', '25'],
  // keys and tokens
  ['', 'AKIA'],
  ['', 'AKIAIOSFODNN7EXAMPLE '],
  ['', 'ghp_'],
  ['ghp_', 'a'],
  ['', 'github_pat_'],
  ['', 'xoxb-'],
  ['', 'SG.'],
  ['', 'SG.aaaaaaaaaaaaaaaaaaaa.'],
  ['', 'sk_live_'],
  ['', 'glpat-'],
  ['', 'tp_0123abcd_'],
  ['', 'eyJa.eyJb.'],
  ['eyJ', '.eyJ'],
  ['-----BEGIN+', '-----BEGIN+'],
  ['-----BEGIN+PRIVATE+KEY', 'x'],
  // what was replaced
  ['', '******'],
  ['', '******4111 '],
  ['', 'hmac:'],
  // names
  ['', 'secret='],
  ['', 'secret="a"'],
  ['', 'secret=Bearer '],
  ['', '"secret":'],
  ['', '"a":"a",'],
  ['"secret":', '['],
  ['', '\\u0041'],
  ['', '\\'],
  // names before a colon
  ['', 'secret:'],
  ['', 'secret: '],
  ['', 'secret: x\n'],
  ['', 'secret: [\n'],
  ['', 'secret: "\n'],
  ['', "\\'secret\\': \\'"],
  ['', 'secret : expired '],
  ['a', 'a'],
  [':', ' '],
  ['', ' :'],
  ['', '- '],
  ['', 'Cookie: '],
  ['', 'secret: Bearer '],
  ['secret: -----BEGIN ', 'secret: -----BEGIN '],
  // elements
  ['', '<secret>'],
  ['<secret>', '</secret'],
  ['', '<a secret="'],
  ['', '<a '],
  ['<', 'a'],
  ['<a ', 'a '],
  ['<a ', "a='"],
  ['<a b', ' '],
  // JSON in a text
  ['x', '{"'],
  ['x', '{"a":'],
  ['x', '{ '],
  ['x', '{"a":1}'],
  ['x', 'secret: {"a":'],
  // nested escapes
  ['secret', '%3D'],
  ['', '%2525'],
  ['', 'secret%3Da%26'],
  ['', '%22secret%22%3A'],
  // who logs in
  ['', 'https://a@'],
  ['https://', 'a@'],
])('a quarter of a mebibyte made of %j and %j takes linear time', (head, rest) => {
  expectLinearTime(262_144, (chars) => {
    for (const policy of policies)
      for (const first of ['', '{', '{"a":"']) {
        const text = first + head + rest.repeat(Math.floor(chars / rest.length))
        expect(redactText(text, policy).length).toBeLessThan(4 * text.length)
      }
  })
})
