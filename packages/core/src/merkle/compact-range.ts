/**
 * Neighbouring leaves as the fewest whole subtrees: what proves a range of leaves in O(log n), at both of its
 * sides and for parts of it that are not shown.
 */

import type { NodeHash, Sha256 } from './hash.ts'
import { emptyRoot, HASH_BYTES, nodeHasher } from './hash.ts'

/** The leaves [start, start + 2^height); start is a multiple of 2^height. */
export interface Subtree {
  readonly start: number
  readonly height: number
}

/** The fewest whole subtrees that the leaves [from, to) consist of, from left to right: at most 2 * 53. */
export function subtreesBetween(from: number, to: number): Subtree[] {
  const subtrees: Subtree[] = []
  for (let start = from; start < to; ) {
    let height = 0
    while (start % 2 ** (height + 1) === 0 && start + 2 ** (height + 1) <= to) height++
    subtrees.push({ start, height })
    start += 2 ** height
  }
  return subtrees
}

/** Grows to the right, by leaves or by whole subtrees, and holds no more hashes than `subtreesBetween` names. */
export class CompactRange {
  readonly #sha256: Sha256
  readonly #hashNodes: (left: Uint8Array, right: Uint8Array) => NodeHash
  readonly #parts: (Subtree & { readonly hash: Uint8Array })[] = []
  #end: number

  constructor(sha256: Sha256, from: number) {
    this.#sha256 = sha256
    this.#hashNodes = nodeHasher(sha256)
    this.#end = from
  }

  /** The index after the last leaf. */
  get end(): number {
    return this.#end
  }

  /** From left to right, as `subtreesBetween` names them. */
  get hashes(): readonly Uint8Array[] {
    return this.#parts.map(({ hash }) => hash)
  }

  appendLeaf(leafHash: Uint8Array): void {
    this.#append(0, leafHash)
  }

  /**
   * Adds the leaves up to `to` by the hashes of their subtrees. False, and nothing is added, when there are not as
   * many hashes as subtrees, or one has not 32 bytes.
   */
  appendSubtrees(to: number, hashes: readonly Uint8Array[]): boolean {
    const subtrees = subtreesBetween(this.#end, to)
    if (subtrees.length !== hashes.length || hashes.some((hash) => hash.length !== HASH_BYTES)) return false
    for (const [i, { height }] of subtrees.entries()) this.#append(height, hashes[i]!)
    return true
  }

  /** The root of the tree that these leaves are; throws RangeError when the first of them is not leaf 0. */
  root(): NodeHash {
    if ((this.#parts[0]?.start ?? this.#end) !== 0) throw new RangeError('a root needs the leaves from 0 on')
    return this.#parts.length === 0
      ? emptyRoot(this.#sha256)
      : this.hashes.reduceRight((right, left) => this.#hashNodes(left, right))
  }

  #append(height: number, hash: Uint8Array): void {
    let whole = { start: this.#end, height, hash }
    this.#end += 2 ** height
    for (let last = this.#parts.at(-1); last !== undefined; last = this.#parts.at(-1)) {
      if (last.height !== whole.height || last.start % 2 ** (last.height + 1) !== 0) break
      this.#parts.pop()
      whole = {
        start: last.start,
        height: last.height + 1,
        hash: this.#hashNodes(last.hash, whole.hash),
      }
    }
    this.#parts.push(whole)
  }
}
