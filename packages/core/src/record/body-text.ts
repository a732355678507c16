/** The text of a body, or the place of its first byte that is not UTF-8. */

import { decodeUtf8 } from '../encoding/utf8.ts'
import type { BodyProblem } from './problem.ts'

export type BodyText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'refused'; readonly problem: BodyProblem }

/** A byte order mark at the beginning is left out (RFC 8259 section 8.1 allows that). */
export function bodyText(bytes: Uint8Array): BodyText {
  const text = decodeUtf8(bytes)
  if (text !== undefined) return { kind: 'text', text: text.charCodeAt(0) === 0xfeff ? text.slice(1) : text }
  const byte = firstBadByte(bytes)
  const found = bytes[byte]!.toString(16).padStart(2, '0')
  return {
    kind: 'refused',
    problem: { code: 'encoding', message: `the body is not UTF-8: byte 0x${found} at offset ${byte}`, byte },
  }
}

/** Offset of the first sequence that RFC 3629 does not allow. */
function firstBadByte(bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    if (length === 0) return at
    at += length
  }
  return 0 // only reached if the decoder and RFC 3629 disagree
}

/** Length of the sequence that begins at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return 0
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  for (let i = 1; i < length; i++) {
    const next = bytes[at + i]
    if (next === undefined || (next & 0xc0) !== 0x80) return 0
    if (i > 1) continue
    // Overlong forms, surrogates and what lies above U+10FFFF
    if ((first === 0xe0 && next < 0xa0) || (first === 0xed && next > 0x9f)) return 0
    if ((first === 0xf0 && next < 0x90) || (first === 0xf4 && next > 0x8f)) return 0
  }
  return length
}
