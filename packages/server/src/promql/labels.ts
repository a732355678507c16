/** Labels of PromQL and fields of queries: `actor`, `actor_id` and `"actor.id"` are the same one. */
import {
  allOf,
  anyOf,
  expandSaved,
  type Filter,
  notOf,
  parseQuery,
  QUERY_FIELDS,
  QueryError,
  type QueryField,
  recordMatcher,
  resolveField,
  type SavedFilters,
  suggestField,
} from '@trailproof/core/query'
import { SHAPE_FIELDS } from '../search/shape.ts'
import type { LabelMatcher } from './expression.ts'
import { badData } from './promql-error.ts'

/** Says which ledger is asked; on every series. */
export const LEDGER_LABEL = 'ledger'
/** A matcher that holds a query of our own language (spec/query.md). */
export const QUERY_LABEL = 'q'

/** What tells series apart where a query does not say by what: what an entry has one value of, among the few. */
export const SERIES_LABELS = SHAPE_FIELDS.filter((field) => field !== 'target_types')

const MATCHERS_MAX = 32
const REGEXES_MAX = 8

/** Of free objects, such as `labels_team`; what is deeper in them is written in quotation marks. */
const FREE_PREFIX = /^(labels|metadata)_(.+)$/

const BY_LABEL = new Map<string, string>()
// `actor_type` is the field of that name, which outlives an erasure, before it is `actor.type`.
for (const { name } of QUERY_FIELDS.filter(isLabelled).toSorted((a, b) => depth(a.name) - depth(b.name)))
  if (!BY_LABEL.has(labelOf(name))) BY_LABEL.set(labelOf(name), name)

/** The labels by which records can be told apart, in their order. */
export const LABEL_NAMES: readonly string[] = [LEDGER_LABEL, ...BY_LABEL.keys()].toSorted()

function isLabelled({ type }: QueryField): boolean {
  return type !== 'object' && type !== 'text' && type !== 'time'
}

function depth(name: string): number {
  return name.split('.').length
}

/** A field's name as a label that needs no quotation marks. */
function labelOf(field: string): string {
  return field.replaceAll('.', '_')
}

/** The canonical name of the field that a label means; throws when there is none that can be a label. */
export function fieldOfLabel(label: string): string {
  const known = BY_LABEL.get(label)
  if (known !== undefined) return known
  const free = FREE_PREFIX.exec(label)
  const field = resolveField(label) ?? (free ? resolveField(`${free[1]}.${free[2]}`) : undefined)
  if (!field) {
    const near = suggestField(label)
    throw badData(
      `there is no label ${label.slice(0, 100)}${near === undefined ? '' : `; did you mean ${labelOf(near)}?`}`,
    )
  }
  if (!isLabelled(field))
    throw badData(`${label} is no label, as its values are all different; ask for it in ${QUERY_LABEL}="…"`)
  return field.name
}

/** The records that pass all of the matchers; the one of the ledger is the caller's to judge. */
export function filterOf(matchers: readonly LabelMatcher[], saved: SavedFilters): Filter | undefined {
  if (matchers.length > MATCHERS_MAX) throw badData(`a selector has at most ${MATCHERS_MAX} matchers`)
  if (matchers.filter(({ operator }) => operator.endsWith('~')).length > REGEXES_MAX)
    throw badData(`a selector has at most ${REGEXES_MAX} regular expressions`)
  const parts = matchers
    .filter(({ label }) => label !== LEDGER_LABEL)
    .flatMap((matcher) =>
      matcher.label === QUERY_LABEL ? queryFilter(matcher, saved) : (matcherFilter(matcher) ?? []),
    )
  return parts.length === 0 ? undefined : allOf(parts)
}

function queryFilter({ operator, value }: LabelMatcher, saved: SavedFilters): Filter[] {
  if (operator !== '=')
    throw badData(`${QUERY_LABEL} takes =, and a query such as ${QUERY_LABEL}="action:payment.*"`)
  try {
    const { filter, pipes } = parseQuery(value)
    if (pipes.length > 0) throw badData(`${QUERY_LABEL}: a query without pipes`)
    return filter ? [expandSaved(filter, saved)] : []
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw badData(`${QUERY_LABEL}: ${error.message} (at ${error.position})`)
  }
}

/** As in PromQL, a record without the field has the empty text there. */
function matcherFilter({ label, operator, value }: LabelMatcher): Filter | undefined {
  const field = fieldOfLabel(label)
  const exists: Filter = { kind: 'field', field, test: { op: 'exists' } }
  switch (operator) {
    case '=':
      return value === '' ? notOf(exists) : { kind: 'field', field, test: { op: 'equals', value } }
    case '!=':
      return value === '' ? exists : notOf({ kind: 'field', field, test: { op: 'equals', value } })
    case '=~':
    case '!~': {
      const filter = regexFilter(field, value, exists)
      if (operator === '=~') return filter
      // What everything passes, nothing fails.
      return filter ? notOf(filter) : allOf([exists, notOf(exists)])
    }
  }
}

/** Undefined: every record passes. */
function regexFilter(field: string, pattern: string, exists: Filter): Filter | undefined {
  const { type } = resolveField(field)!
  if (type === 'number' || type === 'boolean')
    throw badData(`${field} is a ${type}, which =~ does not compare; say ${QUERY_LABEL}="${field}:>=500"`)
  if (pattern === '.*') return undefined
  if (pattern === '.+') return exists
  // In PromQL an expression holds for the whole value.
  const source = `^(?s:${pattern})$`
  const test = { op: 'regex', source } as const
  if (!matches(source, '')) return { kind: 'field', field, test }
  return anyOf([{ kind: 'field', field, test }, notOf(exists)])
}

function matches(source: string, value: string): boolean {
  try {
    const test = recordMatcher(
      { kind: 'field', field: 'service', test: { op: 'regex', source } },
      { nowMs: 0 },
    )
    return test({ core: { service: value }, personal: undefined, recordedAt: 0 })
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw badData(error.message)
  }
}
