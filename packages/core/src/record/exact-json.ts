/**
 * A strict JSON reader that knows where it is. It is slow beside JSON.parse and only reads what the scan
 * (json-scan.ts) flagged or JSON.parse refused. Its value is JSON.parse's, except that a number which would
 * not survive a double stays as its source text.
 */

import { type Problem, type ProblemCode, pointer } from './problem.ts'

export type ExactJson =
  | { readonly kind: 'value'; readonly value: unknown; readonly coerced: readonly string[] }
  | { readonly kind: 'problems'; readonly problems: Omit<Problem, 'record'>[] }
  | { readonly kind: 'broken'; readonly at: number; readonly message: string }

/** At most this many problems of one record are named. */
const PROBLEMS_MAX = 10

/** Reads exactly one JSON text from `start` to `end`; `at` in a broken one counts from the text's beginning. */
export function readExactJson(text: string, start: number, end: number, depthMax: number): ExactJson {
  const reader = new ExactReader(text, start, end, depthMax)
  try {
    const value = reader.readAll()
    return reader.problems.length > 0
      ? { kind: 'problems', problems: reader.problems }
      : { kind: 'value', value, coerced: reader.coerced }
  } catch (error) {
    if (error instanceof TooDeep) return { kind: 'problems', problems: reader.problems }
    if (error instanceof Broken) return { kind: 'broken', at: error.at, message: error.message }
    throw error
  }
}

class Broken extends Error {
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

class TooDeep extends Error {}

class ExactReader {
  readonly problems: Omit<Problem, 'record'>[] = []
  readonly coerced: string[] = []
  private readonly text: string
  private readonly end: number
  private readonly depthMax: number
  private at: number

  constructor(text: string, start: number, end: number, depthMax: number) {
    this.text = text
    this.at = start
    this.end = end
    this.depthMax = depthMax
  }

  readAll(): unknown {
    this.skipSpace()
    const value = this.readValue('', 1)
    this.skipSpace()
    if (this.at < this.end) this.fail('the end of the record')
    return value
  }

  private readValue(path: string, depth: number): unknown {
    const code = this.peek()
    if (code === 0x7b || code === 0x5b) {
      if (depth > this.depthMax) {
        this.note(path, 'too_deep', `nested deeper than ${this.depthMax}`, this.depthMax)
        throw new TooDeep()
      }
      return code === 0x7b ? this.readObject(path, depth) : this.readArray(path, depth)
    }
    if (code === 0x22) return this.readString(path)
    if (code === 0x2d || isDigit(code)) return this.readNumber(path)
    for (const [word, value] of WORDS)
      if (this.text.startsWith(word, this.at) && this.at + word.length <= this.end) {
        this.at += word.length
        return value
      }
    return this.fail('a value')
  }

  private readObject(path: string, depth: number): object {
    const object: Record<string, unknown> = {}
    const seen = new Set<string>()
    this.at++
    this.skipSpace()
    if (this.take(0x7d)) return object
    for (;;) {
      if (this.peek() !== 0x22) this.fail('a key in double quotes')
      const key = this.readString(path)
      const member = pointer(path, key)
      if (key === '__proto__')
        this.note(
          member,
          'forbidden_key',
          'the key __proto__ is not allowed: languages disagree on its meaning',
        )
      else if (seen.has(key))
        this.note(member, 'duplicate_key', `the key ${JSON.stringify(key.slice(0, 64))} is there twice`)
      seen.add(key)
      this.skipSpace()
      if (!this.take(0x3a)) this.fail("':'")
      this.skipSpace()
      const value = this.readValue(member, depth + 1)
      if (key !== '__proto__') object[key] = value
      this.skipSpace()
      if (this.take(0x7d)) return object
      if (!this.take(0x2c)) this.fail("',' or '}'")
      this.skipSpace()
    }
  }

  private readArray(path: string, depth: number): unknown[] {
    const array: unknown[] = []
    this.at++
    this.skipSpace()
    if (this.take(0x5d)) return array
    for (;;) {
      array.push(this.readValue(pointer(path, array.length), depth + 1))
      this.skipSpace()
      if (this.take(0x5d)) return array
      if (!this.take(0x2c)) this.fail("',' or ']'")
      this.skipSpace()
    }
  }

  private readString(path: string): string {
    const start = this.at++
    for (;;) {
      const code = this.peek()
      if (code === 0x22) break
      if (Number.isNaN(code)) this.fail("the closing '\"' of a text")
      if (code < 0x20) this.fail('an escape: a raw control character is not allowed in a text')
      this.at++
      if (code === 0x5c) this.skipEscape()
    }
    this.at++
    const value = JSON.parse(this.text.slice(start, this.at)) as string // checked above: cannot throw
    if (!value.isWellFormed())
      this.note(path, 'lone_surrogate', 'half of a surrogate pair, which no UTF-8 can carry')
    return value
  }

  private skipEscape(): void {
    const code = this.peek()
    if (code === 0x75) {
      if (!HEX4.test(this.text.slice(this.at + 1, Math.min(this.at + 5, this.end))))
        this.fail('\\u and four hex digits')
      this.at += 5
    } else if (!Number.isNaN(code) && '"\\/bfnrt'.includes(String.fromCharCode(code))) this.at++
    else this.fail('one of the escapes \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u')
  }

  private readNumber(path: string): number | string {
    const start = this.at
    if (this.peek() === 0x2d) this.at++
    if (!this.take(0x30)) this.skipDigits()
    if (this.take(0x2e)) this.skipDigits()
    if (this.peek() === 0x65 || this.peek() === 0x45) {
      this.at++
      if (this.peek() === 0x2b || this.peek() === 0x2d) this.at++
      this.skipDigits()
    }
    const source = this.text.slice(start, this.at)
    const value = Number(source)
    if (!Number.isFinite(value)) {
      this.note(path, 'number_overflow', `the number ${source.slice(0, 40)} is beyond the range of a double`)
      return 0
    }
    if (survivesDouble(source, value)) return value
    this.coerced.push(path)
    return source
  }

  private skipDigits(): void {
    if (!isDigit(this.peek())) this.fail('a digit')
    while (isDigit(this.peek())) this.at++
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.peek()
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.at++
    }
  }

  /** NaN at the end. */
  private peek(): number {
    return this.at < this.end ? this.text.charCodeAt(this.at) : Number.NaN
  }

  private take(code: number): boolean {
    if (this.peek() !== code) return false
    this.at++
    return true
  }

  private note(field: string, code: ProblemCode, message: string, limit?: number): void {
    if (this.problems.length < PROBLEMS_MAX)
      this.problems.push(limit === undefined ? { field, code, message } : { field, code, message, limit })
  }

  private fail(expected: string): never {
    const found =
      this.at < this.text.length
        ? JSON.stringify(String.fromCodePoint(this.text.codePointAt(this.at)!))
        : 'the end'
    throw new Broken(this.at, `expected ${expected}, found ${found}`)
  }
}

const WORDS: readonly [string, unknown][] = [
  ['true', true],
  ['false', false],
  ['null', null],
]
const HEX4 = /^[0-9a-fA-F]{4}$/

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** Whether the double `value` is written with the same decimal digits and exponent as `source`. */
function survivesDouble(source: string, value: number): boolean {
  return decimal(source) === decimal(String(value))
}

/** A decimal number as its significant digits and power of ten, so that 1.50 and 15e-1 are the same text. */
function decimal(source: string): string {
  const text = source.startsWith('-') ? source.slice(1) : source
  const e = text.search(/[eE]/)
  const mantissa = e < 0 ? text : text.slice(0, e)
  const dot = mantissa.indexOf('.')
  const digits = dot < 0 ? mantissa : mantissa.slice(0, dot) + mantissa.slice(dot + 1)
  let first = 0
  while (first < digits.length && digits.charCodeAt(first) === 0x30) first++
  let last = digits.length
  while (last > first && digits.charCodeAt(last - 1) === 0x30) last--
  if (first === last) return '0'
  const exponent = (e < 0 ? 0 : Number(text.slice(e + 1))) - (dot < 0 ? 0 : mantissa.length - dot - 1)
  return `${digits.slice(first, last)}e${exponent + digits.length - last}`
}
