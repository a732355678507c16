/**
 * Keeps counts, gauges and histograms, and writes them in Prometheus' text format. A hot path fetches its sample once
 * and adds to it: labels are joined and escaped when a sample is made, never when it is counted.
 */
import { FAMILIES, type Family, type FamilyName } from './families.ts'

/** A counter's or a gauge's value. */
export class Value {
  current = 0

  add(amount: number): void {
    this.current += amount
  }

  set(value: number): void {
    this.current = value
  }
}

export class Histogram {
  readonly #bounds: readonly number[]
  /** By bucket, not cumulative; the last one has no bound. */
  readonly #counts: Float64Array
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let bucket = 0
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket++
    this.#counts[bucket]!++
    this.#sum += value
  }

  /** `[suffix, more labels, value]` of each line. */
  *lines(): Generator<readonly [string, string, number]> {
    let count = 0
    for (let i = 0; i <= this.#bounds.length; i++) {
      count += this.#counts[i]!
      yield ['_bucket', `le="${this.#bounds[i] ?? '+Inf'}"`, count]
    }
    yield ['_sum', '', this.#sum]
    yield ['_count', '', count]
  }
}

export class Registry {
  /** By family, then by the text of the labels. */
  readonly #samples = new Map<FamilyName, Map<string, Value | Histogram>>()

  constructor() {
    for (const [name, { labels }] of Object.entries(FAMILIES) as [FamilyName, Family][]) {
      this.#samples.set(name, new Map())
      // What has no labels is there from the start: a first increase is then seen as one.
      if (labels.length === 0) this.#sample(name, [])
    }
  }

  /** The sample with these values of the family's labels, in their order. */
  value(name: FamilyName, ...values: readonly string[]): Value {
    return this.#sample(name, values) as Value // the family's type says so
  }

  histogram(name: FamilyName, ...values: readonly string[]): Histogram {
    return this.#sample(name, values) as Histogram // the family's type says so
  }

  /** Forgets the samples of a family: what is no more would be told for ever. */
  clear(name: FamilyName): void {
    this.#samples.get(name)!.clear()
  }

  render(): string {
    const lines: string[] = []
    for (const [name, samples] of this.#samples) {
      const { type, help } = FAMILIES[name]
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
      for (const [labels, sample] of samples)
        if (sample instanceof Value) lines.push(`${name}${braced(labels)} ${sample.current}`)
        else
          for (const [suffix, more, value] of sample.lines())
            lines.push(`${name}${suffix}${braced(labels, more)} ${value}`)
    }
    return `${lines.join('\n')}\n`
  }

  #sample(name: FamilyName, values: readonly string[]): Value | Histogram {
    const family: Family = FAMILIES[name]
    const labels = family.labels.map((label, i) => `${label}="${escaped(values[i]!)}"`).join(',')
    const samples = this.#samples.get(name)!
    let sample = samples.get(labels)
    if (!sample) {
      sample = family.buckets ? new Histogram(family.buckets) : new Value()
      samples.set(labels, sample)
    }
    return sample
  }
}

function braced(...labels: readonly string[]): string {
  const joined = labels.filter((text) => text !== '').join(',')
  return joined === '' ? '' : `{${joined}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
