/** E-mail addresses, as people write them. */

import type { Found } from './found.ts'

export const EMAIL_HINT = /@|%40/

/** RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.2. */
const LOCAL_CHARS_MAX = 64
const DOMAIN_CHARS_MAX = 255

/**
 * The next address at or after `from`: quoted local parts and domains without a dot are none. Neither is what
 * stands before the host of a URL, `https://git:x@example.org`, since the host would be lost with it.
 */
export function findEmailAddress(text: string, from: number): Found | undefined {
  for (let at = text.indexOf('@', from); at >= 0; at = text.indexOf('@', at + 1)) {
    const begin = localStart(text, at, from)
    if (begin === at || text[at - 1] === '.' || isUserInfo(text, begin)) continue
    let to = domainEnd(text, at + 1)
    if (to < 0) continue
    // What follows must not become an address of its own once this one is replaced.
    while (text[to] === '@') {
      const next = domainEnd(text, to + 1)
      if (next < 0) break
      to = next
    }
    return { from: begin, to }
  }
  return undefined
}

/** Whether `begin` lies between `://` and the host. */
function isUserInfo(text: string, begin: number): boolean {
  const lowest = Math.max(0, begin - LOCAL_CHARS_MAX)
  let at = begin
  while (at > lowest && (isLocal(text.charCodeAt(at - 1)) || text[at - 1] === ':')) at--
  return text.startsWith('//', at - 2) && text.startsWith('://', at - 3)
}

function localStart(text: string, at: number, from: number): number {
  const lowest = Math.max(from, at - LOCAL_CHARS_MAX)
  let begin = at
  while (begin > lowest && isLocal(text.charCodeAt(begin - 1))) begin--
  while (text[begin] === '.') begin++
  return Math.min(begin, at)
}

/** Just after the last label that can be a top-level domain, or -1. */
function domainEnd(text: string, begin: number): number {
  const limit = Math.min(text.length, begin + DOMAIN_CHARS_MAX)
  let end = -1
  let label = begin
  while (label < limit) {
    let at = label
    while (at < limit && isLetter(text.charCodeAt(at))) at++
    if (label > begin && at - label >= 2 && (text[at] === '-' || !isDomain(text.charCodeAt(at)))) end = at
    while (at < limit && isDomain(text.charCodeAt(at))) at++
    if (at === label || text[at] !== '.') break
    label = at + 1
  }
  return end
}

/** Letters of any script count: `jörg@müller.example`. */
function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code >= 0x80
}

/** Of a label: letters, digits and dashes. */
function isDomain(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57) || code === 0x2d
}

/** Letters, digits and `. _ + - '`; the others that RFC 5322 allows stand between things far more often. */
function isLocal(code: number): boolean {
  return isDomain(code) || code === 0x2e || code === 0x5f || code === 0x2b || code === 0x27
}
