/** What the metrics were at one time, and what two of them say of the time between. */
import { parseExposition, type Series } from './exposition.ts'

export type Labels = Readonly<Record<string, string>>

export class Sample {
  /** ms since 1970. */
  readonly at: number
  readonly #byName: ReadonlyMap<string, readonly Series[]>

  constructor(text: string, at: number) {
    this.at = at
    this.#byName = Map.groupBy(parseExposition(text), ({ name }) => name)
  }

  /** Of all series of this name that have these labels. */
  sum(name: string, labels: Labels = {}): number {
    return this.#matching(name, labels).reduce((sum, { value }) => sum + value, 0)
  }

  max(name: string): number {
    return Math.max(0, ...this.#matching(name, {}).map(({ value }) => value))
  }

  /** The label's values of those series that are not 0. */
  present(name: string, label: string): readonly string[] {
    return this.#matching(name, {}).flatMap(({ labels, value }) => (value === 0 ? [] : [labels[label] ?? '']))
  }

  /** Observations up to each bound of a histogram, all its series together, the smallest bound first. */
  buckets(name: string): ReadonlyMap<number, number> {
    const counts = new Map<number, number>()
    for (const { labels, value } of this.#matching(`${name}_bucket`, {})) {
      const bound = labels['le'] === '+Inf' ? Infinity : Number(labels['le'])
      counts.set(bound, (counts.get(bound) ?? 0) + value)
    }
    return new Map([...counts].toSorted(([a], [b]) => a - b))
  }

  #matching(name: string, labels: Labels): readonly Series[] {
    return (this.#byName.get(name) ?? []).filter((series) =>
      Object.entries(labels).every(([label, value]) => series.labels[label] === value),
    )
  }
}

/** A second, of a counter; what fell began anew, with the server. Undefined without time in between. */
export function rate(before: Sample, after: Sample, name: string, labels: Labels = {}): number | undefined {
  const seconds = (after.at - before.at) / 1000
  if (seconds <= 0) return undefined
  return Math.max(0, after.sum(name, labels) - before.sum(name, labels)) / seconds
}

/** Below which a share of what was observed in between lies, as histogram_quantile has it; undefined when nothing was. */
export function quantile(before: Sample, after: Sample, name: string, share: number): number | undefined {
  const earlier = before.buckets(name)
  const counts = [...after.buckets(name)].map(
    ([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)] as const,
  )
  const total = counts.at(-1)?.[1] ?? 0
  if (total <= 0) return undefined
  const wanted = total * share
  let [lower, below] = [0, 0]
  for (const [bound, count] of counts) {
    if (count >= wanted) {
      if (bound === Infinity) return lower
      return count === below ? bound : lower + ((bound - lower) * (wanted - below)) / (count - below)
    }
    ;[lower, below] = [bound, count]
  }
  return lower
}
