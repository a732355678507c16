/** A plan as SQL on `indexed_entry AS r`. */
import { type FilterPlan, joined, termMatch, wholeMatch } from '../../../search/filter-plan.ts'
import type { IndexSpan, Order } from '../../../search/index-slices.ts'
import { planFilter, SHAPE_TERMS_MAX, shapeCondition, shapesMatch } from '../../../search/plan-filter.ts'
import { rowSql } from '../../../search/row-conditions-sql.ts'
import type { CandidateRequest } from '../../../search/search-index.ts'
import { CUT_TERM } from './entry-rows.ts'
import type { KnownLedger } from './known-ledgers.ts'
import { termsQuery } from './terms-query.ts'

/** Of a ledger that has no index yet. */
const NOTHING_KNOWN = { shapes: new Map(), others: false, severalStatuses: false, cutTerms: false }

export function planFor(
  { filter, nowMs }: Pick<CandidateRequest, 'filter' | 'nowMs'>,
  known: Omit<KnownLedger, 'id' | 'cursor' | 'partEntries'> = NOTHING_KNOWN,
): FilterPlan {
  const plan = planFilter(filter, known, nowMs)
  if (plan.match === undefined || !known.cutTerms) return plan
  const { unmatch: _, match, ...rest } = plan
  return { ...rest, match: joined([match, termMatch(CUT_TERM)], 'or'), exact: false }
}

/** Whether the index of terms can look it up. */
export function hasTerms({ match, shapes }: FilterPlan): boolean {
  return match !== undefined || isOfFewShapes(shapes)
}

function isOfFewShapes(shapes: FilterPlan['shapes']): shapes is ReadonlySet<number> {
  return shapes !== undefined && shapes.size > 0 && shapes.size <= SHAPE_TERMS_MAX
}

/** Conditions that are tested row by row. */
export function rowWise(known: Place, slice: IndexSpan, plan: FilterPlan): readonly string[] {
  const match = wholeMatch(plan)
  return [
    entriesIn(known, slice),
    ...[...(plan.rows ?? []), ...(plan.shapes ? [shapeCondition(plan.shapes)] : [])].map(rowSql),
    // Said so that the planner does not know it for a condition that the index of terms could look up.
    ...(match ? [`(r.terms @@ ${termsQuery(match)}) IS TRUE`] : []),
  ]
}

/** Conditions of which the index of terms looks up what `match` says. */
export function byTerms(known: Place, slice: IndexSpan, plan: FilterPlan): readonly string[] {
  return [
    foundIn(known, slice),
    ...[...(plan.rows ?? []), ...(plan.shapes ? [shapeCondition(plan.shapes)] : [])].map(rowSql),
    `r.terms @@ ${termsQuery(wholeMatch(plan)!)}`,
  ]
}

/** The plan with its shapes among the terms, where they are few. */
export function shapesAsTerms(plan: FilterPlan): FilterPlan {
  const { shapes, match, ...rest } = plan
  if (!isOfFewShapes(shapes)) return plan
  const terms = shapesMatch(shapes)
  return { ...rest, match: match === undefined ? terms : joined([match, terms], 'and') }
}

type Place = Pick<KnownLedger, 'id' | 'partEntries'>

/** The slice as a range that the index of entries finds. */
function entriesIn(known: Place, { low, high }: IndexSpan): string {
  return `${partsOf(known, { low, high })} AND r.entry >= ${low} AND r.entry < ${high}`
}

/** The slice as what is compared once terms have found an entry. */
function foundIn(known: Place, { low, high }: IndexSpan): string {
  return `${partsOf(known, { low, high })} AND r.entry + 0 >= ${low} AND r.entry + 0 < ${high}`
}

function partsOf({ id, partEntries }: Place, { low, high }: IndexSpan): string {
  const [first, last] = [Math.floor(low / partEntries), Math.max(0, Math.floor((high - 1) / partEntries))]
  return `r.ledger = ${id} AND r.part >= ${first} AND r.part <= ${last}`
}

/** The query of a page, row by row in the order asked for. */
export function orderedQuery(schema: string, conditions: readonly string[], page: PageOf): string {
  return pageQuery(schema, conditions, 'r.entry', page)
}

/** The same of what terms find, sorted: in their order, all rows would be read until the page is full. */
export function sortedQuery(schema: string, conditions: readonly string[], page: PageOf): string {
  return pageQuery(schema, conditions, 'r.entry + 0', page)
}

interface PageOf {
  readonly order: Order
  readonly limit: number
}

function pageQuery(
  schema: string,
  conditions: readonly string[],
  by: string,
  { order, limit }: PageOf,
): string {
  return `SELECT r.entry FROM ${schema}.indexed_entry AS r WHERE ${conditions.join(' AND ')}
    ORDER BY ${by} ${order === 'newest' ? 'DESC' : 'ASC'} LIMIT ${limit}`
}
