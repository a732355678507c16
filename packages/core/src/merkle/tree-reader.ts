/** Roots and proofs made from tiles, reading each tile once. */

import { subtreesBetween } from './compact-range.ts'
import type { NodeHash, Sha256 } from './hash.ts'
import { emptyRoot, HASH_BYTES, nodeHasher } from './hash.ts'
import { TILE_WIDTH, tileWidth } from './tile.ts'
import type { ReadTile } from './tile-source.ts'
import { readTileHashes } from './tile-source.ts'

/** The leaves [from, to). */
type Range = readonly [from: number, to: number]

/** The 2^height leaves that start at index * 2^height. */
interface Subtree {
  readonly height: number
  readonly index: number
}

/**
 * Answers for a tree of `size` leaves and for every smaller one it grew from. Keeps what it read and
 * hashed, so many proofs against one size cost little more than one; drop it when the size moves on.
 * All methods reject with TileError on a missing or short tile, and with RangeError on a wrong index.
 */
export class TreeReader {
  readonly size: number
  readonly #sha256: Sha256
  readonly #readTile: ReadTile
  readonly #hashNodes: (left: Uint8Array, right: Uint8Array) => NodeHash
  readonly #loading = new Map<string, Promise<void>>()
  readonly #tiles = new Map<string, TileNodes>()

  constructor(sha256: Sha256, size: number, readTile: ReadTile) {
    assertIndex(size, Number.MAX_SAFE_INTEGER, 'size')
    this.size = size
    this.#sha256 = sha256
    this.#readTile = readTile
    this.#hashNodes = nodeHasher(sha256)
  }

  /** The root the tree had at `size`, by default the whole tree's. */
  async rootAt(size: number = this.size): Promise<NodeHash> {
    assertIndex(size, this.size, 'size')
    if (size === 0) return emptyRoot(this.#sha256)
    const [root] = await this.#hashRanges([[0, size]])
    return root!
  }

  /** The hash the tree holds for one leaf. */
  async leafHashAt(index: number): Promise<Uint8Array> {
    assertIndex(index, this.size - 1, 'index')
    const [hash] = await this.#hashRanges([[index, index + 1]])
    return hash!
  }

  /** RFC 6962 section 2.1.1: the siblings of the leaf's path in the tree of `size`, leaf upward. */
  async inclusionProof(index: number, size: number = this.size): Promise<Uint8Array[]> {
    assertIndex(size, this.size, 'size')
    assertIndex(index, size - 1, 'index')
    const siblings: Range[] = []
    let [from, to] = [0, size]
    while (to - from > 1) {
      const middle = from + largestPowerBelow(to - from)
      if (index < middle) {
        siblings.push([middle, to])
        to = middle
      } else {
        siblings.push([from, middle])
        from = middle
      }
    }
    return this.#hashRanges(siblings.toReversed())
  }

  /** RFC 6962 section 2.1.2: that the tree of `first` leaves is the beginning of the one of `second`. */
  async consistencyProof(first: number, second: number = this.size): Promise<Uint8Array[]> {
    assertIndex(second, this.size, 'second size')
    assertIndex(first, second, 'first size')
    if (first === 0 || first === second) return []
    const ranges: Range[] = []
    let [from, to] = [0, second]
    let knownToVerifier = true // the subtree that remains is the whole first tree
    while (to !== first) {
      const middle = from + largestPowerBelow(to - from)
      if (first <= middle) {
        ranges.push([middle, to])
        to = middle
      } else {
        ranges.push([from, middle])
        from = middle
        knownToVerifier = false
      }
    }
    if (!knownToVerifier) ranges.push([from, to])
    return this.#hashRanges(ranges.toReversed())
  }

  /** The hashes of the whole subtrees that the leaves [from, to) consist of, see compact-range.ts. */
  async subtreeHashes(from: number, to: number): Promise<Uint8Array[]> {
    assertIndex(to, this.size, 'end')
    assertIndex(from, to, 'start')
    const parts = subtreesBetween(from, to).map(({ start, height }) => ({
      height,
      index: start / 2 ** height,
    }))
    await Promise.all(parts.map((part) => this.#load(part)))
    return parts.map((part) => this.#hashSubtree(part))
  }

  async #hashRanges(ranges: readonly Range[]): Promise<Uint8Array[]> {
    const subtrees = ranges.map(subtreesOf)
    await Promise.all(subtrees.flat().map((subtree) => this.#load(subtree)))
    return subtrees.map((parts) =>
      parts.map((part) => this.#hashSubtree(part)).reduceRight((right, left) => this.#hashNodes(left, right)),
    )
  }

  #load(subtree: Subtree): Promise<void> {
    const { level, index } = tileOf(subtree)
    const key = `${level}/${index}`
    let loading = this.#loading.get(key)
    if (loading === undefined) {
      loading = this.#read(key, level, index)
      this.#loading.set(key, loading)
    }
    return loading
  }

  async #read(key: string, level: number, index: number): Promise<void> {
    const width = tileWidth(level, index, this.size)
    const hashes = await readTileHashes(this.#readTile, level, index, width)
    this.#tiles.set(key, { hashes, nodes: [] })
  }

  #hashSubtree(subtree: Subtree): Uint8Array {
    const { level, index, position, height } = tileOf(subtree)
    return this.#nodeOf(this.#tiles.get(`${level}/${index}`)!, height, position)
  }

  #nodeOf(tile: TileNodes, height: number, position: number): Uint8Array {
    if (height === 0) return tile.hashes.slice(position * HASH_BYTES, (position + 1) * HASH_BYTES)
    const slot = (TILE_WIDTH >> height) + position
    return (tile.nodes[slot] ??= this.#hashNodes(
      this.#nodeOf(tile, height - 1, 2 * position),
      this.#nodeOf(tile, height - 1, 2 * position + 1),
    ))
  }
}

interface TileNodes {
  readonly hashes: Uint8Array
  /** The nodes above the hashes as a heap: the node at `height`, `position` is in slot 256 / 2^height + position. */
  readonly nodes: Uint8Array[]
}

/** The tile that holds the subtree's hash or the hashes below it, and where the subtree is in it. */
function tileOf(subtree: Subtree): { level: number; index: number; position: number; height: number } {
  const height = subtree.height % 8
  const perTile = TILE_WIDTH >> height
  return {
    level: Math.floor(subtree.height / 8),
    index: Math.floor(subtree.index / perTile),
    position: subtree.index % perTile,
    height,
  }
}

/** Whole subtrees from left to right, each smaller than the one before; folded from the right they are the root. */
function subtreesOf([from, to]: Range): Subtree[] {
  const subtrees: Subtree[] = []
  for (let at = from; at < to; ) {
    let height = 0
    while (2 ** (height + 1) <= to - at) height++
    subtrees.push({ height, index: at / 2 ** height })
    at += 2 ** height
  }
  return subtrees
}

function largestPowerBelow(count: number): number {
  let power = 1
  while (power * 2 < count) power *= 2
  return power
}

function assertIndex(value: number, max: number, name: string): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > max)
    throw new RangeError(`${name} ${value} is not an integer from 0 to ${max}`)
}
