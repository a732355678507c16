/** What a witness signs (C2SP tlog-cosignature, cosignature/v1): the note, and when it was seen. */

import { concatBytes } from '../encoding/bytes.ts'
import { encodeUtf8 } from '../encoding/utf8.ts'

const TIME_BYTES = 8
const SIGNATURE_BYTES = 64

export interface Cosignature {
  /** Seconds since 1970-01-01T00:00:00Z. */
  readonly time: number
  /** What the Ed25519 signature is over. */
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** The bytes a witness signs for a note's text, seen at `time` (seconds). */
export function cosignatureMessage(time: number, noteText: string): Uint8Array {
  return encodeUtf8(`cosignature/v1\ntime ${time}\n${noteText}`)
}

/** The time as uint64 big-endian and the signature: what follows the key id in a cosignature's line. */
export function cosignatureBlob(time: number, signature: Uint8Array): Uint8Array {
  const encoded = new Uint8Array(TIME_BYTES)
  for (let i = TIME_BYTES - 1, rest = time; i >= 0; i--, rest = Math.floor(rest / 256))
    encoded[i] = rest % 256
  return concatBytes(encoded, signature)
}

/** Undefined when the blob is not 72 bytes or the time is above 2^53 - 1 s. */
export function readCosignature(blob: Uint8Array, noteText: string): Cosignature | undefined {
  if (blob.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined
  let time = 0
  for (const byte of blob.subarray(0, TIME_BYTES)) time = time * 256 + byte
  if (!Number.isSafeInteger(time)) return undefined
  return { time, message: cosignatureMessage(time, noteText), signature: blob.subarray(TIME_BYTES) }
}
