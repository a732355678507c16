/** The three hashes of RFC 6962 section 2.1. */

/** Synchronous SHA-256. Returns 32 bytes in memory of its own that it never writes to again. */
export type Sha256 = (data: Uint8Array) => Uint8Array

declare const hashOf: unique symbol

/**
 * SHA-256(0x00 | leaf). Plain bytes are accepted wherever one is expected (they come from disks and
 * networks); what the optional mark forbids is handing a known node hash to something that wants a leaf's.
 */
export type LeafHash = Uint8Array & { readonly [hashOf]?: 'leaf' }

/** SHA-256(0x01 | left | right), or any root. */
export type NodeHash = Uint8Array & { readonly [hashOf]?: 'node' }

export const HASH_BYTES = 32

/** Sizes and indexes are exact integers in a JS number. */
export const TREE_SIZE_MAX: number = Number.MAX_SAFE_INTEGER

export function leafHash(sha256: Sha256, leaf: Uint8Array): LeafHash {
  const prefixed = new Uint8Array(1 + leaf.length)
  prefixed.set(leaf, 1)
  return sha256(prefixed)
}

export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): NodeHash {
  return nodeHasher(sha256)(left, right)
}

/** `nodeHash` without an allocation of its own on each call: 65 bytes are reused. */
export function nodeHasher(sha256: Sha256): (left: Uint8Array, right: Uint8Array) => NodeHash {
  const input = new Uint8Array(1 + 2 * HASH_BYTES)
  input[0] = 1
  return (left, right) => {
    input.set(left, 1)
    input.set(right, 1 + HASH_BYTES)
    return sha256(input)
  }
}

/** The root of a tree without leaves: SHA-256 of nothing. */
export function emptyRoot(sha256: Sha256): NodeHash {
  return sha256(new Uint8Array(0))
}
