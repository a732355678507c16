/** Splits a stream of JSON into records, one line of text each, without holding more than one of them. */

import { EXIT } from '../exit-code.ts'
import { Failure } from '../failure.ts'

/** No server takes a longer record; and a missing quote must not make us hold the whole file. */
const RECORD_CHARS_MAX = 16 * 2 ** 20

/**
 * The values of NDJSON, of one JSON array, or of objects one after another, each exactly as written but on
 * one line. Which it is shows in the first characters. What is not JSON is passed on as it is, so that the
 * server keeps it aside and says what is wrong; nothing is left out.
 */
export async function* readJsonValues(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  const splitter = new Splitter()
  for await (const chunk of chunks) {
    splitter.push(decoder.decode(chunk, { stream: true }))
    yield* splitter.take(false)
  }
  splitter.push(decoder.decode())
  yield* splitter.take(true)
}

class Splitter {
  #mode: 'unknown' | 'lines' | 'values' = 'unknown'
  #text = ''
  /** Where the scan goes on. */
  #at = 0
  /** Where the value being scanned begins; -1 between values. */
  #start = -1
  #depth = 0
  #inString = false
  #inArray = false

  push(text: string): void {
    this.#text += text
  }

  *take(isLast: boolean): Generator<string> {
    if (this.#mode === 'unknown') this.#recognize(isLast)
    if (this.#mode === 'lines') yield* this.#lines(isLast)
    if (this.#mode === 'values') yield* this.#values(isLast)
    if (this.#text.length > RECORD_CHARS_MAX)
      throw new Failure(EXIT.usage, `a record has more than ${RECORD_CHARS_MAX} characters, or no end`, {
        hint: 'everything before it was sent; mend the input and send it again: nothing is recorded twice',
      })
  }

  /** An array begins with `[`; NDJSON has a whole value on its first line; else objects follow one another. */
  #recognize(isLast: boolean): void {
    this.#text = this.#text.replace(/^[\uFEFF\s]+/, '')
    const end = this.#text.indexOf('\n')
    if (this.#text.startsWith('[')) {
      this.#mode = 'values'
      this.#inArray = true
      this.#at = 1
    } else if (end >= 0 || isLast) {
      const first = (end < 0 ? this.#text : this.#text.slice(0, end)).trimEnd()
      this.#mode = first.startsWith('{') && !first.endsWith('}') ? 'values' : 'lines'
    }
  }

  *#lines(isLast: boolean): Generator<string> {
    const lines = this.#text.split('\n')
    this.#text = isLast ? '' : lines.pop()!
    for (const line of lines) if (line.trim() !== '') yield line.trim()
  }

  *#values(isLast: boolean): Generator<string> {
    const text = this.#text
    for (; this.#at < text.length; this.#at++) {
      const char = text[this.#at]!
      if (this.#inString) {
        if (char === '\\') this.#at++
        else if (char === '"') this.#inString = false
        continue
      }
      if (this.#depth === 0 && this.#isBetween(char)) {
        if (this.#start >= 0) yield this.#end(this.#at)
        continue
      }
      if (this.#start < 0) this.#start = this.#at
      if (char === '"') this.#inString = true
      else if (char === '{' || char === '[') this.#depth++
      else if ((char === '}' || char === ']') && this.#depth > 0 && --this.#depth === 0)
        yield this.#end(this.#at + 1)
    }
    if (isLast && this.#start >= 0) yield this.#end(text.length)
    // Keep what is not finished; `at` may stand behind the text, when that ended within an escape.
    const kept = this.#start < 0 ? text.length : this.#start
    this.#text = text.slice(kept)
    this.#at -= kept
    if (this.#start >= 0) this.#start = 0
  }

  #isBetween(char: string): boolean {
    return (
      char === ' ' ||
      char === '\n' ||
      char === '\r' ||
      char === '\t' ||
      (this.#inArray && (char === ',' || char === ']'))
    )
  }

  #end(end: number): string {
    const value = this.#text.slice(this.#start, end)
    this.#start = -1
    // Line breaks stand only between tokens of JSON, where a blank means the same.
    return /[\r\n]/.test(value) ? value.replaceAll(/[\r\n]+/g, ' ') : value
  }
}
