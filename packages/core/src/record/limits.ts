/** How much one body and one record may hold. */

export interface ReadLimits {
  /** More records in one body and the body is refused. Default 10,000. */
  readonly recordsMax: number
  /** UTF-8 bytes of one record as sent; a longer one is refused, the others are not. Default 1,048,576. */
  readonly recordBytesMax: number
  /** Objects and arrays inside each other, the record itself being 1. Default 64. */
  readonly depthMax: number
}

export const READ_LIMITS: ReadLimits = { recordsMax: 10_000, recordBytesMax: 1_048_576, depthMax: 64 }

/** UTF-8 bytes of `text`; a lone surrogate counts 3. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) continue
    if (code < 0x800) bytes += 1
    else if (code >= 0xd800 && code <= 0xdbff && isLow(text.charCodeAt(i + 1))) {
      bytes += 2
      i++
    } else bytes += 2
  }
  return bytes
}

/** Whether `text` has more UTF-8 bytes than `bytesMax`; counts only where the length leaves a doubt. */
export function isLonger(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true
  return text.length * 3 > bytesMax && utf8Length(text) > bytesMax
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}
