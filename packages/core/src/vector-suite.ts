/** What a file of spec/vectors is, and what runs one: the same function in every runtime. */

import type { VerifyEd25519 } from './checkpoint/verifier-key.ts'
import { decodeHex } from './encoding/hex.ts'
import type { Sha256 } from './merkle/hash.ts'

export interface VectorFile<Case> {
  readonly description: string
  readonly cases: readonly Case[]
}

export interface VectorPrimitives {
  readonly sha256: Sha256
  readonly verifyEd25519: VerifyEd25519
}

/** Returns one sentence for each case that failed; none when all is well. */
export type VectorSuite<Case> = (
  vectors: VectorFile<Case>,
  primitives: VectorPrimitives,
) => string[] | Promise<string[]>

/** The sentence of case `index`, when what was found is not what was wanted. */
export function mismatch(index: number, what: string, found: unknown, wanted: unknown): string[] {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)]
  return left === right ? [] : [`case ${index}: ${what} is ${left}, not ${right}`]
}

/** Vectors are ours: broken hex in one is a broken vector. */
export function fromHex(text: string): Uint8Array {
  const bytes = decodeHex(text)
  if (bytes === undefined) throw new Error(`the vector has broken hex: ${text}`)
  return bytes
}
