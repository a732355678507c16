/** UTF-8, strict in both directions. */

// Part of every runtime we support. Declared here because lib "dom" and "node" would let I/O into core too.
declare const TextEncoder: new () => {
  encode(text: string): Uint8Array
  encodeInto(text: string, into: Uint8Array): { written: number }
}
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string }

const encoder = new TextEncoder()
// ignoreBOM keeps a leading U+FEFF: signed bytes must survive the round trip.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A lone surrogate becomes U+FFFD; check `text.isWellFormed()` first where that matters. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Writes as much of `text` as fits into `into` and returns the bytes written; three a UTF-16 unit always fit. */
export function encodeUtf8Into(text: string, into: Uint8Array): number {
  return encoder.encodeInto(text, into).written
}

/** The text, or undefined when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined // the decoder throws for this reason only
  }
}
