/** Proofs that stand alone (C2SP tlog-proof): index, inclusion proof and signed checkpoint in one text. */

import { decodeBase64, encodeBase64 } from '../encoding/base64.ts'
import type { Sha256 } from '../merkle/hash.ts'
import { HASH_BYTES, leafHash } from '../merkle/hash.ts'
import { PROOF_HASHES_MAX, verifyInclusion } from '../merkle/verify-proof.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Policy } from './policy.ts'
import { openUnderPolicy } from './policy.ts'
import { NOTE_LENGTH_MAX } from './signed-note.ts'
import type { VerifyEd25519 } from './verifier-key.ts'

const HEADER = 'c2sp.org/tlog-proof@v1'
/** UTF-16 units: a note, the hashes, and as much again for `extra`. */
const PROOF_LENGTH_MAX = 2 * NOTE_LENGTH_MAX

export interface TlogProof {
  readonly index: number
  /** Siblings, leaf upward. */
  readonly proof: readonly Uint8Array[]
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string
  /** Not authenticated by anything. */
  readonly extra?: Uint8Array
}

export type ParsedTlogProof =
  | ({ readonly kind: 'tlog-proof' } & TlogProof)
  | { readonly kind: 'problem'; readonly problem: string }

export type VerifiedTlogProof =
  | { readonly kind: 'included'; readonly index: number; readonly checkpoint: Checkpoint }
  | { readonly kind: 'problem'; readonly problem: string }

export function formatTlogProof({ index, proof, checkpoint, extra }: TlogProof): string {
  const head = extra === undefined ? [HEADER] : [HEADER, `extra ${encodeBase64(extra)}`]
  return [...head, `index ${index}`, ...proof.map(encodeBase64), '', checkpoint].join('\n')
}

export function parseTlogProof(text: string): ParsedTlogProof {
  if (text.length > PROOF_LENGTH_MAX) return problem(`has more than ${PROOF_LENGTH_MAX} characters`)
  const end = text.indexOf('\n\n')
  if (end < 0) return problem('has no empty line before its checkpoint')
  const [header, ...lines] = text.slice(0, end).split('\n')
  if (header !== HEADER) return problem(`does not start with ${HEADER}`)
  const extra = lines[0]?.startsWith('extra ')
    ? decodeBase64(lines.shift()!.slice('extra '.length))
    : NO_EXTRA
  if (extra === undefined) return problem('has an extra that is not base64')
  const [, digits = ''] = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? '') ?? []
  const index = Number(digits)
  if (digits === '' || !Number.isSafeInteger(index)) return problem('has no index')
  if (lines.length > PROOF_HASHES_MAX) return problem(`has more than ${PROOF_HASHES_MAX} hashes`)
  const proof: Uint8Array[] = []
  for (const line of lines) {
    const hash = decodeBase64(line)
    if (hash?.length !== HASH_BYTES)
      return problem(`has a hash ${proof.length} that is not 32 bytes in base64`)
    proof.push(hash)
  }
  const parsed = { kind: 'tlog-proof', index, proof, checkpoint: text.slice(end + 2) } as const
  return extra === NO_EXTRA ? parsed : { ...parsed, extra }
}

/** That the leaf is in a tree whose checkpoint the policy accepts. `leaf` is the bytes themselves, not their hash. */
export function verifyTlogProof(
  text: string,
  leaf: Uint8Array,
  policy: Policy,
  sha256: Sha256,
  verifyEd25519: VerifyEd25519,
): VerifiedTlogProof {
  const parsed = parseTlogProof(text)
  if (parsed.kind === 'problem') return parsed
  const opened = openUnderPolicy(parsed.checkpoint, policy, verifyEd25519)
  if (opened.kind === 'problem') return opened
  if (opened.kind === 'unsigned') return problem('has a checkpoint that no log of the policy signed')
  const { origin, size, root } = opened
  const claim = { index: parsed.index, size, leafHash: leafHash(sha256, leaf), proof: parsed.proof, root }
  return verifyInclusion(sha256, claim)
    ? { kind: 'included', index: parsed.index, checkpoint: { origin, size, root } }
    : problem(`does not lead from this leaf at index ${parsed.index} to the root`)
}

const NO_EXTRA = new Uint8Array(0)

function problem(what: string): { kind: 'problem'; problem: string } {
  return { kind: 'problem', problem: `the proof ${what}` }
}
