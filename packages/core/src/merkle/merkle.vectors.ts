/** Runs spec/vectors/merkle-*.json, proof-inclusion.json and proof-consistency.json. */

import { encodeHex } from '../encoding/hex.ts'
import type { VectorFile, VectorPrimitives } from '../vector-suite.ts'
import { fromHex, mismatch } from '../vector-suite.ts'
import type { Sha256 } from './hash.ts'
import { leafHash } from './hash.ts'
import { entriesPath, parseTilePath, tilePath } from './tile-path.ts'
import { TiledTree } from './tiled-tree.ts'
import { verifyConsistency, verifyInclusion } from './verify-proof.ts'

/** Calls `at` at every size from 0 to `max` of the tree whose leaf i is the four bytes of i, big-endian. */
function grow(sha256: Sha256, max: number, at: (tree: TiledTree) => void): void {
  const tree = TiledTree.empty(sha256)
  at(tree)
  for (let i = 0; i < max; i++) {
    tree.append(leafHash(sha256, Uint8Array.of(i >>> 24, i >>> 16, i >>> 8, i)))
    at(tree)
  }
}

export function runRootVectors(
  { cases }: VectorFile<{ size: number; root: string }>,
  { sha256 }: VectorPrimitives,
): string[] {
  const wanted = new Map(cases.map(({ size, root }, i) => [size, { root, i }]))
  const failures: string[] = []
  grow(sha256, Math.max(...wanted.keys()), (tree) => {
    const found = wanted.get(tree.size)
    if (found !== undefined) failures.push(...mismatch(found.i, 'root', encodeHex(tree.root()), found.root))
  })
  return failures
}

interface TileCase {
  readonly size: number
  readonly tiles: readonly { path: string; level: number; index: number; width: number; sha256: string }[]
}

export function runTileVectors({ cases }: VectorFile<TileCase>, { sha256 }: VectorPrimitives): string[] {
  return cases.flatMap(({ size, tiles }, i) => {
    const made = new Map<string, string>()
    const note = (tree: TiledTree, final: boolean) => {
      for (const tile of final ? tree.takeChangedTiles() : tree.takeFullTiles())
        made.set(tilePath(tile.level, tile.index, tile.width), encodeHex(sha256(tile.hashes)))
    }
    grow(sha256, size, (tree) => note(tree, tree.size === size))
    return tiles.flatMap(({ path, level, index, width, sha256: digest }) => [
      ...mismatch(i, 'path', tilePath(level, index, width), path),
      ...mismatch(i, path, made.get(path), digest),
    ])
  })
}

interface PathCase {
  readonly path: string
  readonly valid: boolean
  readonly kind?: string
  readonly level?: number
  readonly index?: number
  readonly width?: number
}

export function runTilePathVectors({ cases }: VectorFile<PathCase>): string[] {
  return cases.flatMap(({ path, valid, kind, level = 0, index = 0, width = 0 }, i) => {
    const parsed = parseTilePath(path)
    if (!valid) return mismatch(i, path, parsed.kind, 'problem')
    const written = kind === 'tile' ? tilePath(level, index, width) : entriesPath(index, width)
    const wanted = kind === 'tile' ? { kind, level, index, width } : { kind, index, width }
    return [...mismatch(i, 'path', written, path), ...mismatch(i, path, parsed, wanted)]
  })
}

interface InclusionCase {
  readonly index: number
  readonly size: number
  readonly leaf_hash: string
  readonly root: string
  readonly proof: readonly string[]
  readonly valid: boolean
}

export function runInclusionVectors(
  { cases }: VectorFile<InclusionCase>,
  { sha256 }: VectorPrimitives,
): string[] {
  return cases.flatMap(({ index, size, leaf_hash, root, proof, valid }, i) => {
    const claim = {
      index,
      size,
      leafHash: fromHex(leaf_hash),
      root: fromHex(root),
      proof: proof.map(fromHex),
    }
    return mismatch(i, 'valid', verifyInclusion(sha256, claim), valid)
  })
}

interface ConsistencyCase {
  readonly first: number
  readonly second: number
  readonly first_root: string
  readonly second_root: string
  readonly proof: readonly string[]
  readonly valid: boolean
}

export function runConsistencyVectors(
  { cases }: VectorFile<ConsistencyCase>,
  { sha256 }: VectorPrimitives,
): string[] {
  return cases.flatMap(({ first, second, first_root, second_root, proof, valid }, i) => {
    const roots = { firstRoot: fromHex(first_root), secondRoot: fromHex(second_root) }
    const claim = { first, second, ...roots, proof: proof.map(fromHex) }
    return mismatch(i, 'valid', verifyConsistency(sha256, claim), valid)
  })
}
