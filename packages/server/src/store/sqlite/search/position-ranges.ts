/** Which positions hold the times that a query asks for. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type IndexSpan, spansIn, ZONE_ENTRIES } from '../../../search/index-slices.ts'

export class Zones {
  readonly #overlapping: StatementSync
  readonly #extremes: StatementSync

  constructor(db: DatabaseSync) {
    this.#overlapping = db.prepare(`SELECT zone FROM zone
      WHERE zone >= ? AND zone < ? AND max_ms >= ? AND min_ms < ? ORDER BY zone`)
    this.#overlapping.setReturnArrays(true)
    this.#extremes = db.prepare(
      'SELECT min(min_ms) AS min, max(max_ms) AS max FROM zone WHERE zone >= ? AND zone < ?',
    )
  }

  /** The earliest time in `range`, and what is later than all. */
  timesIn({ low, high }: IndexSpan): { fromMs: number; toMs: number } | undefined {
    const row = this.#extremes.get(Math.floor(low / ZONE_ENTRIES), Math.ceil(high / ZONE_ENTRIES))
    const { min, max } = row as { min: number | null; max: number | null }
    return min === null || max === null ? undefined : { fromMs: min, toMs: max + 1 }
  }

  /** The parts of `range` that may hold producers' times from `fromMs` to before `toMs`, rising. */
  within(range: IndexSpan, fromMs = -Infinity, toMs = Infinity): readonly IndexSpan[] {
    const { low, high } = range
    if (low >= high) return []
    if (fromMs === -Infinity && toMs === Infinity) return [range]
    const rows = this.#overlapping.all(
      Math.floor(low / ZONE_ENTRIES),
      Math.ceil(high / ZONE_ENTRIES),
      Math.max(fromMs, Number.MIN_SAFE_INTEGER),
      Math.min(toMs, Number.MAX_SAFE_INTEGER),
    ) as unknown as [number][]
    return spansIn(
      range,
      rows.map(([zone]) => zone),
    )
  }
}
