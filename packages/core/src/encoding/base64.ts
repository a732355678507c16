/** Strict base64 (RFC 4648 section 4): standard alphabet, padding required, trailing bits zero. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Two characters for every 12-bit value: half the look-ups of the usual table. */
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, value) => ALPHABET.charAt(value >> 6) + ALPHABET.charAt(value & 63),
)

const INVALID = 255
const VALUES = new Uint8Array(128).fill(INVALID)
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value

export function encodeBase64(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 3)
  let text = ''
  for (let i = 0; i < whole; i += 3) {
    const triple = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    text += PAIRS[triple >> 12]! + PAIRS[triple & 4095]!
  }
  if (bytes.length - whole === 1) return `${text}${PAIRS[bytes[whole]! << 4]!}==`
  if (bytes.length - whole === 2) {
    const pair = (bytes[whole]! << 8) | bytes[whole + 1]!
    return `${text}${PAIRS[pair >> 4]!}${ALPHABET.charAt((pair & 15) << 2)}=`
  }
  return text
}

/** The bytes, or undefined when `text` is anything but what `encodeBase64` would have written. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const digits = text.length - padding
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let held = 0
  let heldBits = 0
  let at = 0
  for (let i = 0; i < digits; i++) {
    const code = text.charCodeAt(i)
    const value = code < 128 ? VALUES[code]! : INVALID
    if (value === INVALID) return undefined
    held = ((held << 6) | value) & 0xffff
    heldBits += 6
    if (heldBits >= 8) {
      heldBits -= 8
      bytes[at++] = held >> heldBits
    }
  }
  // Bits that belong to no byte must be zero, or one value would have several spellings.
  return (held & ((1 << heldBits) - 1)) === 0 ? bytes : undefined
}
