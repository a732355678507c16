/** Runs spec/vectors/record-canonical.json. */

import { mismatch, type VectorFile } from '../vector-suite.ts'
import { canonicalJson, NotJsonError } from './canonical-json.ts'

/** `value` is JSON text; without `canonical` it is one that canonical JSON refuses. */
interface CanonicalCase {
  readonly value: string
  readonly canonical?: string
}

export function runCanonicalVectors({ cases }: VectorFile<CanonicalCase>): string[] {
  return cases.flatMap(({ value, canonical }, i) => mismatch(i, 'canonical', canonicalOf(value), canonical))
}

function canonicalOf(text: string): string | undefined {
  try {
    return canonicalJson(JSON.parse(text))
  } catch (error) {
    if (error instanceof NotJsonError) return undefined
    throw error
  }
}
