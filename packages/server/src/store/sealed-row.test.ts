import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { LedgerCipher } from '../keyring/ledger-cipher.ts'
import { type BlockEntry, encodeBlock } from './entry-block.ts'
import { entriesOf, rowOf, type StoredRow } from './sealed-row.ts'

const KEY = randomBytes(32)
const cipherOf = (ledger: string, ...ids: string[]): LedgerCipher =>
  new LedgerCipher({
    ledger,
    file: 'main.data-keys',
    dataKeys: new Map(ids.map((id) => [id, id === 'aaaaaaaaaaaaaaaa' ? KEY : randomBytes(32)])),
    indexKey: KEY,
  })
const cipher = cipherOf('main', 'aaaaaaaaaaaaaaaa')
const place = { ledger: 'main', firstIndex: 512 }

const entries: BlockEntry[] = Array.from({ length: 4 }, (_, i) => ({
  leaf: new Uint8Array(89).fill(i),
  core: { kind: 'present', bytes: Buffer.from(`{"action":"${'a'.repeat(i)}"}`), salt: randomBytes(16) },
  personal:
    i === 2
      ? { kind: 'erased' }
      : { kind: 'present', bytes: Buffer.from(`{"actor":{"id":"u-${i}"}}`), salt: randomBytes(16) },
}))

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  copy[at]! ^= 1
  return copy
}

describe.each([false, true])('a sealed row, compressed: %s', (compress) => {
  const row = rowOf(encodeBlock(entries, compress), place, cipher)

  test('opens as it was, its leaves in clear', () => {
    expect(Buffer.from(row.leaves)).toEqual(Buffer.concat(entries.map(({ leaf }) => leaf)))
    const opened = entriesOf(row, place, cipher)
    expect(opened.map(({ index }) => index)).toEqual([512, 513, 514, 515])
    for (const [i, { core, personal }] of opened.entries()) {
      expect(core).toMatchObject({ kind: 'present' })
      expect(
        core.kind === 'present' && Buffer.compare(core.bytes, (entries[i]!.core as typeof core).bytes),
      ).toBe(0)
      expect(personal.kind).toBe(entries[i]!.personal.kind)
    }
  })

  test('has nothing in common with the same row sealed again', () => {
    const again = rowOf(encodeBlock(entries, compress), place, cipher)
    for (const column of ['salts', 'content'] as const) {
      expect(Buffer.from(again[column]).subarray(8, 36)).not.toEqual(Buffer.from(row[column]).subarray(8, 36))
      expect(again[column]).toHaveLength(row[column].length)
    }
  })

  test.each([
    ['a bit of the content', { content: flipped(row.content, row.content.length - 20) }],
    ['a bit of the tag', { content: flipped(row.content, row.content.length - 1) }],
    ['a bit of the nonce', { content: flipped(row.content, 9) }],
    ['a bit of the salts', { salts: flipped(row.salts, 40) }],
    ['a bit of the key id', { content: flipped(row.content, 0) }],
    ['columns swapped', { content: row.salts, salts: row.content }],
    ['content cut short', { content: row.content.subarray(0, 30) }],
    ['no content', { content: new Uint8Array(0) }],
    ['another count', { count: 3, leaves: row.leaves.subarray(89) }],
    ['another encoding', { encoding: row.encoding ^ 1 }],
    ['an encoding in clear', { encoding: row.encoding & 1 }],
    ['an encoding that there is not', { encoding: row.encoding | 4 }],
  ] satisfies [string, Partial<StoredRow>][])('%s is damage, and named by its index', (_, change) => {
    expect(() => entriesOf({ ...row, ...change }, place, cipher)).toThrow(
      expect.objectContaining({
        code: 'DATA_DAMAGED',
        message: expect.stringMatching(/index 512/) as string,
      }),
    )
  })

  test.each([
    ['to another index', { ledger: 'main', firstIndex: 768 }],
    ['to another ledger', { ledger: 'other', firstIndex: 512 }],
  ])('moved %s is damage', (_, elsewhere) => {
    expect(() => entriesOf(row, elsewhere, cipher)).toThrow(expect.objectContaining({ code: 'DATA_DAMAGED' }))
  })

  test('opens with older keys, and says which one is missing', () => {
    expect(entriesOf(row, place, cipherOf('main', 'aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb'))).toHaveLength(4)
    for (const other of [cipherOf('main', 'bbbbbbbbbbbbbbbb'), undefined])
      expect(() => entriesOf(row, place, other)).toThrow(
        expect.objectContaining({
          code: 'KEY_MISSING',
          message: expect.stringContaining('aaaaaaaaaaaaaaaa') as string,
        }),
      )
  })
})

test('without a cipher a row is stored in clear, and read with or without one', () => {
  const row = rowOf(encodeBlock(entries, true), place, undefined)
  expect(row.encoding).toBe(1)
  for (const either of [cipher, undefined]) expect(entriesOf(row, place, either)).toHaveLength(4)
})
