/** A query in PromQL as a tree: the subset that counts of records have an answer to (docs/prometheus-api.md). */

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | Selector
  | WindowCall
  | Aggregation
  | BinaryOperation
  | { readonly kind: 'negate'; readonly operand: Expression }
  | { readonly kind: 'call'; readonly function: PlainFunction; readonly arguments: readonly Expression[] }

export type MatchOperator = '=' | '!=' | '=~' | '!~'

export interface LabelMatcher {
  readonly label: string
  readonly operator: MatchOperator
  readonly value: string
}

/** `trailproof_events{…} offset 1h`: how many records there are up to a moment. */
export interface Selector {
  readonly kind: 'selector'
  readonly matchers: readonly LabelMatcher[]
  readonly offsetMs: number
}

/** A function of the records within a time before a moment. */
export interface WindowCall {
  readonly kind: 'window'
  readonly function: WindowFunction
  readonly selector: Selector
  readonly rangeMs: number
}

export const WINDOW_FUNCTIONS = ['count_over_time', 'increase', 'rate'] as const
export type WindowFunction = (typeof WINDOW_FUNCTIONS)[number]

export const PLAIN_FUNCTIONS = [
  'abs',
  'absent',
  'ceil',
  'floor',
  'round',
  'scalar',
  'time',
  'vector',
] as const
export type PlainFunction = (typeof PLAIN_FUNCTIONS)[number]

export const AGGREGATORS = ['avg', 'bottomk', 'count', 'max', 'min', 'sum', 'topk'] as const
export type Aggregator = (typeof AGGREGATORS)[number]

export interface Labels {
  readonly kind: 'by' | 'without'
  readonly labels: readonly string[]
}

export interface Aggregation {
  readonly kind: 'aggregation'
  readonly aggregator: Aggregator
  readonly grouping: Labels
  /** The k of topk and bottomk. */
  readonly parameter: Expression | undefined
  readonly operand: Expression
}

export const COMPARISONS = ['==', '!=', '>', '<', '>=', '<='] as const
export const ARITHMETIC = ['+', '-', '*', '/', '%', '^'] as const
export const SET_OPERATORS = ['and', 'or', 'unless'] as const
export type Comparison = (typeof COMPARISONS)[number]
export type Arithmetic = (typeof ARITHMETIC)[number]
export type SetOperator = (typeof SET_OPERATORS)[number]

export interface BinaryOperation {
  readonly kind: 'binary'
  readonly operator: Comparison | Arithmetic | SetOperator
  /** A comparison that answers 0 or 1 instead of leaving out. */
  readonly isBool: boolean
  /** Which labels two sides are matched by; undefined: all of them. */
  readonly matching: { readonly kind: 'on' | 'ignoring'; readonly labels: readonly string[] } | undefined
  readonly left: Expression
  readonly right: Expression
}

/** The selectors in a query, in their order. */
export function selectorsIn(expression: Expression): readonly Selector[] {
  switch (expression.kind) {
    case 'number':
      return []
    case 'selector':
      return [expression]
    case 'window':
      return [expression.selector]
    case 'negate':
      return selectorsIn(expression.operand)
    case 'call':
      return expression.arguments.flatMap(selectorsIn)
    case 'aggregation':
      return [
        ...(expression.parameter ? selectorsIn(expression.parameter) : []),
        ...selectorsIn(expression.operand),
      ]
    case 'binary':
      return [...selectorsIn(expression.left), ...selectorsIn(expression.right)]
  }
}
