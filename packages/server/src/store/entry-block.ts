/** How up to 256 entries lie in one row: leaves, salts and content in three columns. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { LEAF_BYTES, SALT_BYTES } from '@trailproof/core'
import type { StoredEntry, StoredGroup } from '../ledger/ledger-store.ts'
import { TrailproofError } from '../trailproof-error.ts'

const SALT_PAIR_BYTES = 2 * SALT_BYTES
const LENGTHS_BYTES = 8
/** Stands for the length of a group that was erased. */
const ERASED = 0xffff_ffff
/** Level 1 halves the time of the default 3 for 4 % more bytes on records of 480 bytes. */
const ZSTD_LEVEL = 1

/** What one row holds; `content` may be compressed. */
export interface BlockRow {
  readonly count: number
  readonly leaves: Uint8Array
  readonly salts: Uint8Array
  readonly compressed: boolean
  readonly content: Uint8Array
}

/** What is stored of one entry; an erased group has neither bytes nor salt. */
export interface BlockEntry {
  readonly leaf: Uint8Array
  readonly core: StoredGroup
  readonly personal: StoredGroup
}

/**
 * Layout. `leaves`: 89 bytes each. `salts`: core and personal salt, 16 bytes each, zeros when erased; empty when all are.
 * `content`: per entry the lengths of core and personal as uint32 LE (2^32-1 when erased), then all core
 * bytes, then all personal bytes, so that like stands beside like when it is compressed.
 */
export function encodeBlock(entries: readonly BlockEntry[], compress: boolean): BlockRow {
  const count = entries.length
  let contentBytes = count * LENGTHS_BYTES
  for (const { core, personal } of entries) {
    if (core.kind === 'present') contentBytes += core.bytes.length
    if (personal.kind === 'present') contentBytes += personal.bytes.length
  }
  const leaves = new Uint8Array(count * LEAF_BYTES)
  const salts = new Uint8Array(count * SALT_PAIR_BYTES)
  const isAllGone = contentBytes === count * LENGTHS_BYTES && entries.every(isGone)
  const content = Buffer.allocUnsafe(contentBytes)
  let at = count * LENGTHS_BYTES
  for (const group of ['core', 'personal'] as const)
    for (let i = 0; i < count; i++) {
      const stored = entries[i]![group]
      const lengthAt = i * LENGTHS_BYTES + (group === 'core' ? 0 : 4)
      if (stored.kind === 'erased') {
        content.writeUInt32LE(ERASED, lengthAt)
        continue
      }
      content.writeUInt32LE(stored.bytes.length, lengthAt)
      content.set(stored.bytes, at)
      at += stored.bytes.length
      salts.set(stored.salt, i * SALT_PAIR_BYTES + (group === 'core' ? 0 : SALT_BYTES))
    }
  for (let i = 0; i < count; i++) leaves.set(entries[i]!.leaf, i * LEAF_BYTES)
  return {
    count,
    leaves,
    salts: isAllGone ? new Uint8Array() : salts,
    compressed: compress,
    content: compress ? compressBlock(content) : content,
  }
}

function isGone({ core, personal }: BlockEntry): boolean {
  return core.kind === 'erased' && personal.kind === 'erased'
}

/** Reads a row written by `encodeBlock`; rejects damaged rows with DATA_DAMAGED. */
export function decodeBlock(row: BlockRow, firstIndex: number): StoredEntry[] {
  const content = row.compressed ? decompressBlock(row.content, firstIndex) : row.content
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength)
  const { count } = row
  const isWithoutSalts = row.salts.length === 0
  if (
    row.leaves.length !== count * LEAF_BYTES ||
    (!isWithoutSalts && row.salts.length !== count * SALT_PAIR_BYTES)
  )
    throw damagedBlock(firstIndex, 'columns of different lengths')
  if (content.length < count * LENGTHS_BYTES) throw damagedBlock(firstIndex, 'content too short')

  const groups: [StoredGroup[], StoredGroup[]] = [[], []]
  let at = count * LENGTHS_BYTES
  for (const which of [0, 1] as const)
    for (let i = 0; i < count; i++) {
      const length = view.getUint32(i * LENGTHS_BYTES + which * 4, true)
      if (length === ERASED) {
        groups[which].push({ kind: 'erased' })
        continue
      }
      if (isWithoutSalts) throw damagedBlock(firstIndex, 'content without salts')
      if (at + length > content.length) throw damagedBlock(firstIndex, 'lengths beyond the content')
      const saltAt = i * SALT_PAIR_BYTES + which * SALT_BYTES
      groups[which].push({
        kind: 'present',
        bytes: content.subarray(at, at + length),
        salt: row.salts.subarray(saltAt, saltAt + SALT_BYTES),
      })
      at += length
    }
  if (at !== content.length) throw damagedBlock(firstIndex, 'content too long')
  return groups[0].map((core, i) => ({
    index: firstIndex + i,
    leaf: row.leaves.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES),
    core,
    personal: groups[1][i]!,
  }))
}

/** As `encodeBlock` does when it is told to. */
export function compressBlock(content: Uint8Array): Uint8Array {
  return zstdCompressSync(content, {
    // No checksum of zstd's own: the commitments name the damaged entry, a checksum only the block.
    params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_checksumFlag]: 0 },
  })
}

function decompressBlock(content: Uint8Array, firstIndex: number): Uint8Array {
  try {
    return zstdDecompressSync(content)
  } catch (error) {
    throw damagedBlock(firstIndex, `content does not decompress (${(error as Error).message})`)
  }
}

export function damagedBlock(firstIndex: number, what: string): TrailproofError {
  return new TrailproofError('DATA_DAMAGED', `entry block at index ${firstIndex}: ${what}`)
}
