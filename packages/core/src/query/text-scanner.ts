/** Walks over the text of a query. Every character is looked at a bounded number of times. */

import { QueryError } from './query-error.ts'

const SPACE = /\s/

export class TextScanner {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  skipSpace(): void {
    while (this.at < this.text.length && isSpace(this.text.charCodeAt(this.at))) this.at++
  }

  /** The character here, `''` at the end. */
  here(): string {
    return this.text.charAt(this.at)
  }

  startsWith(prefix: string): boolean {
    return this.text.startsWith(prefix, this.at)
  }

  /** Steps over `expected` if it stands here. */
  take(expected: string): boolean {
    if (!this.startsWith(expected)) return false
    this.at += expected.length
    return true
  }

  /** Steps over the word if it stands here and ends here: at a space, a bracket, a bar, a comma or the end. */
  takeWord(word: string, options: { anyCase: boolean }): boolean {
    const end = this.at + word.length
    const found = this.text.slice(this.at, end)
    if ((options.anyCase ? found.toLowerCase() : found) !== word || !this.isDelimiter(end)) return false
    this.at = end
    return true
  }

  /** Nothing goes on at `at`: the end, a space, a bracket, a bar or a comma. */
  isDelimiter(at: number): boolean {
    const code = this.text.charCodeAt(at)
    return Number.isNaN(code) || isSpace(code) || '()|,'.includes(String.fromCharCode(code))
  }

  /**
   * The end of the unquoted run that begins here: at a space, a bar, a quotation mark, a bracket that it did not
   * open itself (`foo_(bar)` is one run), or one of `stops`.
   */
  runEnd(stops = ''): number {
    let open = 0
    for (let at = this.at; at < this.text.length; at++) {
      const char = this.text.charAt(at)
      if (char === '|' || char === '"' || stops.includes(char) || isSpace(char.charCodeAt(0))) return at
      if (char === '(') open++
      else if (char === ')' && open-- === 0) return at
    }
    return this.text.length
  }

  /** A text in quotation marks, which stands here: `\"` and `\\` are escapes, any other backslash is itself. */
  quoted(): string {
    const start = this.at
    let value = ''
    for (let at = start + 1; at < this.text.length; at++) {
      const char = this.text.charAt(at)
      if (char === '"') {
        this.at = at + 1
        return value
      }
      const next = char === '\\' ? this.text.charAt(at + 1) : ''
      if (next === '"' || next === '\\') {
        value += next
        at++
      } else value += char
    }
    throw this.error('the closing quotation mark is missing', start, this.text.length - start)
  }

  error(message: string, position: number, length: number, suggestion?: string): QueryError {
    return new QueryError(message, position, length, suggestion)
  }
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || (code > 127 && SPACE.test(String.fromCharCode(code)))
}
