/** The query of a reading request: its text in `q`, and parameters that say parts of it by name. */
import {
  allOf,
  expandSaved,
  type Filter,
  instantMs,
  type Pipe,
  parseDuration,
  parseFieldNames,
  parseParameter,
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

/** What a request may say. A field's value is one of the query language, or the text as it stands. */
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
  last: Type.Optional(
    Type.String({ maxLength: 16, description: 'Instead of from, not with it: 30s, 15m, 24h, 7d, 4w.' }),
  ),
  ...Object.fromEntries(
    FIELD_PARAMETERS.map((name) => [
      name,
      Type.Optional(
        Type.String({
          maxLength: 1024,
          description: `The same as \`${name}:value\` in the query; what is no value there is meant as it stands.`,
        }),
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
  try {
    return parseParameter(name, value)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    // Its position is one in the parameter, not in `q`.
    throw new ProblemError(problem('bad-query', `${name}: ${error.message}`, { parameter: name }))
  }
}

/** The filter of what takes no pipes but those `allowed`; throws a problem when there are others. */
export function filterOnly(
  { filter, pipes }: Query,
  what: string,
  allowed: readonly Pipe['kind'][] = [],
): Filter | undefined {
  const other = pipes.find(({ kind }) => !allowed.includes(kind))
  if (!other) return filter
  const but = allowed.length === 0 ? '' : ` but ${allowed.join(', ')}`
  throw new ProblemError(
    problem('bad-query', `${what} takes no pipe${but}, not ${other.kind}: ask /v1/search for that`),
  )
}

function timeFilters({ from, to, last }: QueryParameters): Filter[] {
  const filters: Filter[] = []
  const field = 'timestamp'
  if (last !== undefined && from !== undefined)
    throw new ProblemError(problem('bad-request', 'last: stands instead of from, not with it'))
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
  if (from !== undefined && to !== undefined && instantMs(to)! < instantMs(from)!)
    throw new ProblemError(problem('bad-request', 'to: is before from'))
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

/** The canonical names of fields joined by commas, each quoted or not, as the pipes of a query have them. */
export function fieldsOf(names: string): string[] {
  try {
    return parseFieldNames(names).map(fieldOf)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw queryProblem(error)
  }
}

/** A field whose values are counted, its name quoted or not: not one that has members. */
export function countedFieldOf(text: string): string {
  const [field, second] = countedFieldsOf(text)
  if (second === undefined) return field!
  throw new ProblemError(problem('bad-query', `one field is expected, not ${text.slice(0, 100)}`))
}

export function countedFieldsOf(names: string): string[] {
  const fields = fieldsOf(names)
  for (const field of fields) assertCounted(field)
  return fields
}

function assertCounted(field: string): void {
  if (resolveField(field)!.type !== 'object') return
  throw new ProblemError(problem('bad-query', `${field} has members; name one of them`))
}
