/** Checks a value against the type of its field and brings it to the one way it is written. */

import { parseDecimal } from './decimal.ts'
import type { QueryField } from './field-list.ts'
import { canonicalIp, parseIp } from './ip-address.ts'
import { VALUE_CHARS_MAX } from './limits.ts'
import type { ParseContext } from './parse-context.ts'
import { shown } from './query-error.ts'
import { severityWord } from './severity.ts'
import { parseTimeSpan } from './time-span.ts'
import { wordsOf } from './words.ts'

/** A value as written, quotation marks resolved, and where it begins. */
export interface Literal {
  readonly text: string
  readonly start: number
}

/** The value to compare with; throws when the field cannot have it. */
export function literalValue(context: ParseContext, field: QueryField, { text, start }: Literal): string {
  if (text === '')
    throw context.error(`${field.name} is never empty; -${field.name}:* finds records without it`, start)
  assertLength(context, text, start)
  switch (field.type) {
    case 'number':
      if (parseDecimal(text) === undefined)
        throw context.error(`${field.name} is a number, not ${shown(text)}`, start)
      return text
    case 'time':
      if (parseTimeSpan(text) === undefined)
        throw context.error(
          `${field.name} is a time such as 2026-01-31 or 2026-01-31T12:00:00Z, not ${shown(text)}`,
          start,
        )
      return text
    case 'boolean':
      if (!/^(?:true|false)$/i.test(text))
        throw context.error(`${field.name} is true or false, not ${shown(text)}`, start)
      return text.toLowerCase()
    case 'text':
      if (wordsOf(text).length === 0) throw context.error('there is no letter or digit to search for', start)
      return text
    case 'ip':
      return canonicalIp(text) ?? text
    case 'keyword':
      return field.name === 'severity' ? severityWord(text) : text
    case 'object':
      throw context.error(
        `${field.name} has members; name one of them, or ask whether there are any`,
        start,
        '*',
      )
  }
}

/** The value of one end of a range. */
export function boundValue(context: ParseContext, field: QueryField, literal: Literal): string {
  const { type, name } = field
  if (type === 'text' || type === 'boolean' || type === 'object')
    throw context.error(`${name} has no order; compare numbers, times, addresses or keywords`, literal.start)
  const value = literalValue(context, field, literal)
  if (type === 'ip' && parseIp(value) === undefined)
    throw context.error(`${name} is an IP address, not ${shown(value)}`, literal.start)
  return value
}

export function assertLength(context: ParseContext, text: string, start: number): void {
  if (text.length > VALUE_CHARS_MAX)
    throw context.error(`a value has at most ${VALUE_CHARS_MAX} characters, not ${text.length}`, start)
}
