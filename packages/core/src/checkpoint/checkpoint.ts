/** Checkpoints (C2SP tlog-checkpoint): a ledger's origin, size and root, as a signed note. */

import { decodeBase64, encodeBase64 } from '../encoding/base64.ts'
import type { NodeHash } from '../merkle/hash.ts'
import { HASH_BYTES } from '../merkle/hash.ts'
import type { NoteSigner, VerifiedSignature } from './signed-note.ts'
import { openNote, parseNote, signNote } from './signed-note.ts'
import type { VerifierKey, VerifyEd25519 } from './verifier-key.ts'
import { isKeyName } from './verifier-key.ts'

export interface Checkpoint {
  readonly origin: string
  /** Leaves, an integer up to 2^53 - 1. */
  readonly size: number
  readonly root: NodeHash
}

export type ParsedCheckpoint =
  | ({ readonly kind: 'checkpoint' } & Checkpoint)
  | { readonly kind: 'problem'; readonly problem: string }

export type OpenedCheckpoint =
  | ({
      readonly kind: 'checkpoint'
      /** The keys of the log itself, at least one. */
      readonly signedBy: readonly VerifierKey[]
      readonly cosignedBy: readonly VerifiedSignature[]
    } & Checkpoint)
  /** Well-formed, but no known key of the log signed it. */
  | ({ readonly kind: 'unsigned' } & Checkpoint)
  | { readonly kind: 'problem'; readonly problem: string }

/** The note's text. Throws RangeError on what cannot be written. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (!isKeyName(origin)) throw new RangeError(`${JSON.stringify(origin)} cannot be an origin`)
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`${size} is not the size of a tree`)
  if (root.length !== HASH_BYTES) throw new RangeError(`a root of ${root.length} bytes`)
  return `${origin}\n${size}\n${encodeBase64(root)}\n`
}

/** The three lines of a checkpoint's text. Extension lines are refused: tlog-tiles forbids them. */
export function parseCheckpoint(text: string): ParsedCheckpoint {
  const lines = text.split('\n')
  const [origin = '', digits = '', base64 = '', end] = lines
  if (lines.length !== 4 || end !== '') return problem('does not have three lines')
  if (!isKeyName(origin)) return problem('has an origin that cannot name a key')
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(digits)) return problem('has a size that is not a plain number')
  const size = Number(digits)
  if (!Number.isSafeInteger(size)) return problem('has a size above 2^53 - 1')
  const root = decodeBase64(base64)
  if (root?.length !== HASH_BYTES) return problem('has a root that is not 32 bytes in base64')
  return { kind: 'checkpoint', origin, size, root }
}

/** Every signer's key must be named like the origin; throws RangeError otherwise. */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NoteSigner[]): string {
  const stranger = signers.find(({ key }) => key.name !== checkpoint.origin)
  if (stranger !== undefined) throw new RangeError(`the key ${stranger.key.name} is not the origin's`)
  return signNote(formatCheckpoint(checkpoint), signers)
}

/** A signed checkpoint's content before anybody's word for it. */
export function readCheckpoint(note: string): ParsedCheckpoint {
  const parsed = parseNote(note)
  return parsed.kind === 'problem' ? parsed : parseCheckpoint(parsed.text)
}

/**
 * Opens a signed checkpoint with the known keys of the log and of witnesses. A log key counts only under its
 * own name, which is the origin, so one log's key cannot speak for another's.
 */
export function openCheckpoint(
  note: string,
  keys: readonly VerifierKey[],
  verifyEd25519: VerifyEd25519,
): OpenedCheckpoint {
  const opened = openNote(note, keys, verifyEd25519)
  if (opened.kind === 'problem') return opened
  const parsed = parseCheckpoint(opened.text)
  if (parsed.kind === 'problem') return parsed
  const cosignedBy = opened.verified.filter(({ key }) => key.algorithm === 'cosignature/v1')
  const signedBy = opened.verified
    .map(({ key }) => key)
    .filter((key) => key.algorithm === 'ed25519' && key.name === parsed.origin)
  if (signedBy.length === 0) return { ...parsed, kind: 'unsigned' }
  return { ...parsed, signedBy, cosignedBy }
}

function problem(what: string): { kind: 'problem'; problem: string } {
  return { kind: 'problem', problem: `the checkpoint ${what}` }
}
