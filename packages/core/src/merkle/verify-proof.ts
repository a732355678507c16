/** Judges proofs: RFC 9162 sections 2.1.3.2 and 2.1.4.2. Total: any input gives true or false. */

import { equalBytes } from '../encoding/bytes.ts'
import type { LeafHash, NodeHash, Sha256 } from './hash.ts'
import { emptyRoot, HASH_BYTES, nodeHasher } from './hash.ts'

/** A tree below 2^53 leaves has no longer path. */
export const PROOF_HASHES_MAX = 53

export interface InclusionClaim {
  readonly index: number
  readonly size: number
  readonly leafHash: LeafHash
  /** Siblings, leaf upward. */
  readonly proof: readonly Uint8Array[]
  readonly root: NodeHash
}

export function verifyInclusion(sha256: Sha256, claim: InclusionClaim): boolean {
  const { index, size, leafHash, proof, root } = claim
  if (!isSize(size) || !isSize(index) || index >= size || !areHashes([leafHash, root, ...proof])) return false
  const hashNodes = nodeHasher(sha256)
  let node = index
  let last = size - 1
  let hash: Uint8Array = leafHash
  for (const sibling of proof) {
    if (last === 0) return false // the proof is too long
    if (isOdd(node) || node === last) {
      hash = hashNodes(sibling, hash)
      // A right edge without siblings is carried upward unhashed.
      while (!isOdd(node) && node !== 0) {
        node = half(node)
        last = half(last)
      }
    } else {
      hash = hashNodes(hash, sibling)
    }
    node = half(node)
    last = half(last)
  }
  return last === 0 && equalBytes(hash, root)
}

export interface ConsistencyClaim {
  readonly first: number
  readonly second: number
  readonly firstRoot: NodeHash
  readonly secondRoot: NodeHash
  readonly proof: readonly Uint8Array[]
}

/** The empty tree is the beginning of every tree, by an empty proof. */
export function verifyConsistency(sha256: Sha256, claim: ConsistencyClaim): boolean {
  const { first, second, firstRoot, secondRoot, proof } = claim
  if (!isSize(first) || !isSize(second) || first > second) return false
  if (!areHashes([firstRoot, secondRoot, ...proof])) return false
  if (first === second) return proof.length === 0 && equalBytes(firstRoot, secondRoot)
  if (first === 0) return proof.length === 0 && equalBytes(firstRoot, emptyRoot(sha256))
  if (proof.length === 0) return false

  const hashNodes = nodeHasher(sha256)
  let node = first - 1
  let last = second - 1
  while (isOdd(node)) {
    node = half(node)
    last = half(last)
  }
  // When the first tree is one whole subtree (node is 0 now), its root is left out of the proof.
  const path = node === 0 ? [firstRoot, ...proof] : proof
  let firstHash = path[0]!
  let secondHash = path[0]!
  for (const sibling of path.slice(1)) {
    if (last === 0) return false
    if (isOdd(node) || node === last) {
      firstHash = hashNodes(sibling, firstHash)
      secondHash = hashNodes(sibling, secondHash)
      while (!isOdd(node) && node !== 0) {
        node = half(node)
        last = half(last)
      }
    } else {
      secondHash = hashNodes(secondHash, sibling)
    }
    node = half(node)
    last = half(last)
  }
  return last === 0 && equalBytes(firstHash, firstRoot) && equalBytes(secondHash, secondRoot)
}

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
const isOdd = (value: number): boolean => value % 2 === 1
const half = (value: number): number => Math.floor(value / 2) // sizes exceed the 32 bits of >>

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.length <= PROOF_HASHES_MAX + 2 && hashes.every((hash) => hash.length === HASH_BYTES)
}
