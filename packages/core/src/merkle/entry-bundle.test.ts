import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEntryBundle, encodeEntryBundle } from './index.ts'

test('a bundle gives back its entries', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 256 }), (entries) => {
      const decoded = decodeEntryBundle(encodeEntryBundle(entries), entries.length)
      expect(decoded).toEqual({ kind: 'entries', entries })
    }),
  )
})

test('lengths are big-endian and entries go up to 65,535 bytes', () => {
  const bundle = encodeEntryBundle([new Uint8Array(258)])
  expect([...bundle.subarray(0, 2)]).toEqual([1, 2])
  expect(decodeEntryBundle(encodeEntryBundle([new Uint8Array(65_535)]), 1).kind).toBe('entries')
  expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(RangeError)
  expect(() => encodeEntryBundle(Array.from({ length: 257 }, () => new Uint8Array(0)))).toThrow(RangeError)
})

test.each([
  ['too few entries', [0, 1, 7], 2],
  ['too many entries', [0, 1, 7, 0, 0], 1],
  ['half a length', [0, 1, 7, 0], 2],
  ['a cut entry', [0, 3, 1, 2], 1],
  ['nothing', [], 1],
])('refuses %s', (_, bytes, width) => {
  expect(decodeEntryBundle(Uint8Array.from(bytes), width).kind).toBe('problem')
})
