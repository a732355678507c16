/** A plan as OpenSearch's query language writes it. Everything is a filter: nothing is scored. */
import { type FilterPlan, type RowCondition, type TermMatch, wholeMatch } from '../../search/filter-plan.ts'
import { shapeCondition } from '../../search/plan-filter.ts'

export type Query = Readonly<Record<string, object>>

/** Values that one list of a query may have (`index.max_terms_count` is 65,536). */
const VALUES_MAX = 32_768
/** Clauses that terms may take of the 1,024 that a query may have (`indices.query.bool.max_clause_count`). */
const CLAUSES_MAX = 768
const SIGNS = { '<': 'lt', '<=': 'lte', '>=': 'gte', '>': 'gt' } as const

/** Entries from `low`, inclusive, to `high`, exclusive, for which the plan holds. */
export function planQuery(
  plan: FilterPlan,
  low: number,
  high: number,
  ...rows: readonly RowCondition[]
): Query {
  const match = wholeMatch(plan)
  const conditions = [...(plan.rows ?? []), ...rows, ...(plan.shapes ? [shapeCondition(plan.shapes)] : [])]
  return allOf([
    { range: { entry: { gte: low, lt: high } } },
    ...conditions.map(rowQuery),
    ...(match ? [termsQuery(match)] : []),
  ])
}

export function rowQuery(condition: RowCondition): Query {
  switch (condition.kind) {
    case 'compare': {
      const { column, sign, value } = condition
      return sign === '=' ? { term: { [column]: value } } : { range: { [column]: { [SIGNS[sign]]: value } } }
    }
    case 'in':
      return oneOf(condition.column, condition.values)
    case 'present':
      return { exists: { field: condition.column } }
    case 'all':
      return allOf(condition.parts.map(rowQuery))
    case 'any':
      return anyOf(condition.parts.map(rowQuery))
    case 'not':
      return { bool: { must_not: [rowQuery(condition.part)] } }
  }
}

export function termsQuery(match: TermMatch): Query {
  switch (match.kind) {
    case 'term':
      return { term: { terms: match.term } }
    case 'prefix':
      return { prefix: { terms: match.term } }
    case 'without':
      return { bool: { filter: [termsQuery(match.match)], must_not: [termsQuery(match.unmatch)] } }
    case 'and':
      return allOf(match.parts.map(termsQuery))
    case 'or': {
      // One list instead of a clause each, of which there is a bound.
      const terms = match.parts.flatMap((part) => (part.kind === 'term' ? [part.term] : []))
      const others = match.parts.filter(({ kind }) => kind !== 'term').map(termsQuery)
      return anyOf([...(terms.length > 0 ? [oneOf('terms', terms)] : []), ...others])
    }
  }
}

/** The plan as far as OpenSearch takes it: with too many terms they are left out, and records decide. */
export function boundedPlan(plan: FilterPlan): FilterPlan {
  const match = wholeMatch(plan)
  if (match === undefined || clausesOf(match) <= CLAUSES_MAX) return plan
  const { match: _, unmatch: __, ...rest } = plan
  return { ...rest, exact: false }
}

function clausesOf(match: TermMatch): number {
  switch (match.kind) {
    case 'term':
    case 'prefix':
      return 1
    case 'without':
      return clausesOf(match.match) + clausesOf(match.unmatch)
    case 'and':
      return match.parts.reduce((sum, part) => sum + clausesOf(part), 0)
    case 'or':
      return match.parts.reduce((sum, part) => sum + (part.kind === 'term' ? 0 : clausesOf(part)), 1)
  }
}

function oneOf(field: string, values: readonly (string | number)[]): Query {
  const lists: Query[] = []
  for (let at = 0; at < values.length; at += VALUES_MAX)
    lists.push({ terms: { [field]: values.slice(at, at + VALUES_MAX) } })
  return anyOf(lists)
}

function allOf(parts: readonly Query[]): Query {
  return parts.length === 1 ? parts[0]! : { bool: { filter: parts } }
}

function anyOf(parts: readonly Query[]): Query {
  if (parts.length === 0) return { match_none: {} }
  return parts.length === 1 ? parts[0]! : { bool: { should: parts, minimum_should_match: 1 } }
}
