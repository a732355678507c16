/** JSON that stands in a text: `401: {"password":"x"} (retry)`. */

import { afterSpace, jsonStringEnd, jsonValueEnd } from './json-text.ts'

/** Where an object with a member may begin. */
const OBJECT = /\{[ \t\r\n]*"/g

/**
 * Gives `redactJson` each object, up to its end or, where that was cut off, the end of the text and
 * with what stands before it; `redactPlain` gets all else.
 */
export function redactAroundJson(
  text: string,
  redactPlain: (plain: string) => string,
  redactJson: (json: string, before: string) => string,
): string {
  let out = ''
  let from = 0
  OBJECT.lastIndex = 0
  for (let match = OBJECT.exec(text); match !== null; match = OBJECT.exec(text)) {
    const begin = match.index
    const last = OBJECT.lastIndex
    const nameEnd = jsonStringEnd(text, last - 1)
    // The quote that ends the name may be the one that begins another object's.
    OBJECT.lastIndex = begin + 1
    if (text[afterSpace(text, nameEnd)] !== ':') continue
    const end = jsonValueEnd(text, begin)
    // Callbacks use the pattern as well.
    const before = text.slice(from, begin)
    out += redactPlain(before) + redactJson(text.slice(begin, end), before)
    from = end
    OBJECT.lastIndex = end
  }
  return from === 0 ? redactPlain(text) : out + redactPlain(text.slice(from))
}
