/** Words, field tests, and what joins them (spec/query.md, "Grammar"): recursive descent of bounded depth. */

import { parseDuration } from './duration.ts'
import type { QueryField } from './field-list.ts'
import { resolveField } from './fields.ts'
import { DURATION_SECONDS_MAX, QUERY_DEPTH_MAX, SAVED_NAME_CHARS_MAX, VALUE_CHARS_MAX } from './limits.ts'
import { allOf, anyOf, notOf } from './normal-form.ts'
import type { ParseContext } from './parse-context.ts'
import { takeFieldName, unknownField } from './parse-field-name.ts'
import { fieldFilter, parseValue } from './parse-value.ts'
import type { Filter } from './query.ts'
import { shown } from './query-error.ts'
import { wordsOf } from './words.ts'

/** Reads up to a closing bracket, a bar or the end. */
export function parseFilter(context: ParseContext): Filter {
  const alternatives = [parseAll(context)]
  while (takeOperator(context, 'OR')) alternatives.push(parseAll(context))
  return anyOf(alternatives)
}

function parseAll(context: ParseContext): Filter {
  const { scanner } = context
  const parts = [parseUnary(context)]
  for (;;) {
    const hadAnd = takeOperator(context, 'AND')
    scanner.skipSpace()
    const next = scanner.here()
    if (!hadAnd && (next === '' || next === ')' || next === '|' || isWord(context, 'OR'))) return allOf(parts)
    parts.push(parseUnary(context))
  }
}

function takeOperator({ scanner }: ParseContext, operator: string): boolean {
  scanner.skipSpace()
  return scanner.takeWord(operator, { anyCase: false })
}

function isWord({ scanner }: ParseContext, word: string): boolean {
  const at = scanner.at
  const found = scanner.takeWord(word, { anyCase: false })
  scanner.at = at
  return found
}

function parseUnary(context: ParseContext): Filter {
  const { scanner } = context
  let isNegated = false
  for (;;) {
    scanner.skipSpace()
    const next = scanner.text.charAt(scanner.at + 1)
    const isMinus = scanner.here() === '-' && next !== '' && next.trim() !== ''
    if (isMinus) scanner.at++
    else if (!scanner.takeWord('NOT', { anyCase: false })) break
    isNegated = !isNegated
  }
  const part = parsePrimary(context)
  return isNegated ? notOf(part) : part
}

function parsePrimary(context: ParseContext): Filter {
  const { scanner } = context
  const start = scanner.at
  const first = scanner.here()
  if (first === '(') return parseGroup(context)
  SAVED.lastIndex = start
  if (first === '$' && SAVED.test(scanner.text)) return parseSaved(context)
  const operator = ['AND', 'OR'].find((each) => isWord(context, each))
  if (operator !== undefined)
    throw scanner.error(`${operator} needs something on both sides`, start, operator.length, `"${operator}"`)
  if (first === '' || first === ')' || first === '|' || first === ',')
    throw context.error(
      first === '' ? 'the query ends too early' : `there is nothing to search for before ${first}`,
      start,
    )
  const name = takeFieldName(context)
  return name === undefined ? parseText(context) : parseNamed(context, name.text, start)
}

/** `$5` is a word. */
const SAVED = /\$["\p{L}_]/uy

function parseGroup(context: ParseContext): Filter {
  const { scanner } = context
  const start = scanner.at
  if (++context.depth > QUERY_DEPTH_MAX)
    throw context.error(`brackets nest at most ${QUERY_DEPTH_MAX} deep`, start)
  scanner.take('(')
  const inner = parseFilter(context)
  scanner.skipSpace()
  if (!scanner.take(')')) throw context.error('the closing bracket is missing', start)
  context.depth--
  return inner
}

function parseSaved(context: ParseContext): Filter {
  const { scanner } = context
  const start = scanner.at
  context.countCondition(start)
  scanner.take('$')
  let name: string
  if (scanner.here() === '"') name = scanner.quoted()
  else {
    const [word] = /^[\p{L}\p{N}\p{M}_.-]*/u.exec(scanner.text.slice(scanner.at, scanner.runEnd(',')))!
    scanner.at += word.length
    name = word
  }
  if (name === '' || name.length > SAVED_NAME_CHARS_MAX)
    throw context.error(`the name of a saved search has 1 to ${SAVED_NAME_CHARS_MAX} characters`, start)
  if (!scanner.isDelimiter(scanner.at)) throw context.error('a space is missing after this name', start)
  return { kind: 'saved', name }
}

/** A field test whose name and colon were read; three names are not fields but say how to test one. */
function parseNamed(context: ParseContext, name: string, start: number): Filter {
  switch (name.toLowerCase()) {
    case 'last':
      return parseLast(context, start)
    case 'has':
      return parseHas(context, start)
    case 'label':
    case 'labels':
      return parseLabel(context, name)
    default:
      return parseValue(context, resolveField(name)!) // takeFieldName has resolved it
  }
}

function parseLast(context: ParseContext, start: number): Filter {
  const { scanner } = context
  const from = scanner.at
  scanner.at = scanner.runEnd()
  const text = scanner.text.slice(from, scanner.at)
  const duration = parseDuration(text)
  if (duration === undefined)
    throw context.error(`last takes a number and s, m, h, d or w, not ${shown(text)}`, start, 'last:15m')
  if (duration.seconds < 1 || duration.seconds > DURATION_SECONDS_MAX)
    throw context.error('last reaches back from one second to ten years', start)
  context.countCondition(start)
  return { kind: 'field', field: 'timestamp', test: { op: 'last', ...duration } }
}

function parseHas(context: ParseContext, start: number): Filter {
  const { scanner } = context
  const from = scanner.at
  let name: string
  if (scanner.here() === '"') name = scanner.quoted()
  else {
    scanner.at = scanner.runEnd()
    name = scanner.text.slice(from, scanner.at)
  }
  if (name === '') throw context.error('has takes the name of a field', start, 'has:trace_id')
  const field = resolveField(name)
  if (field === undefined) throw unknownField(context, name, from)
  context.countCondition(start)
  return fieldFilter(field, { op: 'exists' })
}

/** `label:team=core` is `labels.team:core`, and `label:team` asks whether there is one. */
function parseLabel(context: ParseContext, root: string): Filter {
  const { scanner } = context
  const from = scanner.at
  let name: string
  if (scanner.here() === '"') name = scanner.quoted()
  else {
    scanner.at = scanner.runEnd('=*(')
    name = scanner.text.slice(from, scanner.at)
  }
  if (name === '') return parseValue(context, resolveField(root)!) // `labels` is a known field
  const field = resolveField(`labels.${name}`) as QueryField // any name makes one
  if (scanner.take('=')) return parseValue(context, field)
  context.countCondition(from)
  return fieldFilter(field, { op: 'exists' })
}

function parseText(context: ParseContext): Filter {
  const { scanner } = context
  const start = scanner.at
  const phrase = scanner.here() === '"'
  let text: string
  if (phrase) text = scanner.quoted()
  else {
    scanner.at = scanner.runEnd()
    text = scanner.text.slice(start, scanner.at)
    if (text.includes('*'))
      throw context.error('* stands only in the value of a field', start, `message:${text}`)
    assertNoComparison(context, text, start)
  }
  const next = scanner.here()
  if (next === '"' || (phrase && next !== '' && !scanner.isDelimiter(scanner.at)))
    throw context.error(
      'a space is missing here, or \\ before a quotation mark inside quotation marks',
      scanner.at,
    )
  if (text.length > VALUE_CHARS_MAX)
    throw context.error(`a text has at most ${VALUE_CHARS_MAX} characters, not ${text.length}`, start)
  if (wordsOf(text).length === 0) throw context.error('there is no letter or digit to search for', start)
  context.countCondition(start)
  return { kind: 'text', text, phrase }
}

/** `latency_ms>500` would be a search for two words, and nobody means that. */
function assertNoComparison(context: ParseContext, text: string, start: number): void {
  const [, name, rest] = /^([\w.]+)([<>].+)$/.exec(text) ?? []
  if (name === undefined || resolveField(name) === undefined) return
  throw context.error('a colon is missing after the field', start, `${name}:${rest}`)
}
