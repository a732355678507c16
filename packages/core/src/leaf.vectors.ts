/** Runs spec/vectors/ledger-leaves.json. */

import { encodeHex } from './encoding/hex.ts'
import { encodeUtf8 } from './encoding/utf8.ts'
import { decodeUuid } from './encoding/uuid.ts'
import { commitment, decodeLeaf, encodeLeaf } from './leaf.ts'
import { leafHash } from './merkle/hash.ts'
import type { VectorFile, VectorPrimitives } from './vector-suite.ts'
import { fromHex, mismatch } from './vector-suite.ts'

interface ValidLeaf {
  readonly valid: true
  readonly id: string
  readonly recorded_at_us: number
  readonly core: string
  readonly core_salt: string
  readonly core_commitment: string
  readonly personal: string
  readonly personal_salt: string
  readonly personal_commitment: string
  readonly leaf: string
  readonly leaf_hash: string
}

type LeafCase = ValidLeaf | { readonly valid: false; readonly leaf: string }

export function runLeafVectors({ cases }: VectorFile<LeafCase>, { sha256 }: VectorPrimitives): string[] {
  return cases.flatMap((each, i) => {
    const decoded = decodeLeaf(fromHex(each.leaf))
    if (!each.valid) return mismatch(i, 'leaf', decoded.kind, 'problem')
    const core = commitment(sha256, 'core', fromHex(each.core_salt), encodeUtf8(each.core))
    const personal = commitment(sha256, 'personal', fromHex(each.personal_salt), encodeUtf8(each.personal))
    const id = decodeUuid(each.id) ?? new Uint8Array(16)
    const leaf = encodeLeaf({ id, recordedAtUs: each.recorded_at_us, core, personal })
    return [
      ...mismatch(i, 'core commitment', encodeHex(core), each.core_commitment),
      ...mismatch(i, 'personal commitment', encodeHex(personal), each.personal_commitment),
      ...mismatch(i, 'leaf', encodeHex(leaf), each.leaf),
      ...mismatch(i, 'decoded leaf', decoded, {
        kind: 'leaf',
        id,
        recordedAtUs: each.recorded_at_us,
        core,
        personal,
      }),
      ...mismatch(i, 'leaf hash', encodeHex(leafHash(sha256, leaf)), each.leaf_hash),
    ]
  })
}
