/**
 * The statement that hands a ledger from one signing key to the next: a note signed by both, kept in an
 * entry of that ledger. The old key counts for checkpoints up to the size that includes the entry.
 */

import type { Sha256 } from '../merkle/hash.ts'
import type { NoteSigner } from './signed-note.ts'
import { openNote, parseNote, signNote } from './signed-note.ts'
import type { VerifierKey, VerifyEd25519 } from './verifier-key.ts'
import { formatVerifierKey, parseVerifierKey } from './verifier-key.ts'

const HEADER = 'trailproof/v1/key-change'

export type OpenedKeyChange =
  | {
      readonly kind: 'key-change'
      readonly origin: string
      readonly oldKey: VerifierKey
      readonly newKey: VerifierKey
    }
  | { readonly kind: 'problem'; readonly problem: string }

/** Both keys are named like the origin; throws RangeError otherwise. */
export function signKeyChange(oldSigner: NoteSigner, newSigner: NoteSigner): string {
  const origin = oldSigner.key.name
  if (newSigner.key.name !== origin) throw new RangeError('both keys must be named like the origin')
  const keys = [formatVerifierKey(oldSigner.key), formatVerifierKey(newSigner.key)]
  return signNote(`${[HEADER, origin, ...keys].join('\n')}\n`, [oldSigner, newSigner])
}

/** Checks both signatures with the keys the statement names; whether the old one is trusted is the caller's. */
export function openKeyChange(
  statement: string,
  sha256: Sha256,
  verifyEd25519: VerifyEd25519,
): OpenedKeyChange {
  const parsed = parseNote(statement)
  if (parsed.kind === 'problem') return parsed
  const lines = parsed.text.split('\n')
  const [header, origin = '', oldText = '', newText = '', end] = lines
  if (lines.length !== 5 || header !== HEADER || end !== '') return problem('does not have its four lines')
  const oldKey = parseVerifierKey(oldText, sha256)
  if (oldKey.kind === 'problem') return oldKey
  const newKey = parseVerifierKey(newText, sha256)
  if (newKey.kind === 'problem') return newKey
  const keys = [oldKey.key, newKey.key]
  if (oldText === newText) return problem('names one key twice')
  if (keys.some((key) => key.name !== origin || key.algorithm !== 'ed25519'))
    return problem('names a key that is not the origin’s')
  const opened = openNote(statement, keys, verifyEd25519)
  if (opened.kind === 'problem') return opened
  if (opened.verified.length !== 2) return problem('is not signed by both keys')
  return { kind: 'key-change', origin, oldKey: oldKey.key, newKey: newKey.key }
}

function problem(what: string): OpenedKeyChange {
  return { kind: 'problem', problem: `the key change ${what}` }
}
