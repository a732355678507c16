/** What SQLite looks up for a filter. */
import type { Shape } from '../../../search/shape.ts'

/** What must hold of an entry for (a part of) the filter to hold. */
export interface FilterPlan {
  /** FTS5 expression that the entry matches. */
  readonly match?: string
  /** FTS5 expressions that it does not match. */
  readonly unmatch?: readonly string[]
  /** Conditions on its row `r`, in SQL. */
  readonly rows?: readonly string[]
  /** One of these is its shape. */
  readonly shapes?: ReadonlySet<number>
  /** True: whatever satisfies the plan satisfies the filter. */
  readonly exact: boolean
}

export interface KnownShapes {
  readonly shapes: ReadonlyMap<number, Shape>
  /** Some entries have shapes beyond the bound: of these the index knows nothing. */
  readonly others: boolean
  /** Some records have several different statuses, of which a row can hold none. */
  readonly severalStatuses: boolean
}
