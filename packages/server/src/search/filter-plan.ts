/** What an index looks up for a filter. */
import type { Shape } from './shape.ts'

/** What an entry's terms (terms.ts) must be; each driver writes it in its own language. */
export type TermMatch =
  | { readonly kind: 'term'; readonly term: string }
  /** A term that begins so. */
  | { readonly kind: 'prefix'; readonly term: string }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly TermMatch[] }
  | { readonly kind: 'without'; readonly match: TermMatch; readonly unmatch: TermMatch }

export type RowColumn = 'timestamp_ms' | 'latency_ms' | 'status' | 'actor' | 'shape'

/** What an entry's row must be. A test of a column that holds nothing fails, and `not` of it holds. */
export type RowCondition =
  | {
      readonly kind: 'compare'
      readonly column: RowColumn
      readonly sign: '<' | '<=' | '=' | '>=' | '>'
      readonly value: number
    }
  /** One of these; of no values, nothing holds it. */
  | { readonly kind: 'in'; readonly column: RowColumn; readonly values: readonly number[] }
  | { readonly kind: 'present'; readonly column: RowColumn }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly RowCondition[] }
  | { readonly kind: 'not'; readonly part: RowCondition }

/** What must hold of an entry for (a part of) the filter to hold. */
export interface FilterPlan {
  /** What its terms match. */
  readonly match?: TermMatch
  /** What they do not match. */
  readonly unmatch?: readonly TermMatch[]
  /** All that hold of its row. */
  readonly rows?: readonly RowCondition[]
  /** One of these is its shape. */
  readonly shapes?: ReadonlySet<number>
  /** True: whatever satisfies the plan satisfies the filter. */
  readonly exact: boolean
  /** True: so it does but for entries whose shape the index does not know. */
  readonly exactButOthers?: boolean
}

export interface KnownShapes {
  readonly shapes: ReadonlyMap<number, Shape>
  /** Some entries have shapes beyond the bound: of these the index knows nothing. */
  readonly others: boolean
  /** Some records have several different statuses, of which a row can hold none. */
  readonly severalStatuses: boolean
}

/** As one expression over terms, where it is one: what `match` and `unmatch` say together. */
export function wholeMatch({ match, unmatch }: FilterPlan): TermMatch | undefined {
  if (match === undefined || !unmatch) return match
  return { kind: 'without', match, unmatch: joined(unmatch, 'or') }
}

export function joined(parts: readonly TermMatch[], kind: 'and' | 'or'): TermMatch {
  return parts.length === 1 ? parts[0]! : { kind, parts }
}

export function termMatch(term: string): TermMatch {
  return { kind: 'term', term }
}

export function prefixMatch(term: string): TermMatch {
  return { kind: 'prefix', term }
}
