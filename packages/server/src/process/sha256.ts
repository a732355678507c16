/** SHA-256 by node:crypto, in the shape that core and verify take it. */
import { hash } from 'node:crypto'

const HASH_BYTES = 32

/**
 * 32 bytes in a piece of Buffer's pool. Asked for a binary text, `crypto.hash` takes a third of the time that
 * it takes to make a Buffer of its own, and leaves no ArrayBuffer behind to be collected.
 */
export function sha256(data: Uint8Array): Uint8Array {
  const digest = Buffer.allocUnsafe(HASH_BYTES)
  digest.write(hash('sha256', data, 'binary'), 'latin1')
  return digest
}
