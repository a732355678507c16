/** Finds where a JSON object ends in a text, so that its exact characters can be taken. */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d

/**
 * The position after the object that begins at `at`; -1 when none begins there or it does not end. Whether it
 * is valid JSON is left to a parser: only braces outside of strings are counted.
 */
export function endOfObject(text: string, at: number): number {
  if (text.charCodeAt(at) !== OPEN) return -1
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) {
      i = endOfString(text, i)
      if (i < 0) return -1
    } else if (code === OPEN) depth++
    else if (code === CLOSE && --depth === 0) return i + 1
  }
  return -1
}

/** The position of the quotation mark that ends the string which begins at `at`; -1 when none does. */
function endOfString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++
    if (escapes % 2 === 0) return end
  }
  return -1
}
