/** The name that stands before a `:` in a text. */

import { isLetterOrDigit } from './kept-end.ts'

export interface TextName {
  readonly text: string
  readonly from: number
  /** The quote around it, with the backslashes before it; empty: none. */
  readonly quote: string
}

/** A longer run is no name. */
const NAME_CHARS_MAX = 128
/** Blanks before the colon, or backslashes before a quote. */
const BETWEEN_MAX = 8
/** Second words of names that are two: `Api key: abc`. */
const SECOND_WORD = /^(?:key|keys|number|code|phrase|word|card|security)$/i

/** Undefined where none stands there, or a whole sentence in quotes. Nothing before `lowest` is looked at. */
export function nameBefore(text: string, colon: number, lowest: number): TextName | undefined {
  let end = colon
  let last = end > lowest ? text.charCodeAt(end - 1) : 0
  if (last === 0x20 || last === 0x09) {
    const least = Math.max(lowest, end - BETWEEN_MAX)
    while (end > least && isBlank(text.charCodeAt(end - 1))) end--
    last = end > lowest ? text.charCodeAt(end - 1) : 0
  }
  let quote = ''
  if (last === 0x22 || last === 0x27) {
    let slash = end - 1
    const least = Math.max(lowest, slash - BETWEEN_MAX)
    while (slash > least && text.charCodeAt(slash - 1) === 0x5c) slash--
    quote = text.slice(slash, end)
    end = slash
  }
  const from = nameStart(text, end, lowest)
  if (from === end) return undefined
  const name = text.slice(from, end)
  const isAfterWord = quote === '' && from > lowest && text.charCodeAt(from - 1) === 0x20
  if (!isAfterWord || !SECOND_WORD.test(name)) return { text: name, from, quote }
  const first = nameStart(text, from - 1, lowest)
  return first === from - 1
    ? { text: name, from, quote }
    : { text: text.slice(first, end), from: first, quote }
}

function nameStart(text: string, end: number, lowest: number): number {
  const least = Math.max(lowest, end - NAME_CHARS_MAX)
  let at = end
  while (at > least && isNameCharacter(text.charCodeAt(at - 1))) at--
  while (at < end && text.charCodeAt(at) === 0x2d) at++ // `--header`, or an item of a list
  return at
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** Letters of any script, digits and `_ - . $`. */
function isNameCharacter(code: number): boolean {
  return (
    isLetterOrDigit(code) || code >= 0x80 || code === 0x5f || code === 0x2d || code === 0x2e || code === 0x24
  )
}
