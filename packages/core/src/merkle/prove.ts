/** One proof or root from tiles. For several against one size, keep a TreeReader: it reads each tile once. */

import type { NodeHash, Sha256 } from './hash.ts'
import type { ReadTile } from './tile-source.ts'
import { TreeReader } from './tree-reader.ts'

export function inclusionProof(
  sha256: Sha256,
  index: number,
  size: number,
  readTile: ReadTile,
): Promise<Uint8Array[]> {
  return new TreeReader(sha256, size, readTile).inclusionProof(index)
}

export function consistencyProof(
  sha256: Sha256,
  first: number,
  second: number,
  readTile: ReadTile,
): Promise<Uint8Array[]> {
  return new TreeReader(sha256, second, readTile).consistencyProof(first)
}

export function rootAt(sha256: Sha256, size: number, readTile: ReadTile): Promise<NodeHash> {
  return new TreeReader(sha256, size, readTile).rootAt()
}
