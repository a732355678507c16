import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { decodeUuid, encodeHex, encodeUtf8, encodeUuid } from './encoding/index.ts'
import { commitment, commitmentHasher, decodeLeaf, encodeLeaf, leafHash, leafHasher } from './merkle/index.ts'

const sha256 = (data: Uint8Array) => new Uint8Array(hash('sha256', data, 'buffer'))
const id = decodeUuid('019ab3c4-5d6e-7f80-9123-456789abcdef')!
const leaf = {
  id,
  recordedAtUs: 1_763_716_800_123_456,
  core: new Uint8Array(32).fill(0xc0),
  personal: new Uint8Array(32).fill(0xde),
}

test('a leaf has its 89 bytes where the specification says', () => {
  const bytes = encodeLeaf(leaf)
  expect(encodeHex(bytes)).toBe(
    `01019ab3c45d6e7f809123456789abcdef${leaf.recordedAtUs.toString(16).padStart(16, '0')}${'c0'.repeat(32)}${'de'.repeat(32)}`,
  )
  expect(decodeLeaf(bytes)).toEqual({ kind: 'leaf', ...leaf })
  expect(leafHasher(sha256)(bytes)).toEqual(leafHash(sha256, bytes))
})

test.each([0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])('keeps recorded_at %d', (recordedAtUs) => {
  expect(decodeLeaf(encodeLeaf({ ...leaf, recordedAtUs }))).toMatchObject({ recordedAtUs })
})

test('refuses other lengths, versions and times', () => {
  const bytes = encodeLeaf(leaf)
  expect(decodeLeaf(bytes.subarray(1)).kind).toBe('problem')
  expect(decodeLeaf(Uint8Array.from([...bytes, 0])).kind).toBe('problem')
  expect(decodeLeaf(bytes.with(0, 2)).kind).toBe('problem')
  expect(decodeLeaf(bytes.with(17, 0x80)).kind).toBe('problem')
  expect(() => encodeLeaf({ ...leaf, recordedAtUs: 0.5 })).toThrow(RangeError)
  expect(() => encodeLeaf({ ...leaf, id: new Uint8Array(15) })).toThrow(RangeError)
})

test('commitments differ by group, salt and bytes', () => {
  const salt = new Uint8Array(16).fill(7)
  const made = commitment(sha256, 'core', salt, encodeUtf8('{}'))
  expect(made).toEqual(sha256(Buffer.concat([Buffer.from('trailproof/v1/core\n'), salt, Buffer.from('{}')])))
  expect(commitment(sha256, 'personal', salt, encodeUtf8('{}'))).not.toEqual(made)
  const commit = commitmentHasher(sha256)
  for (const bytes of [encodeUtf8('{}'), new Uint8Array(20_000)])
    for (const group of ['core', 'personal'] as const)
      expect(commit(group, salt, bytes)).toEqual(commitment(sha256, group, salt, bytes))
  expect(() => commit('core', new Uint8Array(15), salt)).toThrow(RangeError)
  expect(() => commitment(sha256, 'core', new Uint8Array(15), encodeUtf8('{}'))).toThrow(RangeError)
})

test.each([
  '',
  '019AB3C4-5d6e-7f80-9123-456789abcdef',
  '019ab3c45d6e7f809123456789abcdef',
  ' 019ab3c4-5d6e-7f80-9123-456789abcdef',
])('refuses %j as a UUID', (text) => expect(decodeUuid(text)).toBeUndefined())

test('a UUID returns', () => expect(decodeUuid(encodeUuid(id))).toEqual(id))
