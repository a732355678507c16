import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compareBytes,
  concatBytes,
  decodeBase64,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  equalBytes,
} from './index.ts'

const bytes = fc.uint8Array({ maxLength: 200 })

test('base64 agrees with Buffer and returns', () => {
  fc.assert(
    fc.property(bytes, (value) => {
      const text = encodeBase64(value)
      expect(text).toBe(Buffer.from(value).toString('base64'))
      expect(decodeBase64(text)).toEqual(value)
    }),
  )
})

test('base64 has one spelling for each value', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (text) => {
      const value = decodeBase64(text)
      expect(value === undefined ? text : encodeBase64(value)).toBe(text)
    }),
  )
})

test.each([
  'A',
  'AA',
  'AAA',
  '=',
  '==',
  '====',
  'A===',
  'AA=A',
  'AB==',
  'AAB=',
  'AA-_',
  'AA==AA==',
  ' AAA',
  'AAA\n',
  'AAÿA',
  'AAŁA',
  'A=A=',
])('refuses %j as base64', (text) => expect(decodeBase64(text)).toBeUndefined())

test('hex returns and refuses other spellings', () => {
  fc.assert(
    fc.property(bytes, (value) => {
      expect(decodeHex(encodeHex(value))).toEqual(value)
    }),
  )
  for (const text of ['0', 'AA', '0g', ' 0', '0x', 'éé']) expect(decodeHex(text)).toBeUndefined()
})

test('utf8 keeps a byte order mark and refuses what is not UTF-8', () => {
  expect(decodeUtf8(encodeUtf8('\ufeffä\u2014'))).toBe('\ufeffä\u2014')
  for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x80]])
    expect(decodeUtf8(Uint8Array.from(bad))).toBeUndefined()
})

test('bytes compare as Buffer does', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b))
      expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0)
      expect(equalBytes(concatBytes(a, b), Buffer.concat([a, b]))).toBe(true)
    }),
  )
})
