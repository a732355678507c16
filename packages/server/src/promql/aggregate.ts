/** Many series as few: sum, avg, min, max, count by labels, and the k largest or smallest of each step. */
import type { Aggregator, Labels } from './expression.ts'
import { chosen, type LabelSet, labelKey, type Series, sorted, type Value, vector } from './series.ts'

type Fold = Exclude<Aggregator, 'topk' | 'bottomk'>

const FOLDS: Readonly<Record<Fold, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  avg: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  min: (values) => values.reduce((a, b) => Math.min(a, b)),
  max: (values) => values.reduce((a, b) => Math.max(a, b)),
  count: (values) => values.length,
}

interface Group {
  readonly labels: LabelSet
  readonly members: Series[]
}

/** `k`: of topk and bottomk, for each step. */
export function aggregate(
  aggregator: Aggregator,
  grouping: Labels,
  series: readonly Series[],
  k: readonly number[] | undefined,
): Value {
  const groups = [...groupsOf(series, grouping).values()]
  if (aggregator === 'topk' || aggregator === 'bottomk')
    return vector(groups.flatMap(({ members }) => ranked(sorted(members), k!, aggregator === 'topk')))
  const fold = FOLDS[aggregator]
  return vector(
    groups.map(({ labels, members }) => ({
      labels,
      values: members[0]!.values.map((_, i) => {
        const there = members.flatMap(({ values }) => values[i] ?? [])
        return there.length === 0 ? undefined : fold(there)
      }),
    })),
  )
}

export function groupedLabels(labels: LabelSet, { kind, labels: names }: Labels): LabelSet {
  return chosen(labels, names, kind === 'by' ? 'only' : 'but')
}

function groupsOf(series: readonly Series[], grouping: Labels): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>()
  for (const one of series) {
    const labels = groupedLabels(one.labels, grouping)
    const key = labelKey(labels)
    const group = groups.get(key)
    if (group) group.members.push(one)
    else groups.set(key, { labels, members: [one] })
  }
  return groups
}

/** Each series keeps its value at the steps at which it is among the first k; of equals the earlier ones are. */
function ranked(members: readonly Series[], k: readonly number[], isTop: boolean): readonly Series[] {
  const kept = members.map(({ values }) => values.map((): number | undefined => undefined))
  k.forEach((limit, step) => {
    members
      .flatMap(({ values }, i) => {
        const value = values[step]
        return value === undefined ? [] : [{ i, value }]
      })
      .toSorted((a, b) => (isTop ? b.value - a.value : a.value - b.value))
      .slice(0, Math.max(0, Math.floor(limit)))
      .forEach(({ i, value }) => (kept[i]![step] = value))
  })
  const series = members.map(({ labels }, i) => ({ labels, values: kept[i]! }))
  // At a single step people read them as a ranking.
  if (k.length > 1) return series
  const rank = ({ values: [value] }: Series): number => (value ?? Number.NaN) * (isTop ? -1 : 1)
  return series.filter(({ values: [value] }) => value !== undefined).toSorted((a, b) => rank(a) - rank(b))
}
