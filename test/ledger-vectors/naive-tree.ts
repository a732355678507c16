/**
 * The definitions of RFC 6962 section 2.1, executed word for word over all leaves: slow, obvious, and
 * sharing no line with packages/core. Vectors are made with it and tests compare against it.
 */

import { createHash } from 'node:crypto'

export const naiveLeafHash = (leaf: Uint8Array): Uint8Array => sha256(Uint8Array.of(0), leaf)
export const naiveNodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(Uint8Array.of(1), left, right)

/** MTH(D[n]), over leaf hashes. */
export function naiveRoot(hashes: readonly Uint8Array[]): Uint8Array {
  const [only] = hashes
  if (only === undefined) return sha256()
  if (hashes.length === 1) return only
  const k = split(hashes.length)
  return naiveNodeHash(naiveRoot(hashes.slice(0, k)), naiveRoot(hashes.slice(k)))
}

/** PATH(m, D[n]). */
export function naivePath(m: number, hashes: readonly Uint8Array[]): Uint8Array[] {
  if (hashes.length <= 1) return []
  const k = split(hashes.length)
  return m < k
    ? [...naivePath(m, hashes.slice(0, k)), naiveRoot(hashes.slice(k))]
    : [...naivePath(m - k, hashes.slice(k)), naiveRoot(hashes.slice(0, k))]
}

/** PROOF(m, D[n]); empty for m = 0, which the RFC leaves out. */
export function naiveConsistency(m: number, hashes: readonly Uint8Array[]): Uint8Array[] {
  return m === 0 ? [] : subproof(m, hashes, true)
}

function subproof(m: number, hashes: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (m === hashes.length) return whole ? [] : [naiveRoot(hashes)]
  const k = split(hashes.length)
  return m <= k
    ? [...subproof(m, hashes.slice(0, k), whole), naiveRoot(hashes.slice(k))]
    : [...subproof(m - k, hashes.slice(k), false), naiveRoot(hashes.slice(0, k))]
}

/** The hashes of a tile: MTH of each run of 256^level leaves. */
export function naiveTile(level: number, index: number, hashes: readonly Uint8Array[]): Uint8Array {
  const run = 256 ** level
  const nodes: Uint8Array[] = []
  for (let i = index * 256; i < (index + 1) * 256 && (i + 1) * run <= hashes.length; i++)
    nodes.push(naiveRoot(hashes.slice(i * run, (i + 1) * run)))
  return Buffer.concat(nodes)
}

/** The largest power of two below n. */
function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}
