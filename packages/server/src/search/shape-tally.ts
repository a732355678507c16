/** Counts of shapes and actors, as counts of values. */
import { MINUTE_MS } from './rollup-parts.ts'
import type { Tally, TallyRequest } from './search-index.ts'
import { isShapeField, type Shape, shapeValues } from './shape.ts'
import { combined, fieldsOf, TallyCells } from './tally-cells.ts'

interface Counted {
  readonly shape: number
  readonly actor: string | null
  readonly count: number
}

export class ShapeTally {
  readonly #cells: TallyCells
  readonly #countsMissing: boolean
  readonly #shapes: ReadonlyMap<number, Shape>
  readonly #groups: readonly { name: string; fields: readonly string[] }[]
  /** ms into which times may be rounded down without leaving their bucket. */
  readonly grain: number

  constructor(
    { edges, by, countsMissing = false }: Pick<TallyRequest, 'edges' | 'by' | 'countsMissing'>,
    shapes: ReadonlyMap<number, Shape>,
  ) {
    this.#countsMissing = countsMissing
    this.#cells = new TallyCells(edges, by)
    this.#shapes = shapes
    this.#groups = by.map((name) => ({ name, fields: fieldsOf(name) }))
    this.grain =
      edges.length === 0
        ? Number.MAX_SAFE_INTEGER
        : ([MINUTE_MS, 1000].find((grain) => edges.every((edge) => edge % grain === 0)) ?? 1)
  }

  add(at: number, counted: Counted): void {
    const bucket = this.#cells.bucketOf(at)
    if (bucket !== undefined) this.addToBucket(bucket, counted)
  }

  addToBucket(bucket: number, { shape, actor, count }: Counted): void {
    this.#cells.add(bucket, count)
    const values = this.#shapes.get(shape) ?? {}
    const valuesOf = (field: string): readonly string[] =>
      isShapeField(field) ? shapeValues(values, field) : actor === null ? [] : [actor]
    for (const { name, fields } of this.#groups)
      for (const key of combined(fields.map(valuesOf), this.#countsMissing))
        this.#cells.addValue(name, key, bucket, count)
  }

  tally(complete: boolean): Tally {
    return this.#cells.tally(complete)
  }
}
