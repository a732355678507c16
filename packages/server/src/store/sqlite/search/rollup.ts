/** Counts by time that are already added up. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { MINUTE_MS, minutesOf, rollupParts, type TimeSpan } from '../../../search/rollup-parts.ts'

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
  minutesIn(ledger: number, range: TimeSpan): TimeSpan | undefined {
    const minutes = minutesOf(range)
    const first = this.#first.get(ledger, minutes.first, minutes.end) as { slot: number } | undefined
    const last = this.#last.get(ledger, minutes.first, minutes.end) as { slot: number } | undefined
    return first && last && { from: first.slot * MINUTE_MS, to: (last.slot + 1) * MINUTE_MS }
  }

  /**
   * Adds the entries of whole minutes in `range` to `counts`, and answers which parts of it, at its ends, are no
   * whole minutes.
   */
  addTo(counts: ShapeCounts, ledger: number, range: TimeSpan): readonly TimeSpan[] {
    const { parts, rests } = rollupParts(range)
    for (const { step, first, end } of parts) {
      const rows = this.#sum.all(ledger, step, first, end) as unknown as [number, number][]
      for (const [shape, entries] of rows) counts.set(shape, (counts.get(shape) ?? 0) + entries)
    }
    return rests
  }
}
