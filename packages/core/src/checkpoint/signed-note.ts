/** Signed notes (C2SP signed-note): a text, an empty line, and lines `— name base64(key id | signature)`. */

import { decodeBase64, encodeBase64 } from '../encoding/base64.ts'
import { concatBytes } from '../encoding/bytes.ts'
import { decodeHex, encodeHex } from '../encoding/hex.ts'
import { encodeUtf8 } from '../encoding/utf8.ts'
import { readCosignature } from './cosignature.ts'
import type { VerifierKey, VerifyEd25519 } from './verifier-key.ts'
import { isKeyName, KEY_ID_BYTES } from './verifier-key.ts'

/** UTF-16 units. Room for 64 post-quantum signatures of 3.2 kB each. */
export const NOTE_LENGTH_MAX = 262_144
export const NOTE_SIGNATURES_MAX = 64

export interface NoteSignature {
  readonly name: string
  /** Eight lower-case hex digits. */
  readonly keyId: string
  readonly signature: Uint8Array
}

export type ParsedNote =
  | {
      readonly kind: 'note'
      /** What is signed, its last newline included. */
      readonly text: string
      readonly signatures: readonly NoteSignature[]
    }
  | { readonly kind: 'problem'; readonly problem: string }

export interface VerifiedSignature {
  readonly key: VerifierKey
  /** Of a cosignature: when the witness saw the note, seconds since 1970. */
  readonly time?: number
}

export type OpenedNote =
  | {
      readonly kind: 'note'
      readonly text: string
      /** One for each known key that signed; empty when none did, and then the text is nobody's word. */
      readonly verified: readonly VerifiedSignature[]
      /** Lines under keys we do not know, which prove nothing and spoil nothing. */
      readonly unknown: number
    }
  | { readonly kind: 'problem'; readonly problem: string }

export interface NoteSigner {
  readonly key: VerifierKey
  /** Ed25519 over the bytes of the note's text: 64 bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array
}

/**
 * One line per signer, in order: during a key change the old key and the new one. Throws RangeError on a text
 * that cannot be signed: it must end in a newline and have no other control characters.
 */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (!isNoteText(text)) throw new RangeError('this text cannot be signed as a note')
  const message = encodeUtf8(text)
  const lines = signers.map(({ key, sign }) => signatureLine(key, sign(message)))
  return `${text}\n${lines.join('')}`
}

/** The line, newline included, that says `key` made `signature`. */
export function signatureLine(key: VerifierKey, signature: Uint8Array): string {
  return `\u2014 ${key.name} ${encodeBase64(concatBytes(decodeHex(key.keyId)!, signature))}\n`
}

/** Splits a note. Says nothing about who signed it. */
export function parseNote(note: string): ParsedNote {
  if (note.length > NOTE_LENGTH_MAX) return problem(`has more than ${NOTE_LENGTH_MAX} characters`)
  const split = note.lastIndexOf('\n\n')
  if (split < 0) return problem('has no empty line before its signatures')
  const text = note.slice(0, split + 1)
  if (!isNoteText(text)) return problem('has a text with control characters or broken Unicode')
  const block = note.slice(split + 2)
  if (block === '' || !block.endsWith('\n')) return problem('does not end in a signature line')
  const lines = block.slice(0, -1).split('\n')
  if (lines.length > NOTE_SIGNATURES_MAX) return problem(`has more than ${NOTE_SIGNATURES_MAX} signatures`)
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const signature = parseSignatureLine(line)
    if (signature === undefined) return problem(`has a malformed signature line ${signatures.length + 1}`)
    signatures.push(signature)
  }
  return { kind: 'note', text, signatures }
}

/** Rejects the whole note when any line under a known key is not that key's signature. */
export function openNote(
  note: string,
  keys: readonly VerifierKey[],
  verifyEd25519: VerifyEd25519,
): OpenedNote {
  const parsed = parseNote(note)
  if (parsed.kind === 'problem') return parsed
  const message = encodeUtf8(parsed.text)
  const verified = new Map<VerifierKey, VerifiedSignature>()
  let unknown = 0
  for (const line of parsed.signatures) {
    // Two keys may share a 32-bit id; one of them must have signed.
    const named = keys.filter((key) => key.name === line.name && key.keyId === line.keyId)
    const signed = named.map((key) => verifyLine(key, line.signature, message, parsed.text, verifyEd25519))
    const found = signed.find((result) => result !== undefined)
    if (named.length === 0) unknown++
    else if (found === undefined)
      return problem(`has a signature of ${line.name}+${line.keyId} that is not valid`)
    else if (!verified.has(found.key)) verified.set(found.key, found)
  }
  return { kind: 'note', text: parsed.text, verified: [...verified.values()], unknown }
}

function verifyLine(
  key: VerifierKey,
  signature: Uint8Array,
  message: Uint8Array,
  text: string,
  verifyEd25519: VerifyEd25519,
): VerifiedSignature | undefined {
  if (key.algorithm === 'ed25519')
    return signature.length === 64 && verifyEd25519(key.publicKey, message, signature) ? { key } : undefined
  const cosignature = readCosignature(signature, text)
  return cosignature !== undefined && verifyEd25519(key.publicKey, cosignature.message, cosignature.signature)
    ? { key, time: cosignature.time }
    : undefined
}

const SIGNATURE_LINE = /^\u2014 ([^ ]+) ([A-Za-z0-9+/]+={0,2})$/u

function parseSignatureLine(line: string): NoteSignature | undefined {
  const [, name = '', base64 = ''] = SIGNATURE_LINE.exec(line) ?? []
  const blob = decodeBase64(base64)
  if (!isKeyName(name) || blob === undefined || blob.length <= KEY_ID_BYTES) return undefined
  const keyId = encodeHex(blob.subarray(0, KEY_ID_BYTES))
  return { name, keyId, signature: blob.subarray(KEY_ID_BYTES) }
}

// oxlint-disable-next-line no-control-regex -- they are what is refused
const CONTROL_EXCEPT_NEWLINE = /[\u0000-\u0009\u000b-\u001f]/u

function isNoteText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !CONTROL_EXCEPT_NEWLINE.test(text)
}

function problem(what: string): { kind: 'problem'; problem: string } {
  return { kind: 'problem', problem: `the note ${what}` }
}
