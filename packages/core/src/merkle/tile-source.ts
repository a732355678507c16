/** Where tiles are read from, and what is said when one cannot be what it must be. */

import { HASH_BYTES } from './hash.ts'
import { tilePath } from './tile-path.ts'

/**
 * Reads at least `width` hashes of a tile, 32 bytes each; the caller uses the first `width`. `width` is what
 * the tile holds in the tree that is asked about, so a store that has more may answer with more.
 */
export type ReadTile = (level: number, index: number, width: number) => Promise<Uint8Array> | Uint8Array

/** A tile that is missing or shorter than its tree requires: the store, not the caller, is at fault. */
export class TileError extends Error {
  readonly level: number
  readonly index: number

  constructor(level: number, index: number, problem: string) {
    super(`${tilePath(level, index)}: ${problem}`)
    this.name = 'TileError'
    this.level = level
    this.index = index
  }
}

/** Exactly `width` hashes. Rejects with TileError when the source has fewer, or whatever it rejects with. */
export async function readTileHashes(
  readTile: ReadTile,
  level: number,
  index: number,
  width: number,
): Promise<Uint8Array> {
  const bytes = await readTile(level, index, width)
  if (bytes.length < width * HASH_BYTES)
    throw new TileError(level, index, `has ${bytes.length} bytes where ${width * HASH_BYTES} are required`)
  return bytes.subarray(0, width * HASH_BYTES)
}
