/** Writes a query as text: `parseQuery` reads the same query from it, given one in normal form (spec/query.md). */

import { ParseContext } from './parse-context.ts'
import { takeFieldName } from './parse-field-name.ts'
import type { FieldFilter, FieldTest, Filter, Pipe, Query, TextFilter } from './query.ts'
import { TextScanner } from './text-scanner.ts'

export function formatQuery({ filter, pipes }: Query): string {
  return [filter === undefined ? '' : formatFilter(filter), ...pipes.map(formatPipe)].join(' ').trim()
}

/** The filter alone, without brackets around it. */
export function formatFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'or':
      return filter.parts.map((part) => formatPart(part)).join(' OR ')
    case 'and':
      return filter.parts.map((part) => formatPart(part)).join(' ')
    case 'not':
      return `-${formatPart(filter.part)}`
    case 'text':
      return formatText(filter)
    case 'field':
      return formatField(filter)
    case 'saved':
      return /^[\p{L}_][\p{L}\p{N}\p{M}_.-]*$/u.test(filter.name)
        ? `$${filter.name}`
        : `$${quote(filter.name)}`
  }
}

/** Brackets around everything that is not one thing: nobody has to know what binds tighter. */
function formatPart(part: Filter): string {
  const text = formatFilter(part)
  return part.kind === 'and' || part.kind === 'or' ? `(${text})` : text
}

function formatText({ text, phrase }: TextFilter): string {
  return !phrase && isBareWord(text) ? text : quote(text)
}

/** Asks the parser's own parts whether a text stands for itself without quotation marks. */
function isBareWord(text: string): boolean {
  if (/^(?:AND|OR|NOT)$|^[-(),]|\*|^\$[\p{L}_]/u.test(text)) return false
  const scanner = new TextScanner(text)
  if (scanner.runEnd() !== text.length || text === '') return false
  try {
    return takeFieldName(new ParseContext(scanner)) === undefined
  } catch {
    return false // it looks like a field that does not exist
  }
}

function formatField({ field, test }: FieldFilter): string {
  return test.op === 'last' ? `last:${test.text}` : `${formatName(field)}:${formatTest(test)}`
}

function formatTest(test: Exclude<FieldTest, { op: 'last' }>): string {
  switch (test.op) {
    case 'exists':
      return '*'
    case 'equals':
      return formatValue(test.value)
    case 'in':
      return `(${test.values.map(formatValue).join(',')})`
    case 'wildcard':
      return test.parts.map(formatWildcardPart).join('*')
    case 'range': {
      const { low, high } = test
      if (low && high) return `${formatSide(low.value)}..${formatSide(high.value)}`
      if (low) return `>${low.inclusive ? '=' : ''}${formatValue(low.value)}`
      return `<${high?.inclusive ? '=' : ''}${formatValue(high?.value ?? '')}`
    }
    case 'regex':
      return `/${test.source.replaceAll(/\\[^]|\//g, (found) => (found === '/' ? '\\/' : found))}/`
    case 'cidr':
      return `${test.network}/${test.prefixLength}`
  }
}

/**
 * Holds nothing that means something to the parser: `..` would be a range and a full stop at an end could become
 * one; after a first slash a second one inside shows that this is no regular expression.
 */
const PLAIN_VALUE =
  /^(?:[\p{L}\p{N}_@+-]|\/[\p{L}\p{N}\p{M}_@%+=?&#:;~!$'-]+\/(?=.))(?:[\p{L}\p{N}\p{M}_@%+=?&#:;~!$'/-]|\.(?!\.|$))*$/u
/** Beside a star dots are no range, and only the first part can be taken for a regular expression, or what follows `scheme:`. */
const PLAIN_PART = /^[\p{L}\p{N}\p{M}_@%+=?&#:;~!$'/.-]*$/u
const PLAIN_FIRST_PART = /^(?!\/\/|\/[^/]*$)/
const PLAIN_NAME = /^[\p{L}\p{N}_@](?:[\p{L}\p{N}\p{M}_@.$/-]*)$/u

function formatValue(text: string): string {
  return PLAIN_VALUE.test(text) ? text : quote(text)
}

/** A slash next to the dots of a range would make them plain text. */
function formatSide(text: string): string {
  return text.startsWith('/') || text.endsWith('/') ? quote(text) : formatValue(text)
}

function formatWildcardPart(part: string, i: number): string {
  return PLAIN_PART.test(part) && (i > 0 || PLAIN_FIRST_PART.test(part)) ? part : quote(part)
}

function formatName(name: string): string {
  return PLAIN_NAME.test(name) ? name : quote(name)
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

function formatPipe(pipe: Pipe): string {
  switch (pipe.kind) {
    case 'count':
      return pipe.by.length === 0 ? '| count' : `| count by ${pipe.by.map(formatName).join(',')}`
    case 'top':
      return `| top ${pipe.limit} ${formatName(pipe.field)}`
    case 'timeline':
      return `| timeline ${pipe.text}${pipe.by === undefined ? '' : ` by ${formatName(pipe.by)}`}`
    case 'sort':
      return `| sort ${formatName(pipe.field)} ${pipe.descending ? 'desc' : 'asc'}`
    case 'fields':
      return `| fields ${pipe.fields.map(formatName).join(',')}`
  }
}
