/** The secrets that can be told by their form, wherever they stand in a text. */

import { isKeptEnd, isLetterOrDigit } from '../kept-end.ts'
import { findJwt, findPrivateKey } from '../token-forms.ts'
import { CARD_HINT, findCardNumber } from './card-number.ts'
import { EMAIL_HINT, findEmailAddress } from './email-address.ts'
import type { FindNext, Found } from './found.ts'
import { findIban, IBAN_HINT } from './iban.ts'
import { findKey, KEY_HINT } from './key-forms.ts'

/**
 * - `card`: payment card numbers of 13 to 19 digits that begin and add up as an issuer's do, in one run or in
 *   groups of three or more; as JSON numbers, too
 * - `iban`: bank account numbers with the length of their country and a right check sum
 * - `email`: e-mail addresses
 * - `jwt`: JSON Web Tokens
 * - `key`: keys of AWS, GitHub, GitLab, Google, npm, SendGrid, Slack, Stripe and Trailproof, and private keys in PEM
 */
export type Detector = 'card' | 'iban' | 'email' | 'jwt' | 'key'

interface Detection {
  /** Matches every text in which `find` finds something. Linear. */
  readonly hint: RegExp
  readonly find: readonly FindNext[]
}

/** In the order in which they are applied: long ones first; addresses last, since they can stand against all others. */
export const DETECTIONS: Readonly<Record<Detector, Detection>> = {
  key: { hint: KEY_HINT, find: [findPrivateKey, findPrivateKeyInForm, findKey] },
  jwt: { hint: /eyJ/, find: [findAnyJwt] },
  iban: { hint: IBAN_HINT, find: [findIban] },
  card: { hint: CARD_HINT, find: [findCardNumber] },
  email: { hint: EMAIL_HINT, find: [findEmailAddress] },
}

/** All of them. */
export const DETECTORS: readonly Detector[] = Object.keys(DETECTIONS) as Detector[] // the keys of its type

function findPrivateKeyInForm(text: string, from: number): Found | undefined {
  return findPrivateKey(text, from, '+')
}

/** In `x_eyJ…` the token begins after the underscore, although that could be a part of a longer one. */
function findAnyJwt(text: string, from: number): Found | undefined {
  const found = findJwt(text, from, isLetterOrDigit)
  return found !== undefined && isKeptEnd(text, found.from) ? findAnyJwt(text, found.from + 3) : found
}
