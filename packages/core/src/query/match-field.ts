/** Tests the values of one field. Texts compare without case everywhere but in a regular expression. */

import { parseDecimal } from './decimal.ts'
import type { QueryField, QueryFieldType } from './field-list.ts'
import { type AnyValue, compileField, type SearchedRecord } from './field-values.ts'
import { resolveField } from './fields.ts'
import { canonicalIp, cidrMatcher } from './ip-address.ts'
import { compileRegex } from './linear-regex.ts'
import { onText, rangeTest } from './match-range.ts'
import type { FieldFilter, FieldTest } from './query.ts'
import { QueryError, shown } from './query-error.ts'
import { isWithin, testBounds } from './time-bounds.ts'
import { instantMs } from './time-span.ts'
import { wildcardMatcher } from './wildcard.ts'
import { wordsMatcher, wordsOf } from './words.ts'

/** Throws `QueryError` for a field that does not exist and for a broken regular expression. */
export function compileFieldTest(filter: FieldFilter, nowMs: number): (record: SearchedRecord) => boolean {
  const field = resolveField(filter.field)
  if (field === undefined) throw new QueryError(`there is no field ${shown(filter.field)}`, 0, 0)
  const anyValue = compileField(field)
  const { test } = filter
  if (test.op === 'exists') return (record) => anyValue(record, isThere)
  if (field.type === 'time') return compileTime(field, anyValue, test, nowMs)
  const passes = compileValue(field.type, test)
  return (record) => anyValue(record, passes)
}

/** `null`, an empty text, an empty list and an empty object are not there. */
function isThere(value: unknown): boolean {
  if (typeof value !== 'object' || value === null)
    return value !== '' && value !== null && value !== undefined
  for (const member of Object.values(value)) if (isThere(member)) return true
  return false
}

function compileTime(
  { name }: QueryField,
  anyValue: AnyValue,
  test: FieldTest,
  nowMs: number,
): (record: SearchedRecord) => boolean {
  const spans = test.op === 'in' ? test.values.map((value) => ({ op: 'equals', value }) as const) : [test]
  const bounds = spans.map((span) => testBounds(span, nowMs))
  const passes = (ms: number): boolean => bounds.some((each) => isWithin(ms, each))
  if (name === 'timestamp') return (record) => passes(recordTimeMs(record))
  if (name === 'recorded_at') return (record) => passes(Math.floor(record.recordedAt / 1000))
  return (record) =>
    anyValue(record, (value) => {
      const ms = typeof value === 'string' ? instantMs(value) : undefined
      return ms !== undefined && passes(ms)
    })
}

/** When the record happened, in whole milliseconds since 1970: its `timestamp`, or `recorded_at` where that is unreadable. */
export function recordTimeMs({ core, recordedAt }: SearchedRecord): number {
  const text = core['timestamp']
  return (typeof text === 'string' ? instantMs(text) : undefined) ?? Math.floor(recordedAt / 1000)
}

/** A test of one value; objects pass none. */
function compileValue(type: QueryFieldType, test: FieldTest): (value: unknown) => boolean {
  switch (test.op) {
    case 'equals':
      return equalsTest(type, test.value)
    case 'in':
      return inTest(type, test.values)
    case 'wildcard':
      return onText(wildcardMatcher(test.parts))
    case 'regex': {
      const compiled = compileRegex(test.source)
      if (compiled.kind === 'problem') throw new QueryError(compiled.message, 0, 0)
      return onText(compiled.test)
    }
    case 'cidr': {
      const contains = cidrMatcher(test)
      return (value) => typeof value === 'string' && contains(value)
    }
    case 'range':
      return rangeTest(type, test)
    case 'exists':
      return isThere
    case 'last':
      return () => false // only times have it
  }
}

function inTest(type: QueryFieldType, values: readonly string[]): (value: unknown) => boolean {
  const tests = values.map((value) => equalsTest(type, value))
  if (type !== 'keyword') return (value) => tests.some((each) => each(value))
  const texts = new Set(values.map((value) => value.toLowerCase()))
  return (value) =>
    typeof value === 'string' ? texts.has(value.toLowerCase()) : tests.some((each) => each(value))
}

function equalsTest(type: QueryFieldType, wanted: string): (value: unknown) => boolean {
  if (type === 'text') {
    const words = wordsOf(wanted)
    return onText(words.length > 0 ? wordsMatcher(words) : (text) => text.toLowerCase() === lower)
  }
  const lower = wanted.toLowerCase()
  const number = parseDecimal(wanted)
  const address = type === 'ip' ? canonicalIp(wanted) : undefined
  return (value) => {
    if (typeof value === 'string')
      return (
        (value.length === wanted.length && value === wanted) ||
        value.toLowerCase() === lower ||
        (type === 'number' && number !== undefined && parseDecimal(value) === number) ||
        (address !== undefined && canonicalIp(value) === address)
      )
    if (typeof value === 'number') return value === number
    return typeof value === 'boolean' && String(value) === lower
  }
}
