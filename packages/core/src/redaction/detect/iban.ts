/** International bank account numbers (ISO 13616). */

import { isKeptEnd, isLetterOrDigit } from '../kept-end.ts'
import { afterRun, type Found } from './found.ts'

/** Without quantifiers, so linear. */
export const IBAN_HINT = /[A-Za-z][A-Za-z]\d\d/

/** Characters of an IBAN by country, from the registry of ISO 13616. */
const LENGTHS: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 ' +
    'DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 ' +
    'IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 ' +
    'MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 ' +
    'SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)

/**
 * The next IBAN at or after `from`, in either case, in one run or with one space, dash or (in a form) plus
 * after every fourth character. Not part of a longer run of letters and digits.
 */
export function findIban(text: string, from: number): Found | undefined {
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (!isLetterOrDigit(code)) {
      at++
      continue
    }
    const to = ibanEnd(text, at)
    if (to > at && !isKeptEnd(text, at)) return { from: at, to }
    at = afterRun(text, at, isLetterOrDigit)
  }
  return undefined
}

/** Just after the IBAN that begins at `begin`, or -1. */
function ibanEnd(text: string, begin: number): number {
  const length = LENGTHS.get(text.slice(begin, begin + 2).toUpperCase())
  if (length === undefined) return -1
  let characters = ''
  let at = begin
  while (characters.length < length) {
    const code = text.charCodeAt(at)
    if (isLetterOrDigit(code)) characters += text[at]
    else if (!isSeparator(code) || characters.length % 4 !== 0 || isSeparator(text.charCodeAt(at - 1)))
      return -1
    at++
  }
  return isLetterOrDigit(text.charCodeAt(at)) || !passesMod97(characters) ? -1 : at
}

/** ISO/IEC 7064, MOD 97-10: the first four characters last, letters as 10 to 35. */
function passesMod97(iban: string): boolean {
  if (!/^..\d\d/.test(iban)) return false
  let remainder = 0
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
  }
  return remainder === 1
}

/** Space, dash, or the plus that stands for a space in forms. */
function isSeparator(code: number): boolean {
  return code === 0x20 || code === 0x2d || code === 0x2b
}
