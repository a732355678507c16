import { parseVerifierKey, type Sha256, type VerifierKey } from '@trailproof/core'

/** Those of the texts that are verifier keys. */
export function keysOf(texts: readonly string[], sha256: Sha256): readonly VerifierKey[] {
  return texts.flatMap((text) => {
    const parsed = parseVerifierKey(text, sha256)
    return parsed.kind === 'verifier-key' ? [parsed.key] : []
  })
}
