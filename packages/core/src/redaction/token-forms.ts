/** Secrets that show by their form: private keys, JSON Web Tokens, credentials after a scheme, URL passwords. */

import { decodeBase64 } from '../encoding/base64.ts'
import { afterRun, type Found, replaceFound } from './detect/found.ts'
import { isLetterOrDigit } from './kept-end.ts'
import { isHashed } from './replacement.ts'

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
    const labelEnd = text.indexOf('-----', from)
    const label = text.slice(from, labelEnd < 0 ? begin + 75 : Math.min(labelEnd, begin + 75))
    if (!label.includes(`PRIVATE${space}KEY`)) continue
    const end = text.indexOf(`-----END${space}`, from)
    const endLabel = end < 0 ? -1 : text.indexOf('-----', end + 9)
    return { from: begin, to: endLabel < 0 ? text.length : endLabel + 5 }
  }
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

/** `scheme://user:password@host`: the password. */
export function redactUserInfo(text: string, mask: string): string {
  let out = ''
  let copied = 0
  let from = 0
  for (;;) {
    const scheme = text.indexOf('://', from)
    if (scheme < 0) break
    const begin = scheme + 3
    const end = afterRun(text, begin, isAuthority)
    from = end
    const authority = text.slice(begin, end)
    const at = authority.lastIndexOf('@')
    const colon = authority.indexOf(':')
    if (colon < 0 || colon >= at) continue
    const password = authority.slice(colon + 1, at)
    if (password === mask || isHashed(password)) continue
    out += text.slice(copied, begin + colon + 1) + mask
    copied = begin + at
  }
  return copied === 0 ? text : out + text.slice(copied)
}

const SCHEMES = /\b(?:bearer|basic) /gi
/** Tried first: going over matches costs more than all else here, and most texts have none. */
const SCHEME = /\b(?:bearer|basic) /i

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

/** Up to the path, the query, the fragment, white space or a quote. */
function isAuthority(code: number): boolean {
  return (
    code > 0x20 &&
    code !== 0x2f &&
    code !== 0x3f &&
    code !== 0x23 &&
    code !== 0x22 &&
    code !== 0x27 &&
    code !== 0x3c &&
    code !== 0x3e &&
    code !== 0x5c
  )
}
