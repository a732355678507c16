/** A query as a tree: what the parser makes of a text, and what every evaluator reads (spec/query.md). */

export interface Query {
  /** Undefined: every record. */
  readonly filter?: Filter
  /** Applied to what is found, in this order. */
  readonly pipes: readonly Pipe[]
}

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | TextFilter
  | FieldFilter
  /** `$name`: the filter of a saved search. */
  | { readonly kind: 'saved'; readonly name: string }

/** Free text: a word, or a phrase of words that follow each other in one value. */
export interface TextFilter {
  readonly kind: 'text'
  readonly text: string
  /** True: written in quotation marks. */
  readonly phrase: boolean
}

export interface FieldFilter {
  readonly kind: 'field'
  /** The canonical name: `actor.id`, `targets.type`, `metadata.order.id`, `labels.team`. */
  readonly field: string
  readonly test: FieldTest
}

export type FieldTest =
  | { readonly op: 'exists' }
  | { readonly op: 'equals'; readonly value: string }
  /** One of the values, each a literal. */
  | { readonly op: 'in'; readonly values: readonly string[] }
  /** Literal parts with anything between them: `pre*` is ['pre', ''], `*sub*` is ['', 'sub', '']. */
  | { readonly op: 'wildcard'; readonly parts: readonly string[] }
  /** Either bound may be missing; numbers and times by value, other texts in code point order. */
  | { readonly op: 'range'; readonly low?: Bound; readonly high?: Bound }
  /** RE2 syntax, found anywhere in the value. */
  | { readonly op: 'regex'; readonly source: string }
  | { readonly op: 'cidr'; readonly network: string; readonly prefixLength: number }
  /** On `timestamp` alone: at most this long before now. */
  | { readonly op: 'last'; readonly seconds: number; readonly text: string }

export interface Bound {
  readonly value: string
  readonly inclusive: boolean
}

export type Pipe =
  | { readonly kind: 'count'; readonly by: readonly string[] }
  | { readonly kind: 'top'; readonly limit: number; readonly field: string }
  | { readonly kind: 'timeline'; readonly stepSeconds: number; readonly text: string; readonly by?: string }
  | { readonly kind: 'sort'; readonly field: string; readonly descending: boolean }
  | { readonly kind: 'fields'; readonly fields: readonly string[] }
