import { createHmac, hash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { decodeHex, encodeHex } from '../encoding/hex.ts'
import { encodeUtf8 } from '../encoding/utf8.ts'
import { hmacSha256 } from './hmac-sha256.ts'

const sha256 = (data: Uint8Array): Uint8Array => new Uint8Array(hash('sha256', data, 'buffer'))

// RFC 4231 section 4; case 5 is cut to 128 bits there.
test.each([
  [
    '0b'.repeat(20),
    encodeUtf8('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    '4a656665',
    encodeUtf8('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    'aa'.repeat(20),
    new Uint8Array(50).fill(0xdd),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  ],
  [
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    new Uint8Array(50).fill(0xcd),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  ['0c'.repeat(20), encodeUtf8('Test With Truncation'), 'a3b6167473100ee06e0c796c2955552b'],
  [
    'aa'.repeat(131),
    encodeUtf8('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    'aa'.repeat(131),
    encodeUtf8(
      'This is a test using a larger than block-size key and a larger than block-size data. ' +
        'The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
])('agrees with RFC 4231 for the key %s', (key, data, mac) => {
  expect(encodeHex(hmacSha256(sha256, decodeHex(key)!)(data)).slice(0, mac.length)).toBe(mac)
})

test.each([0, 1, 63, 64, 65, 200])('takes a key of %i bytes', (length) => {
  const key = new Uint8Array(randomBytes(length))
  const data = new Uint8Array(randomBytes(100))
  expect(encodeHex(hmacSha256(sha256, key)(data))).toBe(createHmac('sha256', key).update(data).digest('hex'))
})

test('does not depend on the key once it was read', () => {
  const key = new Uint8Array(32).fill(7)
  const hmac = hmacSha256(sha256, key)
  const before = encodeHex(hmac(new Uint8Array(1)))
  key.fill(0)
  expect(encodeHex(hmac(new Uint8Array(1)))).toBe(before)
})
