/** What an expression is worth at each step: one number, or a number for each set of labels. */

export type LabelSet = Readonly<Record<string, string>>

/** At a step where a series has no value it has undefined. */
export interface Series {
  readonly labels: LabelSet
  readonly values: readonly (number | undefined)[]
}

export type Value =
  | { readonly kind: 'scalar'; readonly values: readonly number[] }
  | { readonly kind: 'vector'; readonly series: readonly Series[] }

export const METRIC_LABEL = '__name__'

/** The same text for the same labels. */
export function labelKey(labels: LabelSet): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Without empty values, which are labels that are not there. */
export function labelSet(entries: Iterable<readonly [string, string]>): LabelSet {
  return Object.fromEntries([...entries].filter(([, value]) => value !== ''))
}

/** Those of the given names, or all but those; the metric's name is never among the latter. */
export function chosen(labels: LabelSet, names: readonly string[], kind: 'only' | 'but'): LabelSet {
  return labelSet(
    Object.entries(labels).filter(([name]) =>
      kind === 'only' ? names.includes(name) : name !== METRIC_LABEL && !names.includes(name),
    ),
  )
}

export function withoutName(labels: LabelSet): LabelSet {
  return chosen(labels, [], 'but')
}

/** By their labels, so that equals have an order. */
export function sorted(series: readonly Series[]): readonly Series[] {
  return series
    .map((one) => ({ one, key: labelKey(one.labels) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ one }) => one)
}

/** Only what has a value at some step. */
export function vector(series: readonly Series[]): Value {
  return {
    kind: 'vector',
    series: series.filter(({ values }) => values.some((value) => value !== undefined)),
  }
}
