/** A row of entries as it is stored: what entry-block.ts lays out, with content and salts sealed where the ledger has keys. */

import { DataKeyUnknown, keyIdOf, type LedgerCipher } from '../keyring/ledger-cipher.ts'
import type { StoredEntry } from '../ledger/ledger-store.ts'
import { type BlockRow, damagedBlock, decodeBlock } from './entry-block.ts'

/** Bits of a row's encoding. */
const COMPRESSED = 1
const SEALED = 2

/** The columns; leaves are never sealed: they are public, and the tree is made of them. */
export interface StoredRow extends Pick<BlockRow, 'count' | 'leaves' | 'salts' | 'content'> {
  /** 0: as it is, 1: content compressed by zstd; 2 more where content and salts are sealed. */
  readonly encoding: number
}

/** Where a row lies: bound to what is sealed in it. */
export interface RowPlace {
  readonly ledger: string
  readonly firstIndex: number
}

/** Seals what is already compressed, each time under nonces of its own. */
export function rowOf(block: BlockRow, place: RowPlace, cipher: LedgerCipher | undefined): StoredRow {
  const { count, leaves, salts, content, compressed } = block
  const encoding = compressed ? COMPRESSED : 0
  if (cipher === undefined) return { count, leaves, salts, content, encoding }
  const sealed = (column: 'salts' | 'content'): Uint8Array =>
    cipher.seal(block[column], columnPlace(place, { count, column, encoding: encoding | SEALED }))
  return { count, leaves, salts: sealed('salts'), content: sealed('content'), encoding: encoding | SEALED }
}

/** Rejects with DATA_DAMAGED what is not as it was written, with DataKeyUnknown what was sealed under a key we do not have. */
export function entriesOf(row: StoredRow, place: RowPlace, cipher: LedgerCipher | undefined): StoredEntry[] {
  const { count, leaves, encoding } = row
  if (encoding < 0 || encoding > (COMPRESSED | SEALED))
    throw damagedBlock(place.firstIndex, `there is no encoding ${encoding}`)
  const compressed = isCompressed(row)
  if (!isSealed(row)) return decodeBlock({ ...row, compressed }, place.firstIndex)
  const keyIds = [row.salts, row.content].map(keyIdOf)
  // One key seals a row. Where they differ, it is not the key that is missing.
  if (keyIds[0] !== keyIds[1]) throw damagedBlock(place.firstIndex, 'its columns name different data keys')
  if (cipher === undefined) throw new DataKeyUnknown(place.ledger, keyIds[0]!, undefined)
  const opened = (column: 'salts' | 'content'): Uint8Array => {
    const content = cipher.unseal(row[column], columnPlace(place, { count, column, encoding }))
    if (content === undefined)
      throw damagedBlock(
        place.firstIndex,
        `its ${column} were changed, or sealed for another place: the data key ${keyIds[0]} does not open them`,
      )
    return content
  }
  const block = { count, leaves, salts: opened('salts'), content: opened('content'), compressed }
  return decodeBlock(block, place.firstIndex)
}

export function isSealed({ encoding }: Pick<StoredRow, 'encoding'>): boolean {
  return (encoding & SEALED) !== 0
}

export function isCompressed({ encoding }: Pick<StoredRow, 'encoding'>): boolean {
  return (encoding & COMPRESSED) !== 0
}

function columnPlace(
  { ledger, firstIndex }: RowPlace,
  { count, column, encoding }: { count: number; column: string; encoding: number },
): string {
  return `entries\n${ledger}\n${firstIndex}\n${count}\n${column}\n${encoding}`
}
