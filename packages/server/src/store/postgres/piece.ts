/** The entries of one commit within one block, as a row of `entry_piece`. */

import type { LedgerCipher } from '../../keyring/ledger-cipher.ts'
import { BLOCK_ENTRIES, type SealedEntry, type StoredEntry } from '../../ledger/ledger-store.ts'
import { type BlockEntry, compressBlock, encodeBlock } from '../entry-block.ts'
import { entriesOf, type RowPlace, rowOf, type StoredRow } from '../sealed-row.ts'
import type { CopyField } from './copy-rows.ts'

const DIGEST_BYTES = 16
const NO_DIGEST = Buffer.alloc(DIGEST_BYTES)
/** Smaller content is read and written faster as it is. */
const COMPRESSED_BYTES_MIN = 1024

/** The columns, as the client gives them. */
export interface PieceRow {
  readonly first_index: number
  readonly count: number
  readonly leaves: Buffer
  readonly salts: Buffer
  readonly digests: Buffer
  readonly encoding: number
  readonly content: Buffer
}

/** Where entries go, and what seals them there. */
export interface Written {
  readonly ledger: string
  /** The number it has in the database. */
  readonly ledgerId: number
  readonly cipher: LedgerCipher | undefined
}

/** Cuts the entries of a commit at the bounds of blocks; one row at a time, so that the first is on its way early. */
export function* piecesOf(
  { ledger, ledgerId, cipher }: Written,
  first: number,
  entries: readonly SealedEntry[],
): Generator<readonly CopyField[]> {
  for (let at = 0; at < entries.length; ) {
    const index = first + at
    const part = entries.slice(at, at + BLOCK_ENTRIES - (index % BLOCK_ENTRIES))
    const row = encodePiece(part.map(blockEntryOf), { ledger, firstIndex: index }, cipher)
    yield [
      { int4: ledgerId },
      { int8: index },
      { int2: part.length },
      { bytes: row.leaves },
      { bytes: row.salts },
      { bytes: Buffer.concat(part.map(({ digest }) => digest)) },
      { int2: row.encoding },
      { bytes: row.content },
    ]
    at += part.length
  }
}

/** Compresses what gets an eighth smaller at least; then seals it, where there is what seals. */
export function encodePiece(
  entries: readonly BlockEntry[],
  place: RowPlace,
  cipher: LedgerCipher | undefined,
): StoredRow {
  const plain = encodeBlock(entries, false)
  if (plain.content.length < COMPRESSED_BYTES_MIN) return rowOf(plain, place, cipher)
  const content = compressBlock(plain.content)
  const isSmaller = content.length < plain.content.length * 0.875
  return rowOf(isSmaller ? { ...plain, compressed: true, content } : plain, place, cipher)
}

export function decodePiece(row: PieceRow, ledger: string, cipher: LedgerCipher | undefined): StoredEntry[] {
  return entriesOf(row, { ledger, firstIndex: row.first_index }, cipher)
}

/** Undefined once it was erased: a digest of zeros has the odds of a guessed key. */
export function digestIn(
  row: Pick<PieceRow, 'first_index' | 'digests'>,
  index: number,
): Uint8Array | undefined {
  const at = (index - row.first_index) * DIGEST_BYTES
  const digest = row.digests.subarray(at, at + DIGEST_BYTES)
  return digest.equals(NO_DIGEST) ? undefined : digest
}

/** The digests without those of the entries that `isToErase` names. */
export function withoutDigests(row: PieceRow, isToErase: (index: number) => boolean): Buffer {
  const digests = Buffer.from(row.digests)
  for (let i = 0; i < row.count; i++)
    if (isToErase(row.first_index + i)) digests.fill(0, i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES)
  return digests
}

function blockEntryOf(entry: SealedEntry): BlockEntry {
  return {
    leaf: entry.leaf,
    core: { kind: 'present', bytes: entry.core, salt: entry.coreSalt },
    personal: { kind: 'present', bytes: entry.personal, salt: entry.personalSalt },
  }
}
