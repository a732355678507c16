/** What stands after `field:` (spec/query.md, "Values"). */

import type { QueryField } from './field-list.ts'
import { parseCidr } from './ip-address.ts'
import { LIST_VALUES_MAX, WILDCARDS_MAX } from './limits.ts'
import { compileRegex } from './linear-regex.ts'
import { assertLength, boundValue, type Literal, literalValue } from './literal.ts'
import { anyOf } from './normal-form.ts'
import type { ParseContext } from './parse-context.ts'
import type { Bound, FieldTest, Filter } from './query.ts'
import { shown } from './query-error.ts'
import { levelsBetween } from './severity.ts'
import type { TextScanner } from './text-scanner.ts'
import { parseTimeSpan } from './time-span.ts'
import { missingSpace, onlyText, type Piece, rangeOf, takePieces } from './value-pieces.ts'

/** Reads the value that begins here. A list of anything but plain values becomes an `or`. */
export function parseValue(context: ParseContext, field: QueryField): Filter {
  const { scanner } = context
  const start = scanner.at
  if (!scanner.take('(')) {
    context.countCondition(start)
    return fieldFilter(field, parseTest(context, field, ''))
  }
  const tests = parseList(context, field, start)
  if (tests.every((test) => test.op === 'equals')) {
    context.countCondition(start)
    return fieldFilter(field, oneOf(tests.map((test) => test.value)))
  }
  return anyOf(
    tests.map((test) => {
      context.countCondition(start)
      return fieldFilter(field, test)
    }),
  )
}

export function fieldFilter(field: QueryField, test: FieldTest): Filter {
  return { kind: 'field', field: field.name, test }
}

function oneOf(values: readonly string[]): FieldTest {
  const different = [...new Set(values)]
  return different.length === 1 ? { op: 'equals', value: different[0]! } : { op: 'in', values: different }
}

function parseList(context: ParseContext, field: QueryField, start: number): FieldTest[] {
  const { scanner } = context
  const tests: FieldTest[] = []
  for (;;) {
    scanner.skipSpace()
    if (tests.length === LIST_VALUES_MAX)
      throw context.error(`a list has at most ${LIST_VALUES_MAX} values`, scanner.at)
    tests.push(parseTest(context, field, ','))
    scanner.skipSpace()
    if (scanner.take(')')) return tests
    if (scanner.take(',')) continue
    if (scanner.here() === '') throw context.error('the closing bracket of this list is missing', start)
    const at = scanner.at
    const isWord = scanner.takeWord('or', { anyCase: true })
    throw context.error('the values of a list are separated by commas', at, isWord ? ',' : undefined)
  }
}

/** `stops` ends an unquoted value, besides what always does. */
function parseTest(context: ParseContext, field: QueryField, stops: string): FieldTest {
  const { scanner } = context
  const start = scanner.at
  if (scanner.isDelimiter(start)) throw scanner.error(`a value is missing after ${field.name}`, start, 0, '*')
  const first = scanner.here()
  if (first === '>' || first === '<') return parseComparison(context, field, stops)
  const regex = first === '/' ? takeRegexSource(scanner) : undefined
  if (regex !== undefined) return regexTest(context, field, regex, start)
  const pieces = takePieces(context, stops)
  if (pieces.some(({ kind }) => kind === 'star')) return wildcardTest(context, field, pieces, start)
  const range = field.type === 'text' ? undefined : rangeOf(pieces)
  if (range === undefined) return literalTest(context, field, onlyText(context, pieces))
  return rangeTest(
    context,
    field,
    range.low && { value: boundValue(context, field, range.low), inclusive: true },
    range.high && { value: boundValue(context, field, range.high), inclusive: true },
    start,
  )
}

export function literalTest(context: ParseContext, field: QueryField, literal: Literal): FieldTest {
  const { text, start } = literal
  if (field.type === 'ip' && text.includes('/')) {
    const network = parseCidr(text)
    if (network === undefined)
      throw context.error(`${shown(text)} is no network such as 10.0.0.0/8 or 2001:db8::/32`, start)
    return { op: 'cidr', ...network }
  }
  // 5xx, as everybody calls them
  if (field.name === 'response.status' && /^[1-5]xx$/i.test(text)) {
    const [low, high] = [`${text.charAt(0)}00`, `${text.charAt(0)}99`]
    return { op: 'range', low: { value: low, inclusive: true }, high: { value: high, inclusive: true } }
  }
  return { op: 'equals', value: literalValue(context, field, literal) }
}

function parseComparison(context: ParseContext, field: QueryField, stops: string): FieldTest {
  const { scanner } = context
  const start = scanner.at
  const isLow = scanner.take('>')
  if (!isLow) scanner.take('<')
  const inclusive = scanner.take('=')
  if (scanner.isDelimiter(scanner.at))
    throw context.error(`a value is missing after ${scanner.text.slice(start, scanner.at)}`, start)
  const pieces = takePieces(context, stops)
  if (pieces.some(({ kind }) => kind === 'star')) throw context.error('a comparison takes no *', start)
  const bound = { value: boundValue(context, field, onlyText(context, pieces)), inclusive }
  return isLow
    ? rangeTest(context, field, bound, undefined, start)
    : rangeTest(context, field, undefined, bound, start)
}

function rangeTest(
  context: ParseContext,
  field: QueryField,
  low: Bound | undefined,
  high: Bound | undefined,
  start: number,
): FieldTest {
  if (field.name === 'severity') {
    const levels = levelsBetween(low, high)
    if (levels === undefined)
      throw context.error('the levels are trace, debug, info, notice, warn, error, fatal', start)
    if (levels.length === 0) throw context.error('there is no such level', start)
    return oneOf(levels)
  }
  if (low && high && isReversed(field, low.value, high.value))
    throw context.error('the range is empty', start, `${high.value}..${low.value}`)
  return { op: 'range', ...(low && { low }), ...(high && { high }) }
}

function isReversed({ type }: QueryField, low: string, high: string): boolean {
  if (type === 'number') return Number(low) > Number(high)
  return type === 'time' && parseTimeSpan(low)!.fromMs >= parseTimeSpan(high)!.toMs
}

function wildcardTest(
  context: ParseContext,
  field: QueryField,
  pieces: readonly Piece[],
  start: number,
): FieldTest {
  const parts = ['']
  for (const [i, piece] of pieces.entries()) {
    const before = pieces[i - 1]?.kind
    if (piece.kind === 'text' && before === 'text') throw missingSpace(context, piece)
    if (piece.kind === 'text') parts[parts.length - 1] = piece.text
    else if (before !== 'star') parts.push('')
  }
  if (parts.every((part) => part === '')) return { op: 'exists' }
  if (parts.length - 1 > WILDCARDS_MAX)
    throw context.error(`a value has at most ${WILDCARDS_MAX} wildcards`, start)
  if (field.type === 'time' || field.type === 'boolean' || field.type === 'object')
    throw context.error(`${field.name} takes no wildcard`, start)
  assertLength(context, parts.join('*'), start)
  return { op: 'wildcard', parts }
}

/** `/…/` up to the next slash that no backslash is before, if the value ends there: `/api/users` is a plain value. */
export function takeRegexSource(scanner: TextScanner): string | undefined {
  const start = scanner.at
  let end = start + 1
  while (end < scanner.text.length && scanner.text.charAt(end) !== '/')
    end += scanner.text.charAt(end) === '\\' ? 2 : 1
  if (end >= scanner.text.length || end === start + 1 || !scanner.isDelimiter(end + 1)) return undefined
  scanner.at = end + 1
  return scanner.text
    .slice(start + 1, end)
    .replaceAll(/\\([^])/g, (pair, escaped: string) => (escaped === '/' ? '/' : pair))
}

function regexTest(context: ParseContext, field: QueryField, source: string, start: number): FieldTest {
  if (field.type !== 'keyword' && field.type !== 'text' && field.type !== 'ip')
    throw context.error(`${field.name} takes no regular expression`, start)
  context.countRegex(start)
  const compiled = compileRegex(source)
  if (compiled.kind === 'problem') throw context.error(compiled.message, start)
  return { op: 'regex', source }
}
