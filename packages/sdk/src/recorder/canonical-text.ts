/** Canonical JSON (RFC 8785) of what this process has put together itself. */
import { canonicalJson } from '@trailproof/core'
import { Snapshots } from './snapshot.ts'

/** `isOrdered`: all keys are in canonical order, so that it is what `JSON.stringify` writes. Half a text becomes U+FFFD. */
export function canonicalText(value: object, isOrdered: boolean): string {
  if (!isOrdered) return wellFormed(value)
  const text = JSON.stringify(value)
  // Nothing but a lone surrogate is written like that.
  return text.includes('\\ud') ? wellFormed(value) : text
}

function wellFormed(value: object): string {
  try {
    return canonicalJson(value)
  } catch {
    return canonicalJson(new Snapshots().take(value, '')) // which are well-formed
  }
}
