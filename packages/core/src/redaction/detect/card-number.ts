/** Payment card numbers: 13 to 19 digits that begin and add up as an issuer's do. */

import { isKeptEnd, isLetterOrDigit } from '../kept-end.ts'
import { afterRun, type Found } from './found.ts'

/** Thirteen digits with at most one separator between two. Without unbounded quantifiers, so linear. */
export const CARD_HINT = /\d(?:[ +-]?\d){12}/

const DIGITS_MIN = 13
const DIGITS_MAX = 19
/** Cards are written in groups of three or more; dates, times and lists of small numbers are not. */
const GROUP_DIGITS_MIN = 3

/**
 * The next card number at or after `from`, in one run or in groups with one space, dash or (in a form) plus
 * between them. Not part of a longer run of digits or letters, nor the fraction of a decimal number.
 */
export function findCardNumber(text: string, from: number): Found | undefined {
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (isDigit(code) && !isFraction(text, at)) {
      const to = cardNumberEnd(text, at)
      if (to > at && !isKeptEnd(text, at)) return { from: at, to }
    }
    at = isLetterOrDigit(code) ? afterRun(text, at, isLetterOrDigit) : at + 1
  }
  return undefined
}

/** Whether a JSON number is one; those of 17 digits and more are texts, since a double cannot hold them. */
export function isCardNumber(value: number): boolean {
  if (!Number.isSafeInteger(value) || value < 1e12) return false
  return isCard(Array.from(String(value), Number))
}

/** Just after the longest card number that begins at `begin`, or -1. */
function cardNumberEnd(text: string, begin: number): number {
  const digits: number[] = []
  let end = -1
  let group = begin
  for (;;) {
    const groupEnd = afterRun(text, group, isDigit)
    if (groupEnd - group < GROUP_DIGITS_MIN || digits.length + groupEnd - group > DIGITS_MAX) return end
    if (isLetterOrDigit(text.charCodeAt(groupEnd))) return end
    for (let at = group; at < groupEnd; at++) digits.push(text.charCodeAt(at) - 48)
    if (digits.length >= DIGITS_MIN && isCard(digits)) end = groupEnd
    if (!isSeparator(text.charCodeAt(groupEnd))) return end
    group = groupEnd + 1
  }
}

function isCard(digits: readonly number[]): boolean {
  return passesLuhn(digits) && isIssued(digits)
}

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(digits: readonly number[]): boolean {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = digits[digits.length - 1 - i]!
    const weighed = i % 2 === 0 ? digit : digit * 2
    sum += weighed > 9 ? weighed - 9 : weighed
  }
  return sum % 10 === 0
}

/** First and last of a range of leading six digits, and the lengths that the issuer uses. */
type Issued = readonly [first: number, last: number, lengths: readonly number[]]

const FROM_13 = [13, 14, 15, 16, 17, 18, 19]
const FROM_14 = FROM_13.slice(1)
const FROM_16 = FROM_13.slice(3)

/** Public ranges of the schemes. Numbers that begin with 1 (airlines) are left out: so do times since 1970. */
const ISSUED: readonly Issued[] = [
  [220_000, 220_499, FROM_16], // Mir
  [222_100, 272_099, [16]], // Mastercard
  [300_000, 305_999, FROM_14], // Diners Club
  [309_500, 309_599, FROM_14],
  [340_000, 349_999, [15]], // American Express
  [352_800, 358_999, FROM_16], // JCB
  [360_000, 369_999, FROM_14], // Diners Club
  [370_000, 379_999, [15]], // American Express
  [380_000, 399_999, FROM_14], // Diners Club
  [400_000, 499_999, [13, 16, 19]], // Visa
  [500_000, 509_999, FROM_13], // Maestro, Dankort, Elo, RuPay, Verve
  [510_000, 559_999, [16]], // Mastercard
  [560_000, 589_999, FROM_13], // Maestro
  [600_000, 699_999, FROM_13], // Discover, Maestro, RuPay, UnionPay
  [810_000, 829_999, FROM_16], // UnionPay, RuPay
  [979_200, 979_299, [16]], // Troy
]

function isIssued(digits: readonly number[]): boolean {
  const leading = digits.slice(0, 6).reduce((number, digit) => number * 10 + digit, 0)
  return ISSUED.some(
    ([first, last, lengths]) => leading >= first && leading <= last && lengths.includes(digits.length),
  )
}

/** `0.4111…`: measurements have that many digits, and a tenth of them would pass. */
function isFraction(text: string, at: number): boolean {
  return text[at - 1] === '.' && isDigit(text.charCodeAt(at - 2))
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** Space, dash, or the plus that stands for a space in forms. */
function isSeparator(code: number): boolean {
  return code === 0x20 || code === 0x2d || code === 0x2b
}
