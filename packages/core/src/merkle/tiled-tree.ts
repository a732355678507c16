/** The right edge of a growing tree: takes leaf hashes, gives roots and the tiles that changed. */

import type { LeafHash, NodeHash, Sha256 } from './hash.ts'
import { emptyRoot, HASH_BYTES, nodeHasher, TREE_SIZE_MAX } from './hash.ts'
import type { TileCoordinates } from './tile.ts'
import { hashesAtLevel, partialWidth, TILE_WIDTH } from './tile.ts'
import type { ReadTile } from './tile-source.ts'
import { readTileHashes } from './tile-source.ts'

const TILE_BYTES = TILE_WIDTH * HASH_BYTES

export interface ChangedTile extends TileCoordinates {
  /** `width` hashes of 32 bytes; the caller's to keep. */
  readonly hashes: Uint8Array
}

/**
 * Holds one partial tile per level and one hash per bit of the size: some tens of kilobytes, whatever the
 * size. An append costs one node hash on average and allocates nothing.
 *
 * A commit that may fail works on a `clone()` and keeps it only on success. A clone copies the partial tiles
 * (about 10 µs) once per commit, and there is no undo to get wrong: a tree is never in a state that was not
 * committed. The alternative, a rollback to a mark, must also take back tiles already handed out.
 */
export class TiledTree {
  readonly #sha256: Sha256
  readonly #hashNodes: (left: Uint8Array, right: Uint8Array) => NodeHash
  #size = 0
  /** Slot b is the root of the 2^b leaves that bit b of the size stands for; stale when the bit is 0. */
  #peaks: Uint8Array[] = []
  /** The last tile of each level, filled up to the level's partial width. */
  #tiles: Uint8Array[] = []
  /** `partialWidth` of each level. */
  #widths: number[] = []
  /** Full tiles since the last take, in the order they filled. */
  #full: ChangedTile[] = []
  /** The size at the last take: a partial tile changed if its level has grown since. */
  #takenSize = 0

  private constructor(sha256: Sha256) {
    this.#sha256 = sha256
    this.#hashNodes = nodeHasher(sha256)
  }

  static empty(sha256: Sha256): TiledTree {
    return new TiledTree(sha256)
  }

  /**
   * Continues a tree of `size` leaves from the last tile of each level (at most 7 reads). The tiles are
   * believed: compare `root()` with a signed one. Rejects with TileError when a tile is too short.
   */
  static async restore(sha256: Sha256, size: number, readTile: ReadTile): Promise<TiledTree> {
    const tree = new TiledTree(sha256)
    for (let level = 0; hashesAtLevel(level, size) > 0; level++) {
      const width = partialWidth(level, size)
      const tile = new Uint8Array(TILE_BYTES)
      if (width > 0) {
        const index = Math.floor(hashesAtLevel(level, size) / TILE_WIDTH)
        tile.set(await readTileHashes(readTile, level, index, width))
      }
      tree.#tiles[level] = tile
      tree.#widths[level] = width
      tree.#restorePeaks(level, width)
    }
    tree.#size = size
    tree.#takenSize = size
    return tree
  }

  get size(): number {
    return this.#size
  }

  /** Adds SHA-256(0x00 | leaf). Throws RangeError on anything but 32 bytes, which would spoil the tree. */
  append(leafHash: LeafHash): void {
    if (leafHash.length !== HASH_BYTES) throw new RangeError(`a leaf hash has ${leafHash.length} bytes`)
    if (this.#size >= TREE_SIZE_MAX) throw new RangeError('the tree is full')
    this.#place(0, leafHash)
    let hash: Uint8Array = leafHash
    let bit = 0
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      hash = this.#hashNodes(this.#peaks[bit]!, hash)
      bit++
      if (bit % 8 === 0) this.#place(bit / 8, hash)
    }
    this.#peaks[bit] = hash
    this.#size++
  }

  /** At most one node hash per bit of the size. */
  root(): NodeHash {
    let root: Uint8Array | undefined
    let bit = 0
    for (let rest = this.#size; rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1)
        root = root === undefined ? this.#peaks[bit]! : this.#hashNodes(this.#peaks[bit]!, root)
      bit++
    }
    return root ?? emptyRoot(this.#sha256)
  }

  /** The tiles that filled since the last take of any kind, at all levels, in the order they filled. */
  takeFullTiles(): ChangedTile[] {
    const full = this.#full
    this.#full = []
    return full
  }

  /** The tiles that filled or grew since the last `takeChangedTiles`, full ones first. */
  takeChangedTiles(): ChangedTile[] {
    const changed = this.takeFullTiles()
    for (let level = 0; level < this.#tiles.length; level++) {
      const width = partialWidth(level, this.#size)
      const held = hashesAtLevel(level, this.#size)
      if (width === 0 || held === hashesAtLevel(level, this.#takenSize)) continue
      const hashes = this.#tiles[level]!.slice(0, width * HASH_BYTES)
      changed.push({ level, index: Math.floor(held / TILE_WIDTH), width, hashes })
    }
    this.#takenSize = this.#size
    return changed
  }

  /** An independent copy, changed tiles included. */
  clone(): TiledTree {
    const copy = new TiledTree(this.#sha256)
    copy.#size = this.#size
    copy.#peaks = this.#peaks.slice() // the hashes themselves are never written to
    copy.#tiles = this.#tiles.map((tile) => tile.slice())
    copy.#widths = this.#widths.slice()
    copy.#full = this.#full.slice()
    copy.#takenSize = this.#takenSize
    return copy
  }

  /** Writes the level's next hash. Called before `#size` counts the leaf that completed it. */
  #place(level: number, hash: Uint8Array): void {
    const position = (this.#widths[level] ??= 0) // kept, because dividing by 256^level is half of an append
    const tile = (this.#tiles[level] ??= new Uint8Array(TILE_BYTES))
    tile.set(hash, position * HASH_BYTES)
    this.#widths[level] = (position + 1) % TILE_WIDTH
    if (position < TILE_WIDTH - 1) return
    const index = Math.floor(hashesAtLevel(level, this.#size) / TILE_WIDTH)
    this.#full.push({ level, index, width: TILE_WIDTH, hashes: tile })
    this.#tiles[level] = new Uint8Array(TILE_BYTES) // the full one now belongs to whoever takes it
  }

  /** Bits 8 * level to 8 * level + 7 of the size are the bits of the level's partial width. */
  #restorePeaks(level: number, width: number): void {
    const tile = this.#tiles[level]!
    let position = 0
    for (let height = 7; height >= 0; height--) {
      if ((width & (1 << height)) === 0) continue
      this.#peaks[level * 8 + height] = this.#subtree(tile, position, 1 << height)
      position += 1 << height
    }
  }

  #subtree(tile: Uint8Array, position: number, count: number): Uint8Array {
    if (count === 1) return tile.slice(position * HASH_BYTES, (position + 1) * HASH_BYTES)
    const half = count / 2
    return this.#hashNodes(this.#subtree(tile, position, half), this.#subtree(tile, position + half, half))
  }
}
