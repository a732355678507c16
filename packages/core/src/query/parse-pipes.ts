/** What is done with the records found: `| count by a,b`, `| top 10 a`, `| timeline 1h`, `| sort a desc`, `| fields a,b`. */

import { parseDuration } from './duration.ts'
import { resolveField } from './fields.ts'
import { COUNT_FIELDS_MAX, DURATION_SECONDS_MAX, SHOWN_FIELDS_MAX, TOP_MAX } from './limits.ts'
import { nearestName } from './nearest-name.ts'
import type { ParseContext } from './parse-context.ts'
import { unknownField } from './parse-field-name.ts'
import type { Pipe } from './query.ts'
import { shown } from './query-error.ts'

const TOP_DEFAULT = 10
const KINDS = ['count', 'top', 'timeline', 'sort', 'fields'] as const
/** They make other rows of the records, so nothing can follow them, and there is one at most. */
const AGGREGATES: readonly Pipe['kind'][] = ['count', 'top', 'timeline']

/** Reads all pipes; the first bar or the end stands here. */
export function parsePipes(context: ParseContext): Pipe[] {
  const { scanner } = context
  const pipes: Pipe[] = []
  for (scanner.skipSpace(); scanner.take('|'); scanner.skipSpace()) {
    scanner.skipSpace()
    const start = scanner.at
    const pipe = parsePipe(context)
    const last = pipes.at(-1)
    if (last !== undefined && AGGREGATES.includes(last.kind))
      throw context.error(`nothing can follow ${last.kind}`, start)
    if (pipes.some(({ kind }) => kind === pipe.kind))
      throw context.error(`a query has ${pipe.kind} once at most`, start)
    pipes.push(pipe)
  }
  return pipes
}

function parsePipe(context: ParseContext): Pipe {
  const { scanner } = context
  const start = scanner.at
  const kind = KINDS.find((each) => scanner.takeWord(each, { anyCase: true }))
  switch (kind) {
    case 'count':
      return { kind, by: takeBy(context) ? fieldList(context, COUNT_FIELDS_MAX, false) : [] }
    case 'top':
      return { kind, limit: takeLimit(context), field: fieldName(context, false) }
    case 'timeline': {
      const step = takeStep(context)
      return takeBy(context) ? { kind, ...step, by: fieldName(context, false) } : { kind, ...step }
    }
    case 'sort': {
      const field = fieldName(context, false)
      scanner.skipSpace()
      const descending = scanner.takeWord('desc', { anyCase: true })
      if (!descending) scanner.takeWord('asc', { anyCase: true })
      return { kind, field, descending }
    }
    case 'fields':
      return { kind, fields: fieldList(context, SHOWN_FIELDS_MAX, true) }
    case undefined: {
      scanner.at = scanner.runEnd()
      const found = scanner.text.slice(start, scanner.at)
      throw context.error(
        `after | comes one of ${KINDS.join(', ')}${found === '' ? '' : `, not ${shown(found)}`}`,
        start,
        nearestName(found, KINDS),
      )
    }
  }
}

function takeBy({ scanner }: ParseContext): boolean {
  scanner.skipSpace()
  return scanner.takeWord('by', { anyCase: true })
}

function takeLimit(context: ParseContext): number {
  const { scanner } = context
  scanner.skipSpace()
  const start = scanner.at
  const [digits] = /^\d{1,9}(?=[\s|]|$)/.exec(scanner.text.slice(start, start + 10)) ?? []
  if (digits === undefined) return TOP_DEFAULT
  scanner.at += digits.length
  const limit = Number(digits)
  if (limit < 1 || limit > TOP_MAX) throw context.error(`top shows 1 to ${TOP_MAX} values`, start)
  return limit
}

function takeStep(context: ParseContext): { stepSeconds: number; text: string } {
  const { scanner } = context
  scanner.skipSpace()
  const start = scanner.at
  scanner.at = scanner.runEnd()
  const found = scanner.text.slice(start, scanner.at)
  const step = parseDuration(found)
  if (step === undefined || step.seconds < 1 || step.seconds > DURATION_SECONDS_MAX)
    throw context.error(
      `timeline takes a step such as 5m, 1h or 1d${found === '' ? '' : `, not ${shown(found)}`}`,
      start,
      found === '' ? undefined : '1h',
    )
  return { stepSeconds: step.seconds, text: step.text }
}

function fieldList(context: ParseContext, max: number, objects: boolean): string[] {
  const { scanner } = context
  const names: string[] = []
  do {
    const start = scanner.at
    const name = fieldName(context, objects)
    if (names.length === max) throw context.error(`at most ${max} fields`, start)
    if (!names.includes(name)) names.push(name)
    scanner.skipSpace()
  } while (scanner.take(','))
  return names
}

/** `objects`: whether a field that has members will do. */
function fieldName(context: ParseContext, objects: boolean): string {
  const { scanner } = context
  scanner.skipSpace()
  const start = scanner.at
  let name: string
  if (scanner.here() === '"') name = scanner.quoted()
  else {
    scanner.at = scanner.runEnd(',')
    name = scanner.text.slice(start, scanner.at)
  }
  if (name === '') throw context.error('the name of a field is missing', start)
  const field = resolveField(name)
  if (field === undefined) throw unknownField(context, name, start)
  if (field.type === 'object' && !objects)
    throw context.error(`${field.name} has members; name one of them`, start)
  return field.name
}
