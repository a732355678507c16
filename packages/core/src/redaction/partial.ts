/** Hides most of a text and keeps what people customarily need to recognise it. */

import { findCardNumber } from './detect/card-number.ts'
import { findEmailAddress } from './detect/email-address.ts'
import type { FindNext } from './detect/found.ts'
import { findIban } from './detect/iban.ts'
import { HIDDEN, KEPT_END_CHARS } from './kept-end.ts'

/** A shorter text would be half given away by its last characters. */
const CHARS_MIN = 12
/** The first six digits of a shorter card number would leave too few hidden (PCI DSS 3.4.1). */
const ISSUER_KEPT_DIGITS_MIN = 16

/** What this function returns, and therefore leaves as it is. */
const PARTIAL = /^(?:\d{6}|[A-Z]{2})?\*{6}.{4}$/su
const PARTIAL_EMAIL = /^.\*{3}@[^\s@*]+$/su

/**
 * `411111******1111`, `DE******3000`, `a***@example.org`; the last four characters of anything else that has
 * twelve or more. Undefined where nothing may be kept. What is partly hidden already is the same string.
 */
export function partialText(text: string): string | undefined {
  if (text.length < 512 && (PARTIAL.test(text) || PARTIAL_EMAIL.test(text))) return text
  if (isWhole(text, findCardNumber)) {
    const digits = text.replace(/\D/g, '')
    const issuer = digits.length >= ISSUER_KEPT_DIGITS_MIN ? digits.slice(0, 6) : ''
    return issuer + HIDDEN + digits.slice(-KEPT_END_CHARS)
  }
  if (isWhole(text, findIban))
    return text.slice(0, 2).toUpperCase() + HIDDEN + text.replace(/[^A-Za-z0-9]/g, '').slice(-KEPT_END_CHARS)
  if (isWhole(text, findEmailAddress))
    return `${String.fromCodePoint(text.codePointAt(0)!)}***${text.slice(text.lastIndexOf('@'))}`
  // Twice as many UTF-16 units always hold that many characters; an emoji is one, and not cut in half.
  if (Array.from(text.slice(0, 2 * CHARS_MIN)).length < CHARS_MIN) return undefined
  const end = Array.from(text.slice(-2 * KEPT_END_CHARS)).slice(-KEPT_END_CHARS)
  return HIDDEN + end.join('')
}

function isWhole(text: string, findNext: FindNext): boolean {
  if (text.length > 512) return false
  const found = findNext(text, 0)
  return found?.from === 0 && found.to === text.length
}
