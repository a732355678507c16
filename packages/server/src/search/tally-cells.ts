/** Adds counts up by bucket of time and by the values of fields. */
import type { Tally } from './search-index.ts'

/** Different values of one field that are kept; the entries of others still count for the whole. */
const VALUES_MAX = 100_000
/** Numbers that are kept, one a value and bucket: of many buckets there are fewer values. */
const CELLS_MAX = 4_000_000

/** Between fields that are counted together, and between their values: no name of a field holds it. */
export const JOINT = '\u001f'

/** The fields that are counted together under one name. */
export function fieldsOf(name: string): readonly string[] {
  return name.split(JOINT)
}

/** Every combination of one value of each list; `missing`: of a list without values, too, as the empty text. */
export function combined(lists: readonly (readonly string[])[], missing = false): readonly string[] {
  return lists
    .map((values) => (missing && values.length === 0 ? [''] : values))
    .reduce<readonly (readonly string[])[]>(
      (tuples, values) => tuples.flatMap((tuple) => values.map((value) => [...tuple, value])),
      [[]],
    )
    .map((tuple) => tuple.join(JOINT))
}

export class TallyCells {
  readonly #edges: readonly number[]
  readonly #counts: number[]
  readonly #by: Map<string, Map<string, number[]>>
  readonly #valuesMax: number
  #valuesCut = false

  /** `edges`: rising bounds of buckets in ms since 1970; none: one bucket for all. */
  constructor(edges: readonly number[], by: readonly string[]) {
    this.#edges = edges
    this.#counts = zeros(Math.max(1, edges.length - 1))
    this.#valuesMax = Math.min(VALUES_MAX, Math.floor(CELLS_MAX / this.#counts.length))
    this.#by = new Map(by.map((field) => [field, new Map()]))
  }

  add(bucket: number, count: number): void {
    this.#counts[bucket]! += count
  }

  addValue(field: string, value: string, bucket: number, count: number): void {
    const values = this.#by.get(field)!
    let counts = values.get(value)
    if (!counts) {
      if (values.size >= this.#valuesMax) {
        this.#valuesCut = true
        return
      }
      values.set(value, (counts = zeros(this.#counts.length)))
    }
    counts[bucket]! += count
  }

  tally(complete: boolean): Tally {
    return {
      counts: this.#counts,
      by: Object.fromEntries(this.#by),
      complete: complete && !this.#valuesCut,
      valuesCut: this.#valuesCut,
    }
  }

  /** The bucket whose first edge is the last that is not after `at`; undefined outside of all. */
  bucketOf(at: number): number | undefined {
    if (this.#edges.length === 0) return 0
    let low = 0
    let high = this.#edges.length - 1
    if (at < this.#edges[0]! || at >= this.#edges[high]!) return undefined
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (this.#edges[middle]! <= at) low = middle
      else high = middle
    }
    return low
  }
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0)
}
