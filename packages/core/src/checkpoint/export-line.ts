/** What the lines of an export (spec/export.md) have in common for those who write and those who check them. */

import { encodeHex } from '../encoding/hex.ts'
import { encodeUtf8 } from '../encoding/utf8.ts'
import type { Sha256 } from '../merkle/hash.ts'

/** The first member of the first line, and the first line of the manifest. */
export const EXPORT_FORMAT = 'trailproof/v1/export'

/** A mark stands before each entry whose index is a multiple of this, unless it is the first. */
export const EXPORT_MARK_ENTRIES = 1024

const CHECK_BYTES = 4
const CHECK_CHARS = ',"check":"01234567"}'.length

/**
 * Adds a check to the text of a JSON object, for lines of which not every byte is signed or hashed: a slip shows in
 * the line itself. Whoever forges the line can forge this too, and does not get past the signed root.
 */
export function sealLine(sha256: Sha256, object: string): string {
  const text = object.slice(0, -1)
  return `${text},"check":"${checkOf(sha256, text)}"}`
}

/** Whether a line is as `sealLine` wrote it. */
export function isSealedLine(sha256: Sha256, line: string): boolean {
  const text = line.slice(0, -CHECK_CHARS)
  return line.slice(text.length) === `,"check":"${checkOf(sha256, text)}"}`
}

function checkOf(sha256: Sha256, text: string): string {
  return encodeHex(sha256(encodeUtf8(text)).subarray(0, CHECK_BYTES))
}
