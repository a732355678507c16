/** Reads checkpoints that this installation signed itself. */
import { createPublicKey, verify } from 'node:crypto'
import { type Checkpoint, openCheckpoint, type VerifierKey } from '@trailproof/core'
import type { CheckpointSize } from './file-checkpoint-lock.ts'
import type { LedgerKeys } from './ledger-keys.ts'

/** SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** Ed25519 by node:crypto, in the shape that core takes it. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32) return false
  const key = createPublicKey({ key: Buffer.concat([ED25519_SPKI, publicKey]), format: 'der', type: 'spki' })
  return verify(null, message, key, signature)
}

/** What a checkpoint says when `key` signed it; undefined otherwise. */
export function readOwnCheckpoint(text: string, key: VerifierKey): Checkpoint | undefined {
  const opened = openCheckpoint(text, [key], verifyEd25519)
  return opened.kind === 'checkpoint' ? opened : undefined
}

/** Sizes for the checkpoint lock. A key carries its origin, so the lock needs nothing from the data. */
export function checkpointSizes(keys: LedgerKeys): CheckpointSize {
  return (ledger, text) => {
    // The origin stands in the first line; that it is the ledger's own is checked when the ledger opens.
    const origin = text.slice(0, text.indexOf('\n'))
    if (origin === '' || !keys.has(ledger)) return undefined
    return readOwnCheckpoint(text, keys.open(ledger, origin).key)?.size
  }
}
