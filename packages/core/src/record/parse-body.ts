/**
 * Turns the bytes of a request into records, each on its own: one bad line or element never hurts the others.
 * Nothing here knows what a record means (map-record.ts does).
 */

import { bodyText } from './body-text.ts'
import { cloudEventToRecord } from './cloud-event.ts'
import { readExactJson } from './exact-json.ts'
import type { Item, JsonObject } from './item.ts'
import { type Span, splitArray, splitValues } from './json-split.ts'
import { isLonger, READ_LIMITS, type ReadLimits } from './limits.ts'
import { type BodyProblem, describe, type Problem } from './problem.ts'
import { readJson } from './read-json.ts'

/**
 * - `json`: one object, an array of them, or several objects one after another
 * - `ndjson`: one object a line, empty lines left out
 * - `cloudevents`, `cloudevents-batch`: CloudEvents 1.0 in structured mode, one or an array of them
 */
export type BodyFormat = 'json' | 'ndjson' | 'cloudevents' | 'cloudevents-batch'

export type ParsedBody =
  | {
      readonly kind: 'records'
      readonly items: readonly Item[]
      /** Whether the body was one record, not a batch of one: such a body is answered with 400 or 409. */
      readonly single: boolean
    }
  | { readonly kind: 'refused'; readonly problem: BodyProblem }

/** Never throws, whatever the bytes are. `limits` default to `READ_LIMITS`. */
export function parseBody(
  bytes: Uint8Array,
  format: BodyFormat,
  limits: Partial<ReadLimits> = {},
): ParsedBody {
  const decoded = bodyText(bytes)
  if (decoded.kind === 'refused') return decoded
  const resolved = { ...READ_LIMITS, ...limits }
  if (format === 'ndjson') return parseLines(decoded.text, resolved)
  const parsed = parseJson(decoded.text, resolved)
  return format === 'json' ? parsed : asCloudEvents(parsed)
}

function parseLines(text: string, limits: ReadLimits): ParsedBody {
  const items: Item[] = []
  const places = new Places(text)
  let start = 0
  while (start < text.length) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    if (!isBlank(text, start, end)) {
      if (items.length >= limits.recordsMax) return tooMany(limits)
      const read = readRecord(text, { start, end }, items.length, limits)
      const span = { start, end }
      items.push(read.kind === 'broken' ? brokenItem(places, span, items.length, read, limits) : read)
    }
    start = end + 1
  }
  return items.length === 0 ? EMPTY : { kind: 'records', items, single: false }
}

function parseJson(text: string, limits: ReadLimits): ParsedBody {
  let start = 0
  while (start < text.length && isSpace(text.charCodeAt(start))) start++
  if (start === text.length) return EMPTY
  const first = text.charCodeAt(start)
  if (first === OPEN_BRACKET) return parseArray(text, start, limits)
  if (first !== OPEN_BRACE) return parseScalar(text, start, limits)

  const values = splitValues(text, start, limits.recordsMax)
  if (values.length > limits.recordsMax) return tooMany(limits)
  if (values.length === 1) {
    const read = readRecord(text, values[0]!, 0, limits)
    if (read.kind === 'broken') return brokenBody(text, read)
    return { kind: 'records', items: [read], single: true }
  }
  // Several objects: NDJSON under the wrong name. Lines keep a broken one from swallowing its neighbours.
  if (objectLines(text) >= values.length) return parseLines(text, limits)
  const places = new Places(text)
  const items = values.map((span, position) => {
    const read = readRecord(text, span, position, limits)
    return read.kind === 'broken' ? brokenItem(places, span, position, read, limits) : read
  })
  return { kind: 'records', items, single: false }
}

function parseArray(text: string, start: number, limits: ReadLimits): ParsedBody {
  const array = splitArray(text, start, limits.recordsMax)
  if (array.kind === 'too_many') return tooMany(limits)
  if (array.kind === 'broken') return brokenBody(text, array)
  const items: Item[] = []
  for (const span of array.elements) {
    const read = readRecord(text, span, items.length, limits)
    if (read.kind === 'broken') return brokenBody(text, read)
    items.push(read)
  }
  return { kind: 'records', items, single: false }
}

interface BrokenAt {
  readonly at: number
  readonly message: string
}

/** The record in one span of the text, with what JSON.parse would have changed silently found out. */
function readRecord(
  text: string,
  { start, end }: Span,
  position: number,
  limits: ReadLimits,
): Item | ({ readonly kind: 'broken' } & BrokenAt) {
  const source = text.slice(start, end)
  if (isLonger(source, limits.recordBytesMax)) {
    const message = `the record is longer than ${limits.recordBytesMax} bytes`
    return problemItem(source, limits, {
      record: position,
      field: '',
      code: 'too_large',
      message,
      limit: limits.recordBytesMax,
    })
  }
  const exact = readJson(text, start, end, limits.depthMax)
  if (exact.kind === 'broken') return exact
  if (exact.kind === 'problems')
    return {
      kind: 'problem',
      problems: exact.problems.map((found) => ({ record: position, ...found })),
      source,
    }
  const { value } = exact
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return notAnObject(value, source, position, limits)
  return { kind: 'record', value: value as JsonObject, coerced: exact.coerced, source }
}

function asCloudEvents(parsed: ParsedBody): ParsedBody {
  if (parsed.kind === 'refused') return parsed
  return { ...parsed, items: parsed.items.map((item, position) => cloudEventToRecord(item, position)) }
}

const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const EMPTY: ParsedBody = { kind: 'refused', problem: { code: 'empty', message: 'the body holds no record' } }

function parseScalar(text: string, start: number, limits: ReadLimits): ParsedBody {
  const exact = readExactJson(text, start, text.length, limits.depthMax)
  if (exact.kind === 'broken') return brokenBody(text, exact)
  const found = exact.kind === 'value' ? describe(exact.value) : 'something else'
  const message = `a body is an object or an array of objects; this one is ${found}`
  return { kind: 'refused', problem: { code: 'not_an_object', message } }
}

function notAnObject(value: unknown, source: string, position: number, limits: ReadLimits): Item {
  const message = `a record is an object; this is ${describe(value)}`
  return problemItem(source, limits, { record: position, field: '', code: 'not_an_object', message })
}

function problemItem(source: string, limits: ReadLimits, problem: Problem): Item {
  return { kind: 'problem', problems: [problem], source: source.slice(0, limits.recordBytesMax) }
}

function brokenItem(
  places: Places,
  span: Span,
  position: number,
  broken: BrokenAt,
  limits: ReadLimits,
): Item {
  const { line, column } = places.of(broken.at)
  const message = `line ${line}, column ${column}: ${broken.message}`
  const source = places.text.slice(span.start, span.end)
  return problemItem(source, limits, { record: position, field: '', code: 'json', message })
}

function brokenBody(text: string, broken: BrokenAt): ParsedBody {
  const { line, column } = new Places(text).of(broken.at)
  const message = `line ${line}, column ${column}: ${broken.message}`
  return { kind: 'refused', problem: { code: 'json', message, line, column } }
}

function tooMany({ recordsMax }: ReadLimits): ParsedBody {
  const message = `the body holds more than ${recordsMax} records`
  return { kind: 'refused', problem: { code: 'too_many_records', message, limit: recordsMax } }
}

/** Lines and columns of ascending positions; it never looks back, so that 10,000 bad lines cost one pass. */
class Places {
  readonly text: string
  private line = 1
  private lineStart = 0
  private nextNewline: number

  constructor(text: string) {
    this.text = text
    this.nextNewline = text.indexOf('\n')
  }

  /** Both from 1. */
  of(at: number): { line: number; column: number } {
    while (this.nextNewline >= 0 && this.nextNewline < at) {
      this.line++
      this.lineStart = this.nextNewline + 1
      this.nextNewline = this.text.indexOf('\n', this.lineStart)
    }
    return { line: this.line, column: at - this.lineStart + 1 }
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!isSpace(text.charCodeAt(i))) return false
  return true
}

/** The number of lines that are not blank, if each begins with '{' in its first column as in NDJSON; else 0. */
function objectLines(text: string): number {
  let lines = 0
  let start = 0
  while (start < text.length) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    if (text.charCodeAt(start) === OPEN_BRACE) lines++
    else if (!isBlank(text, start, end)) return 0
    start = end + 1
  }
  return lines
}
