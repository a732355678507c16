/**
 * `name: value` in texts: header lines (`X-Api-Key: abc`), settings, and what an inspected object looks like.
 *
 * - Where the name begins its line (after blanks, `>`, `<`, `*`, `-`), the value is the rest of the line.
 * - Where a quote stands right before the name (`-H 'Cookie: a=b'`), it reaches up to that quote.
 * - Elsewhere it runs to the next blank or closing punctuation; of an authorization or a cookie to the end of the line.
 * - A text in quotes, a balanced `{…}` or `[…]` and a private key in PEM are values wherever they stand.
 * - After `Bearer` or `Basic` only what follows the scheme is the value.
 * - Without a blank after the colon, bare values belong to names of passwords (`pwd:x`), to names in quotes and to
 *   header names (`X-Api-Key:x`): `session:42` is a key of a cache, `token.ts:12` a place in a file.
 *
 * A statement about a secret stays (`token: expired`, `password: must be longer`): see statement.ts.
 */

import { type Edit, type Edits, NO_EDITS } from './edits.ts'
import { jsonValueEnd } from './json-text.ts'
import { nameBefore, type TextName } from './name-before.ts'
import type { CompiledRedaction } from './policy.ts'
import { isHashed, type RedactionMode, replacedText } from './replacement.ts'
import { beginsStatement, isStatement, saysNothing } from './statement.ts'
import { privateKeyEnd } from './token-forms.ts'

/** Only names that begin their line: the rest of it is their value, whatever else it may look like. */
export function findNamedLines(text: string, policy: CompiledRedaction): Edits {
  return findNamed(text, policy, true)
}

/** All of them. */
export function findNamedValues(text: string, policy: CompiledRedaction): Edits {
  return findNamed(text, policy, false)
}

/** Whether looking for either is worth while: most texts with a colon hold no such name. */
export function holdsSecretName(text: string, policy: CompiledRedaction): boolean {
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    if (!mayFollowName(text, colon)) continue
    const name = nameBefore(text, colon, 0)
    if (name !== undefined && policy.modeOfName(name.text) !== undefined) return true
  }
  return false
}

function findNamed(text: string, policy: CompiledRedaction, linesOnly: boolean): Edits {
  let edits: Edit[] | undefined
  let done = 0
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', Math.max(colon + 1, done))) {
    if (!mayFollowName(text, colon)) continue
    const name = nameBefore(text, colon, done)
    if (name === undefined || FILE_NAME.test(name.text)) continue
    const mode = policy.modeOfName(name.text)
    if (mode === undefined) continue
    const place = placeOf(text, name)
    if (linesOnly && place !== 'line') continue
    const value = valueAfter(text, colon, name, place)
    if (value === undefined) continue
    done = value.next
    const by = replacementOf(text.slice(value.from, value.to), mode, value, policy)
    if (by !== undefined) (edits ??= []).push({ from: value.from, to: value.to, by })
  }
  return edits ?? NO_EDITS
}

/** What stands before the name: nothing but what begins a line, a quote that the value ends at, or anything else. */
type Place = 'line' | '"' | "'" | '`' | 'inside'

interface Value {
  readonly from: number
  readonly to: number
  /** Where to go on looking; never before `to`. */
  readonly next: number
  /** What a mask must stand in, where the value did not. */
  readonly quote: string
  readonly isBare: boolean
  readonly isInside: boolean
}

/** `error in token.ts: 3 problems` */
const FILE_NAME = /\.(?:[cm]?[jt]sx?|py|go|java|rb|php|rs|cs|kt|json|ya?ml|html?|css|vue|md)$/i
/** Values of these hold blanks. */
const WHOLE_LINE = /(?:authorization|cookie2?)$/i
const PASSWORD = /(?:^|[^a-z])(?:password|passwd|passphrase|pwd)$|Pass(?:word|phrase)$/i
const HEADER = /^x-|-authorization$|^(?:authorization|(?:set-)?cookie)$/i
/** An identifier is no word of a sentence. */
const IDENTIFIER = /[-_.]|[a-z][A-Z]/
const SCHEME = /(?:bearer|basic)[ \t]+(?=\S)/iy

/** Cheap, since it is asked of every colon. */
function mayFollowName(text: string, colon: number): boolean {
  const next = text.charCodeAt(colon + 1)
  if (next === 0x3a || next === 0x0a || next === 0x0d || colon + 1 >= text.length) return false
  if (next === 0x2f && text.charCodeAt(colon + 2) === 0x2f) return false
  const last = text.charCodeAt(colon - 1)
  // Times and ports: `12:30`, `10.0.0.1:80`.
  if (next >= 48 && next <= 57) return last > 57 || last === 0x22 || last === 0x27
  return last !== 0x3a
}

function placeOf(text: string, { from, quote }: TextName): Place {
  if (quote !== '') return 'inside'
  const before = text[from - 1]
  if (before === '"' || before === "'" || before === '`') return before
  let at = from
  const least = Math.max(0, from - 32)
  while (at > least && LINE_PREFIX.includes(text[at - 1]!)) at--
  return at === 0 || text[at - 1] === '\n' || text[at - 1] === '\r' ? 'line' : 'inside'
}

const LINE_PREFIX = ' \t><*-'

function valueAfter(text: string, colon: number, name: TextName, place: Place): Value | undefined {
  let from = afterBlanks(text, colon + 1)
  const isInside = place === 'inside'
  const delimiter = delimiterAt(text, from)
  if (delimiter !== '') {
    const inner = from + delimiter.length
    const to = closing(text, inner, delimiter)
    return { from: inner, to, next: to + delimiter.length, quote: '', isBare: false, isInside }
  }
  const quote = name.quote
  const first = text[from]
  if (first === '{' || first === '[') {
    const to = jsonValueEnd(text, from)
    return { from, to, next: to, quote, isBare: true, isInside }
  }
  if (from === colon + 1 && !isTight(name)) return undefined
  if (text.startsWith('-----BEGIN', from)) {
    const to = privateKeyEnd(text, from)
    if (to !== undefined) return { from, to, next: to, quote, isBare: true, isInside }
  }
  SCHEME.lastIndex = from
  const scheme = SCHEME.exec(text)
  if (scheme !== null) from += scheme[0].length
  const isWholeLine = isInside && scheme === null && WHOLE_LINE.test(name.text)
  // Asked before the line is gone over, since the next name may be on it.
  if (isWholeLine && beginsStatement(text.slice(from, from + 32))) return undefined
  const to = endOfBare(text, from, place, isWholeLine)
  if (scheme === null && !isWholeLine && isSaid(name, text.slice(from, to), isInside)) return undefined
  return { from, to, next: to, quote, isBare: true, isInside }
}

function isSaid({ text: name, quote }: TextName, value: string, isInside: boolean): boolean {
  if (isStatement(name, value)) return true
  return isInside && quote === '' && !IDENTIFIER.test(name) && !HEADER.test(name) && saysNothing(name, value)
}

function isTight({ text: name, quote }: TextName): boolean {
  return quote !== '' || PASSWORD.test(name) || HEADER.test(name)
}

function replacementOf(
  value: string,
  mode: RedactionMode,
  { isBare, isInside, quote }: Value,
  policy: CompiledRedaction,
): string | undefined {
  const { mask } = policy
  if (value === '' || value === mask || isHashed(value)) return undefined
  if (isBare && isInside && value.startsWith(mask.split(' ', 1)[0]!) && mask.includes(' ')) return undefined
  const isNested = isBare && (value.startsWith('{') || value.startsWith('['))
  const by = isNested && mode === 'partial' ? mask : replacedText(value, mode, policy)
  if (by === value) return undefined
  if (!isBare) return by
  return by === '' && quote === '' ? '""' : quote + by + quote // an empty text remains
}

/** Just after the last character of a bare value; blanks at the end of a line are none of it. */
function endOfBare(text: string, from: number, place: Place, isWholeLine: boolean): number {
  let at = from
  if (place === 'inside' && !isWholeLine) {
    while (at < text.length && !isSpace(text.charCodeAt(at)) && !isClosing(text, at)) at++
    return at
  }
  const stop = place === 'line' || place === 'inside' ? 0 : place.charCodeAt(0)
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x0a || code === 0x0d || code === stop) break
  }
  while (at > from && isBlank(text.charCodeAt(at - 1))) at--
  return at
}

/** `,`, `)` and the like end a value where nothing of it can follow, quotes always. */
function isClosing(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  if (code === 0x22 || code === 0x27 || code === 0x60) return true
  if (!CLOSING.includes(text[at]!)) return false
  const next = text[at + 1]
  return next === undefined || next <= ' ' || CLOSING.includes(next) || QUOTES.includes(next)
}

const CLOSING = ',;)}]>'
const QUOTES = '"\'`\\'

/** A quote, with the backslashes before it where a text stands in a text. */
function delimiterAt(text: string, from: number): string {
  let at = from
  while (at - from < 8 && text.charCodeAt(at) === 0x5c) at++
  return at < text.length && '"\'`'.includes(text[at]!) ? text.slice(from, at + 1) : ''
}

/** Where the delimiter stands again with as many backslashes, or the end of a text that was cut off. */
function closing(text: string, from: number, delimiter: string): number {
  const quote = delimiter.slice(-1)
  for (let at = text.indexOf(quote, from); at >= 0; at = text.indexOf(quote, at + 1)) {
    let slashes = 0
    while (at - slashes > from && text.charCodeAt(at - slashes - 1) === 0x5c) slashes++
    if (delimiter.length === 1 ? slashes % 2 === 0 : slashes <= delimiter.length - 1)
      return at - Math.min(slashes, delimiter.length - 1)
  }
  return text.length
}

function afterBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length && isBlank(text.charCodeAt(at))) at++
  return at
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function isSpace(code: number): boolean {
  return code <= 0x20
}
