/** Runs spec/vectors/checkpoint-*.json and proof-tlog.json. */

import { encodeHex } from '../encoding/hex.ts'
import type { VectorFile, VectorPrimitives } from '../vector-suite.ts'
import { fromHex, mismatch } from '../vector-suite.ts'
import { openCheckpoint } from './checkpoint.ts'
import { openKeyChange } from './key-change.ts'
import { parsePolicy } from './policy.ts'
import { verifyTlogProof } from './tlog-proof.ts'
import { formatVerifierKey, parseVerifierKey } from './verifier-key.ts'

export function runKeyVectors(
  { cases }: VectorFile<{ vkey: string; valid: boolean }>,
  { sha256 }: VectorPrimitives,
): string[] {
  return cases.flatMap(({ vkey, valid }, i) => {
    const parsed = parseVerifierKey(vkey, sha256)
    return parsed.kind === 'verifier-key'
      ? mismatch(i, 'key', formatVerifierKey(parsed.key), valid ? vkey : 'a problem')
      : mismatch(i, parsed.problem, false, valid)
  })
}

interface NoteCase {
  readonly note: string
  readonly keys: readonly string[]
  readonly result: 'checkpoint' | 'unsigned' | 'problem'
  readonly origin?: string
  readonly size?: number
  /** Hex. */
  readonly root?: string
  readonly cosigned?: readonly number[]
}

export function runNoteVectors(
  { cases }: VectorFile<NoteCase>,
  { sha256, verifyEd25519 }: VectorPrimitives,
): string[] {
  return cases.flatMap(({ note, keys: texts, result, origin, size, root, cosigned = [] }, i) => {
    const keys = texts
      .map((text) => parseVerifierKey(text, sha256))
      .filter((key) => key.kind === 'verifier-key')
    const known = keys.map(({ key }) => key)
    const opened = openCheckpoint(note, known, verifyEd25519)
    if (opened.kind !== 'checkpoint') return mismatch(i, 'result', opened.kind, result)
    const found = [
      opened.origin,
      opened.size,
      encodeHex(opened.root),
      opened.cosignedBy.map(({ time }) => time),
    ]
    return [
      ...mismatch(i, 'result', opened.kind, result),
      ...mismatch(i, 'checkpoint', found, [origin, size, root, cosigned]),
    ]
  })
}

interface KeyChangeCase {
  readonly statement: string
  readonly valid: boolean
  readonly old_key?: string
  readonly new_key?: string
}

export function runKeyChangeVectors(
  { cases }: VectorFile<KeyChangeCase>,
  { sha256, verifyEd25519 }: VectorPrimitives,
): string[] {
  return cases.flatMap(({ statement, valid, old_key, new_key }, i) => {
    const opened = openKeyChange(statement, sha256, verifyEd25519)
    if (opened.kind === 'problem') return mismatch(i, opened.problem, false, valid)
    const found = [formatVerifierKey(opened.oldKey), formatVerifierKey(opened.newKey)]
    return mismatch(i, 'keys', found, valid ? [old_key, new_key] : 'a problem')
  })
}

interface TlogProofCase {
  readonly proof: string
  /** Hex. */
  readonly leaf: string
  readonly policy: string
  readonly valid: boolean
  readonly index?: number
}

export function runTlogProofVectors(
  { cases }: VectorFile<TlogProofCase>,
  { sha256, verifyEd25519 }: VectorPrimitives,
): string[] {
  return cases.flatMap(({ proof, leaf, policy: text, valid, index }, i) => {
    const policy = parsePolicy(text, sha256)
    if (policy.kind === 'problem') return mismatch(i, policy.problem, false, valid)
    const verified = verifyTlogProof(proof, fromHex(leaf), policy.policy, sha256, verifyEd25519)
    return verified.kind === 'included'
      ? mismatch(i, 'index', verified.index, valid ? index : 'a problem')
      : mismatch(i, verified.problem, false, valid)
  })
}
