/**
 * Which tiles a tree of a given size has (C2SP tlog-tiles, height 8).
 *
 * Tile `index` of `level` holds up to 256 hashes; hash i of it is the root of the 256^level leaves that
 * start at (index * 256 + i) * 256^level. Only whole subtrees are in a tile, so a tile never changes: it
 * only grows from width 1 to 256.
 */

export const TILE_WIDTH = 256

/** Sizes stay below 2^53, so level 6 is the last that can hold a hash. */
export const TILE_LEVEL_MAX = 6

export interface TileCoordinates {
  readonly level: number
  readonly index: number
  /** Hashes in the tile, 1 to 256; below 256 the tile is partial. */
  readonly width: number
}

/** How many hashes the level holds in a tree of `size` leaves. */
export function hashesAtLevel(level: number, size: number): number {
  return Math.floor(size / 256 ** level)
}

/** The width of a tile in a tree of `size` leaves: 0 (there is no such tile) to 256. */
export function tileWidth(level: number, index: number, size: number): number {
  return Math.min(TILE_WIDTH, Math.max(0, hashesAtLevel(level, size) - index * TILE_WIDTH))
}

/** The width of the level's last tile when that one is partial, otherwise 0. */
export function partialWidth(level: number, size: number): number {
  return hashesAtLevel(level, size) % TILE_WIDTH
}

/** The first leaf that a hash of a tile covers. */
export function firstLeafOf(level: number, index: number, position: number): number {
  return (index * TILE_WIDTH + position) * 256 ** level
}

/** All tiles of a tree of `size` leaves, level by level; `after` leaves out the full ones it already had. */
export function* tilesForSize(size: number, after = 0): Generator<TileCoordinates> {
  for (let level = 0; hashesAtLevel(level, size) > 0; level++) {
    const tiles = Math.ceil(hashesAtLevel(level, size) / TILE_WIDTH)
    for (let index = Math.floor(hashesAtLevel(level, after) / TILE_WIDTH); index < tiles; index++)
      if (tileWidth(level, index, size) > tileWidth(level, index, after))
        yield { level, index, width: tileWidth(level, index, size) }
  }
}
