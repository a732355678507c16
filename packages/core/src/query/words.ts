/** What a word is, to free text and to the search index alike (spec/query.md, "Words"). */

/** Runs of ASCII letters and digits, in a text that is in lower case. */
const ASCII_WORD = /[a-z0-9]+/g
const WORD = /[\p{L}\p{N}\p{M}]+/gu
const NOT_ASCII = /[^\0-\x7f]/

/** The words of a text in their order: maximal runs of Unicode letters, numbers and marks, each in lower case. */
export function wordsOf(text: string): string[] {
  if (isAscii(text)) return text.toLowerCase().match(ASCII_WORD) ?? []
  // Each by itself: what a sigma becomes depends on its neighbours, and those of a word are the word.
  return text.match(WORD)?.map((word) => word.toLowerCase()) ?? []
}

export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text)
}

/** A test whether `words` follow each other in a text. No words follow each other in none. */
export function wordsMatcher(words: readonly string[]): (text: string) => boolean {
  const first = words[0]
  if (first === undefined) return () => false
  const allAscii = words.every(isAscii)
  return (text) => {
    if (text.length < first.length) return false
    if (isAscii(text)) return allAscii && followInAscii(text.toLowerCase(), words)
    // Cutting into words is the slow part; only a sigma is not the same in lower case within the whole text.
    if (!text.includes('Σ') && !text.toLowerCase().includes(first)) return false
    return follow(wordsOf(text), words)
  }
}

function follow(found: readonly string[], words: readonly string[]): boolean {
  const last = found.length - words.length
  for (let at = 0; at <= last; at++) if (words.every((word, i) => found[at + i] === word)) return true
  return false
}

/** Without cutting the text into words: most texts do not even hold the first one. */
function followInAscii(text: string, words: readonly string[]): boolean {
  const first = words[0]!
  let at = text.indexOf(first)
  while (at >= 0) {
    if (!isWordCode(text.charCodeAt(at - 1)) && goOn(text, at, words)) return true
    // No other word begins before this one ends.
    while (isWordCode(text.charCodeAt(at))) at++
    at = text.indexOf(first, at)
  }
  return false
}

function goOn(text: string, start: number, words: readonly string[]): boolean {
  let at = start
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (i > 0) while (at < text.length && !isWordCode(text.charCodeAt(at))) at++
    if (!text.startsWith(word, at)) return false
    at += word.length
    if (isWordCode(text.charCodeAt(at))) return false
  }
  return true
}

/** Of a text in lower case; false for the NaN beyond its ends. */
function isWordCode(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57)
}
