/** Lower-case hexadecimal. */

const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function encodeHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += PAIRS[byte]!
  return text
}

/** The bytes, or undefined when `text` has an odd length or any character but 0-9 and a-f. */
export function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < text.length; i += 2) {
    const high = digit(text.charCodeAt(i))
    const low = digit(text.charCodeAt(i + 1))
    if (high < 0 || low < 0) return undefined
    bytes[i >> 1] = (high << 4) | low
  }
  return bytes
}

function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  return code >= 97 && code <= 102 ? code - 87 : -1
}
