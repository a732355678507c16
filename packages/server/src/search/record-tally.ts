/** Counts records one by one, for fields and filters that the index cannot count. */
import { fieldValues, type QueryField, recordTimeMs, resolveField } from '@trailproof/core/query'
import type { IndexedEntry, Tally, TallyRequest } from './search-index.ts'
import { combined, fieldsOf, TallyCells } from './tally-cells.ts'

/** Of a value that is counted; longer ones count as their beginning. */
const VALUE_CHARS_MAX = 512

export class RecordTally {
  readonly #cells: TallyCells
  readonly #countsMissing: boolean
  readonly #groups: readonly { name: string; fields: readonly QueryField[] }[]

  constructor({ edges, by, countsMissing = false }: Pick<TallyRequest, 'edges' | 'by' | 'countsMissing'>) {
    this.#countsMissing = countsMissing
    this.#cells = new TallyCells(edges, by)
    this.#groups = by.map((name) => ({
      name,
      fields: fieldsOf(name).flatMap((field) => resolveField(field) ?? []),
    }))
  }

  add(entry: IndexedEntry): void {
    const bucket = this.#cells.bucketOf(recordTimeMs(entry))
    if (bucket === undefined) return
    this.#cells.add(bucket, 1)
    for (const { name, fields } of this.#groups)
      for (const key of combined(
        fields.map((field) => valuesOf(entry, field)),
        this.#countsMissing,
      ))
        this.#cells.addValue(name, key, bucket, 1)
  }

  tally(complete: boolean): Tally {
    return this.#cells.tally(complete)
  }
}

function valuesOf(entry: IndexedEntry, field: QueryField): readonly string[] {
  const values = new Set<string>()
  for (const value of fieldValues(entry, field)) values.add(String(value).slice(0, VALUE_CHARS_MAX))
  return [...values]
}
