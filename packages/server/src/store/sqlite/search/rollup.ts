/** Counts by time that are already added up: whole hours first, then whole minutes. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

export const MINUTE_MS = 60_000
/** Minutes of a slot; every zone of the world changes its days at a whole minute, most at a whole hour. */
export const ROLLUP_STEPS = [1, 60] as const
const HOUR_MS = 60 * MINUTE_MS

export interface TimeRange {
  /** ms since 1970, inclusive. */
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

/** Entries by shape. */
export type ShapeCounts = Map<number, number>

export class Rollup {
  readonly #sum: StatementSync
  readonly #first: StatementSync
  readonly #last: StatementSync

  constructor(db: DatabaseSync) {
    this.#sum = db.prepare(`SELECT shape, sum(entries) AS entries FROM rollup
      WHERE ledger = ? AND step = ? AND slot >= ? AND slot < ? GROUP BY shape`)
    this.#sum.setReturnArrays(true)
    const slots =
      'SELECT slot FROM rollup WHERE ledger = ? AND step = 1 AND slot >= ? AND slot < ? ORDER BY slot'
    this.#first = db.prepare(`${slots} LIMIT 1`)
    this.#last = db.prepare(`${slots} DESC LIMIT 1`)
  }

  /** From the first minute that has entries to the end of the last one, of those that touch `range`. */
  minutesIn(ledger: number, { from, to }: TimeRange): TimeRange | undefined {
    const bounds = [
      ledger,
      bounded(Math.floor(from / MINUTE_MS)),
      bounded(Math.ceil(to / MINUTE_MS)),
    ] as const
    const first = this.#first.get(...bounds) as { slot: number } | undefined
    const last = this.#last.get(...bounds) as { slot: number } | undefined
    return first && last && { from: first.slot * MINUTE_MS, to: (last.slot + 1) * MINUTE_MS }
  }

  /**
   * Adds the entries of whole minutes in `range` to `counts`, and answers which parts of it, at its ends, are no
   * whole minutes.
   */
  addTo(counts: ShapeCounts, ledger: number, { from, to }: TimeRange): readonly TimeRange[] {
    const firstMinute = Math.ceil(from / MINUTE_MS)
    const endMinute = Math.floor(to / MINUTE_MS)
    if (firstMinute >= endMinute) return from < to ? [{ from, to }] : []
    const firstHour = Math.ceil(from / HOUR_MS)
    const endHour = Math.floor(to / HOUR_MS)
    if (firstHour < endHour) {
      this.#add(counts, ledger, 1, firstMinute, firstHour * 60)
      this.#add(counts, ledger, 60, firstHour, endHour)
      this.#add(counts, ledger, 1, endHour * 60, endMinute)
    } else this.#add(counts, ledger, 1, firstMinute, endMinute)
    return [
      { from, to: firstMinute * MINUTE_MS },
      { from: endMinute * MINUTE_MS, to },
    ].filter((rest) => rest.from < rest.to)
  }

  #add(counts: ShapeCounts, ledger: number, step: number, first: number, end: number): void {
    if (first >= end) return
    const rows = this.#sum.all(ledger, step, bounded(first), bounded(end)) as unknown as [number, number][]
    for (const [shape, entries] of rows) counts.set(shape, (counts.get(shape) ?? 0) + entries)
  }
}

/** SQLite's integers have no infinity. */
function bounded(slot: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, slot))
}
