/** Which positions a query reads: those whose zones hold times it asks for, a slice at a time. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { ZONE_POSITIONS } from './index-writer.ts'

export interface PositionRange {
  /** Inclusive. */
  readonly low: number
  /** Exclusive. */
  readonly high: number
}

export type Order = 'newest' | 'oldest'

/** Positions in the first slice of a query, and in the largest one. */
const SLICE_MIN = 65_536
const SLICE_MAX = 1_048_576
/** Zones without such times between two with them that are read all the same, to ask fewer times. */
const ZONES_BRIDGED = 16

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
  timesIn({ low, high }: PositionRange): { fromMs: number; toMs: number } | undefined {
    const row = this.#extremes.get(Math.floor(low / ZONE_POSITIONS), Math.ceil(high / ZONE_POSITIONS))
    const { min, max } = row as { min: number | null; max: number | null }
    return min === null || max === null ? undefined : { fromMs: min, toMs: max + 1 }
  }

  /** The parts of `range` that may hold producers' times from `fromMs` to before `toMs`, rising. */
  within(range: PositionRange, fromMs = -Infinity, toMs = Infinity): readonly PositionRange[] {
    const { low, high } = range
    if (low >= high) return []
    if (fromMs === -Infinity && toMs === Infinity) return [range]
    const rows = this.#overlapping.all(
      Math.floor(low / ZONE_POSITIONS),
      Math.ceil(high / ZONE_POSITIONS),
      Math.max(fromMs, Number.MIN_SAFE_INTEGER),
      Math.min(toMs, Number.MAX_SAFE_INTEGER),
    ) as unknown as [number][]
    const runs: { low: number; high: number }[] = []
    for (const [zone] of rows) {
      const first = Math.max(low, zone * ZONE_POSITIONS)
      const end = Math.min(high, (zone + 1) * ZONE_POSITIONS)
      const last = runs.at(-1)
      if (last && first - last.high <= ZONES_BRIDGED * ZONE_POSITIONS) last.high = end
      else runs.push({ low: first, high: end })
    }
    return runs
  }
}

/** Cuts ranges into slices in the order asked for, small ones first: most pages are full after one. */
export function* slicesOf(ranges: readonly PositionRange[], order: Order): Generator<PositionRange> {
  let size = SLICE_MIN
  for (const { low, high } of order === 'newest' ? ranges.toReversed() : ranges)
    for (let done = 0; done < high - low; size = Math.min(size * 2, SLICE_MAX)) {
      const count = Math.min(size, high - low - done)
      yield order === 'newest'
        ? { low: high - done - count, high: high - done }
        : { low: low + done, high: low + done + count }
      done += count
    }
}
