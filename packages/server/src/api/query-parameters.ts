/** The query of a reading request: its text in `q`, and parameters that say parts of it by name. */
import {
  allOf,
  expandSaved,
  type Filter,
  instantMs,
  parseDuration,
  parseQuery,
  QUERY_CHARS_MAX,
  type Query,
  QueryError,
  resolveField,
  type SavedFilters,
  suggestField,
} from '@trailproof/core/query'
import { Type } from 'typebox'
import { ProblemError } from './authorize.ts'
import { problem } from './problem.ts'

/** Fields that are parameters too, some by the names that the replaced systems gave them. */
const FIELD_PARAMETERS = [
  'id',
  'kind',
  'service',
  'environment',
  'action',
  'outcome',
  'severity',
  'level',
  'actor',
  'actor_type',
  'user_id',
  'target',
  'target_type',
  'entity_id',
  'resource',
  'event_type',
  'result',
  'status',
  'trace_id',
  'span_id',
  'request_id',
  'session_id',
  'ip',
  'ip_address',
] as const

const TIME_PARAMETERS = ['from', 'to', 'last'] as const

/** What a request may say. A field's value may end with `*`. */
export type QueryParameters = Readonly<
  Partial<Record<(typeof FIELD_PARAMETERS)[number] | (typeof TIME_PARAMETERS)[number] | 'q', string>>
>

/** Their schemas, for the routes. */
export const queryParameters = {
  q: Type.Optional(
    Type.String({
      maxLength: QUERY_CHARS_MAX,
      description:
        'A query (spec/query.md): `actor:u-1 action:payment.* outcome:failure "free text" last:15m`.',
    }),
  ),
  from: Type.Optional(Type.String({ maxLength: 64, description: 'Not before this time (RFC 3339).' })),
  to: Type.Optional(Type.String({ maxLength: 64, description: 'Before this time (RFC 3339).' })),
  last: Type.Optional(Type.String({ maxLength: 16, description: 'Instead of from: 30s, 15m, 24h, 7d, 4w.' })),
  ...Object.fromEntries(
    FIELD_PARAMETERS.map((name) => [
      name,
      Type.Optional(
        Type.String({ maxLength: 1024, description: `The same as \`${name}:value\` in the query.` }),
      ),
    ]),
  ),
}

export interface AskedQuery extends Query {
  /** The same text for the same query, for cursors. */
  readonly scope: string
}

/** The query of a request; throws a problem that says where it is not understood. */
export function queryOf(parameters: QueryParameters, saved: SavedFilters): AskedQuery {
  try {
    const { filter, pipes } = parseQuery(parameters.q ?? '')
    const parts: Filter[] = filter ? [expandSaved(filter, saved)] : []
    for (const name of FIELD_PARAMETERS) {
      const value = parameters[name]
      if (value !== undefined && value !== '') parts.push(fieldFilter(name, value))
    }
    parts.push(...timeFilters(parameters))
    const whole = parts.length === 0 ? undefined : allOf(parts)
    return { ...(whole && { filter: whole }), pipes, scope: JSON.stringify([whole ?? null, pipes]) }
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw queryProblem(error)
  }
}

function queryProblem({ message, position, length, suggestion }: QueryError): ProblemError {
  return new ProblemError(
    problem('bad-query', `${message} (at ${position})`, {
      position,
      length,
      ...(suggestion !== undefined && { suggestion }),
    }),
  )
}

function fieldFilter(name: string, value: string): Filter {
  const field = resolveField(name)!.name
  const isPrefix = value.endsWith('*')
  return {
    kind: 'field',
    field,
    test: isPrefix ? { op: 'wildcard', parts: [value.slice(0, -1), ''] } : { op: 'equals', value },
  }
}

function timeFilters({ from, to, last }: QueryParameters): Filter[] {
  const filters: Filter[] = []
  const field = 'timestamp'
  if (last !== undefined) {
    const duration = parseDuration(last)
    if (!duration) throw badTime('last', last, '15m')
    filters.push({ kind: 'field', field, test: { op: 'last', ...duration } })
  }
  if (from === undefined && to === undefined) return filters
  for (const [name, text] of [
    ['from', from],
    ['to', to],
  ] as const)
    if (text !== undefined && instantMs(text) === undefined) throw badTime(name, text, '2026-01-31T12:00:00Z')
  const test = {
    op: 'range',
    ...(from !== undefined && { low: { value: from, inclusive: true } }),
    ...(to !== undefined && { high: { value: to, inclusive: false } }),
  } as const
  return [...filters, { kind: 'field', field, test }]
}

function badTime(name: string, text: string, example: string): ProblemError {
  return new ProblemError(
    problem(
      'bad-request',
      `${name}: expected a time such as ${example}, got ${JSON.stringify(text.slice(0, 100))}`,
    ),
  )
}

/** The canonical name of a field in a parameter; throws a problem with what was probably meant. */
export function fieldOf(name: string): string {
  const field = resolveField(name)
  if (field) return field.name
  const near = suggestField(name)
  throw new ProblemError(
    problem(
      'bad-query',
      `there is no field ${name.slice(0, 100)}${near === undefined ? '' : `; did you mean ${near}?`}`,
    ),
  )
}
