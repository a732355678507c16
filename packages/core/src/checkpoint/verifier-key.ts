/** Public keys as text: `name+keyid+base64(type | key)` (C2SP signed-note, "Verifier keys"). */

import { decodeBase64, encodeBase64 } from '../encoding/base64.ts'
import { concatBytes } from '../encoding/bytes.ts'
import { encodeHex } from '../encoding/hex.ts'
import { encodeUtf8 } from '../encoding/utf8.ts'
import type { Sha256 } from '../merkle/hash.ts'

/** What the key's signatures are over: the note itself, or a witness's timed statement about it. */
export type KeyAlgorithm = 'ed25519' | 'cosignature/v1'

export interface VerifierKey {
  /** Of a log: its origin. No spaces, no `+`. */
  readonly name: string
  /** Eight lower-case hex digits. */
  readonly keyId: string
  readonly algorithm: KeyAlgorithm
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
}

export type ParsedVerifierKey =
  | { readonly kind: 'verifier-key'; readonly key: VerifierKey }
  | { readonly kind: 'problem'; readonly problem: string }

/** Whether an Ed25519 signature (64 bytes, RFC 8032) over `message` is the key's. Never throws. */
export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

export const PUBLIC_KEY_BYTES = 32
export const KEY_ID_BYTES = 4

const TYPE_BYTES: Record<KeyAlgorithm, number> = { ed25519: 0x01, 'cosignature/v1': 0x04 }

/** Throws RangeError on a name that cannot stand in a note or a key of another length. */
export function verifierKey(
  sha256: Sha256,
  name: string,
  publicKey: Uint8Array,
  algorithm: KeyAlgorithm = 'ed25519',
): VerifierKey {
  if (!isKeyName(name)) throw new RangeError(`${JSON.stringify(name)} cannot name a key`)
  if (publicKey.length !== PUBLIC_KEY_BYTES) throw new RangeError(`a public key of ${publicKey.length} bytes`)
  const typed = concatBytes(Uint8Array.of(TYPE_BYTES[algorithm]), publicKey)
  const digest = sha256(concatBytes(encodeUtf8(`${name}\n`), typed))
  return { name, keyId: encodeHex(digest.subarray(0, KEY_ID_BYTES)), algorithm, publicKey }
}

export function formatVerifierKey(key: VerifierKey): string {
  const typed = concatBytes(Uint8Array.of(TYPE_BYTES[key.algorithm]), key.publicKey)
  return `${key.name}+${key.keyId}+${encodeBase64(typed)}`
}

/** Refuses a key whose id does not follow from its name and bytes, and algorithms we cannot verify. */
export function parseVerifierKey(text: string, sha256: Sha256): ParsedVerifierKey {
  // Base64 may contain `+`, so only the first two separate.
  const first = text.indexOf('+')
  const second = text.indexOf('+', first + 1)
  if (first < 0 || second < 0) return problem('is not name+keyid+key')
  const name = text.slice(0, first)
  if (!isKeyName(name)) return problem('has a name that cannot stand in a note')
  const typed = decodeBase64(text.slice(second + 1))
  if (typed === undefined || typed.length === 0) return problem('is not base64 after the second +')
  const algorithm = algorithmOf(typed[0]!)
  if (algorithm === undefined) return problem(`has the unsupported type ${typed[0]}`)
  if (typed.length !== 1 + PUBLIC_KEY_BYTES) return problem(`has ${typed.length - 1} bytes of key, not 32`)
  const key = verifierKey(sha256, name, typed.slice(1), algorithm)
  if (text.slice(first + 1, second) !== key.keyId) return problem('has a key id that is not its own')
  return { kind: 'verifier-key', key }
}

/** Not empty, well-formed, without white space, control characters and `+`. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !NOT_IN_NAMES.test(name)
}

// oxlint-disable-next-line no-control-regex -- they are what is refused
const NOT_IN_NAMES = /[\s+\u0000-\u001f\u007f\u0085]/u

function algorithmOf(type: number): KeyAlgorithm | undefined {
  if (type === TYPE_BYTES.ed25519) return 'ed25519'
  return type === TYPE_BYTES['cosignature/v1'] ? 'cosignature/v1' : undefined
}

function problem(what: string): ParsedVerifierKey {
  return { kind: 'problem', problem: `the verifier key ${what}` }
}
