/** HMAC-SHA-256 (RFC 2104) over the SHA-256 that the caller brings. */

import { concatBytes } from '../encoding/bytes.ts'
import type { Sha256 } from '../merkle/hash.ts'

const BLOCK_BYTES = 64

/** A function from data to its 32 bytes. The key is read once; a change of it afterwards has no effect. */
export function hmacSha256(sha256: Sha256, key: Uint8Array): (data: Uint8Array) => Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES)
  block.set(key.length > BLOCK_BYTES ? sha256(key) : key)
  const inner = block.map((byte) => byte ^ 0x36)
  const outer = block.map((byte) => byte ^ 0x5c)
  return (data) => sha256(concatBytes(outer, sha256(concatBytes(inner, data))))
}
