/** What stands in place of a secret. */

import { canonicalJson } from '../canonical/canonical-json.ts'
import { encodeUtf8 } from '../encoding/utf8.ts'
import { partialText } from './partial.ts'

/**
 * - `mask`: the policy's mask
 * - `hash`: `hmac:` and the first 32 hexadecimal digits of an HMAC-SHA-256 under the policy's `hashKey`, of the
 *   text in UTF-8 or the canonical JSON of any other value. Equal secrets stay comparable and cannot be guessed
 *   without the key. Whoever chooses a value can also choose one of that form, so equality is a lead, not proof
 * - `partial`: `411111******1111` of a card number of 16 digits or more, `DE******3000` of an IBAN,
 *   `a***@example.org` of an e-mail address; `******` and the last four characters of anything else that has
 *   twelve or more, the mask of what is shorter or neither text nor number
 * - `drop`: nothing. The member is removed; an item of a list becomes null, so that indexes stay; inside a
 *   text, and in lists whose items the schema wants to be texts, an empty text remains
 *
 * `null`, `true`, `false` and empty texts give nothing away and stay, except where `drop` removes the member.
 */
export type RedactionMode = 'mask' | 'hash' | 'partial' | 'drop'

export const REDACTION_MODES: readonly RedactionMode[] = ['mask', 'hash', 'partial', 'drop']

/** What `drop` leaves of a value; its holder removes it. */
export const DROPPED: unique symbol = Symbol('dropped')

export interface Replacements {
  readonly mask: string
  /** The whole `hmac:…` of some bytes. */
  readonly hash: (bytes: Uint8Array) => string
}

const HASHED = /^hmac:[0-9a-f]{32}$/

/**
 * Whether a text is what `hash` leaves. Every policy keeps it, the default one too, or a server would mask what
 * a producer has hashed so that it can be compared. The price: someone whose password had this very form would
 * find it recorded. It has the form of a hash and nobody can give it to the secret of someone else.
 */
export function isHashed(text: string): boolean {
  return text.length === 37 && HASHED.test(text)
}

/** The same string when it is replaced already. */
export function replacedText(text: string, mode: RedactionMode, { mask, hash }: Replacements): string {
  if (mode === 'drop') return ''
  if (text === '' || text === mask || isHashed(text)) return text
  switch (mode) {
    case 'mask':
      return mask
    case 'hash':
      return hash(encodeUtf8(text))
    case 'partial':
      return partialText(text) ?? mask
  }
}

/** The same value when it gives nothing away; a list of scalars keeps its length. */
export function replacedValue(value: unknown, mode: RedactionMode, policy: Replacements): unknown {
  if (mode === 'drop') return value === undefined ? undefined : DROPPED
  if (!Array.isArray(value) || value.some((item) => typeof item === 'object' && item !== null))
    return replacedScalar(value, mode, policy)
  const items = value.map((item: unknown) => replacedScalar(item, mode, policy))
  return items.every((item, i) => item === value[i]) ? value : items
}

function replacedScalar(value: unknown, mode: RedactionMode, policy: Replacements): unknown {
  if (value === null || value === undefined || typeof value === 'boolean') return value
  if (typeof value === 'string') return replacedText(value, mode, policy)
  if (mode === 'hash') return hashedJson(value, policy)
  return mode === 'partial' && typeof value === 'number'
    ? replacedText(String(value), mode, policy)
    : policy.mask
}

/** The hash of the canonical JSON; the mask of what has none, such as half a surrogate pair deep inside. */
function hashedJson(value: unknown, { mask, hash }: Replacements): string {
  let json: string
  try {
    json = canonicalJson(value)
  } catch {
    return mask // it is no less secret for that
  }
  return hash(encodeUtf8(json))
}
