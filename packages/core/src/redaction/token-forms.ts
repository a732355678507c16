/** Secrets that show by their form: private keys, JSON Web Tokens, credentials after a scheme. */

import { decodeBase64 } from '../encoding/base64.ts'
import { afterRun, type Found, replaceFound } from './detect/found.ts'
import { isLetterOrDigit } from './kept-end.ts'

/** PEM blocks of private keys, up to their end or, where that was cut off, the end of the text. */
export function redactPrivateKeys(text: string, mask: string): string {
  return replaceFound(text, findPrivateKey, () => mask)
}

/** `eyJ….….…`: header, payload and signature in base64url, the last of which may be empty. */
export function redactJwts(text: string, mask: string): string {
  return replaceFound(text, findJwt, () => mask)
}

/** `space`: a plus in forms. */
export function findPrivateKey(text: string, from: number, space = ' '): Found | undefined {
  for (;;) {
    const begin = text.indexOf(`-----BEGIN${space}`, from)
    if (begin < 0) return undefined
    from = begin + 11
    const to = privateKeyEnd(text, begin, space)
    if (to !== undefined) return { from: begin, to }
  }
}

/** Just after the private key whose `-----BEGIN ` stands at `begin`; undefined where none begins there. */
export function privateKeyEnd(text: string, begin: number, space = ' '): number | undefined {
  const from = begin + 11
  // A label is short; looking for its end any further would go over the text again and again.
  const head = text.slice(from, begin + 80)
  const labelEnd = head.indexOf('-----')
  if (!head.slice(0, labelEnd < 0 ? 64 : Math.min(labelEnd, 64)).includes(`PRIVATE${space}KEY`))
    return undefined
  const end = text.indexOf(`-----END${space}`, from)
  const endLabel = end < 0 ? -1 : text.indexOf('-----', end + 9)
  return endLabel < 0 ? text.length : endLabel + 5
}

/** `isBefore`: what must not stand right before a token, for it would be part of the same run. */
export function findJwt(text: string, from: number, isBefore = isBase64Url): Found | undefined {
  for (;;) {
    const begin = text.indexOf('eyJ', from)
    if (begin < 0) return undefined
    const header = afterRun(text, begin, isBase64Url)
    from = Math.max(header, begin + 3)
    if (text[header] !== '.' || (begin > 0 && isBefore(text.charCodeAt(begin - 1)))) continue
    const payload = afterRun(text, header + 1, isBase64Url)
    from = payload
    if (text[payload] !== '.' || payload - header < 4) continue
    return { from: begin, to: afterRun(text, payload + 1, isBase64Url) }
  }
}

const SCHEMES = /\b(?:bearer|basic) /gi
/** Tried first, and without /i, which is several times slower: most texts have none. */
const SCHEME = /(?:[Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc]) /

/** What follows `Bearer ` or `Basic `, where it is a credential and not an English word. */
export function redactCredentials(text: string, mask: string): string {
  if (!SCHEME.test(text)) return text
  let out = ''
  let copied = 0
  for (const match of text.matchAll(SCHEMES)) {
    const begin = afterRun(text, match.index + match[0].length, isBlank)
    const end = afterRun(text, begin, isToken68)
    if (begin < copied || end === begin) continue
    const isWhole = match.index === 0 && end === text.length
    if (!isWhole && !isCredential(match[0].toLowerCase(), text.slice(begin, end))) continue
    out += text.slice(copied, begin) + mask
    copied = end
  }
  return copied === 0 ? text : out + text.slice(copied)
}

function isCredential(scheme: string, value: string): boolean {
  if (scheme === 'bearer ') return value.length >= 32 || /\d/.test(value)
  if (value.length > 8_192) return true
  const bytes = decodeBase64(
    value.replace(/=+$/, '').padEnd(Math.ceil(value.replace(/=+$/, '').length / 4) * 4, '='),
  )
  return bytes?.includes(0x3a) ?? /\d/.test(value)
}

function isBase64Url(code: number): boolean {
  return isLetterOrDigit(code) || code === 0x2d || code === 0x5f
}

/** RFC 9110 section 11.2 */
function isToken68(code: number): boolean {
  return (
    isBase64Url(code) || code === 0x2e || code === 0x7e || code === 0x2b || code === 0x2f || code === 0x3d
  )
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
