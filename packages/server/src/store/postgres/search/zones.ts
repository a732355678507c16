/** Which entries hold the times that a query asks for. */
import { type IndexSpan, spansIn, ZONE_ENTRIES } from '../../../search/index-slices.ts'
import { MINUTE_MS, minutesOf, type TimeSpan } from '../../../search/rollup-parts.ts'
import type { Connections } from '../connections.ts'

export class Zones {
  readonly #connections: Connections
  readonly #schema: string

  constructor(connections: Connections, schema: string) {
    this.#connections = connections
    this.#schema = schema
  }

  /** The earliest time of a ledger, and what is later than all. */
  async timesOf(ledgerId: number): Promise<{ fromMs: number; toMs: number } | undefined> {
    const [row] = await this.#connections.read<{ min: number | null; max: number | null }>(
      `SELECT min(min_ms) AS min, max(max_ms) AS max FROM ${this.#schema}.zone WHERE ledger = $1`,
      [ledgerId],
    )
    const { min, max } = row!
    return min === null || max === null ? undefined : { fromMs: min, toMs: max + 1 }
  }

  /** The parts of `span` that may hold producers' times from `fromMs` to before `toMs`, rising. */
  async within(
    ledgerId: number,
    span: IndexSpan,
    fromMs = -Infinity,
    toMs = Infinity,
  ): Promise<readonly IndexSpan[]> {
    const { low, high } = span
    if (low >= high) return []
    if (fromMs === -Infinity && toMs === Infinity) return [span]
    const rows = await this.#connections.read<{ zone: number }>(
      `SELECT zone FROM ${this.#schema}.zone
        WHERE ledger = $1 AND zone >= $2 AND zone < $3 AND max_ms >= $4 AND min_ms < $5 ORDER BY zone`,
      [
        ledgerId,
        Math.floor(low / ZONE_ENTRIES),
        Math.ceil(high / ZONE_ENTRIES),
        Math.max(Math.floor(fromMs), Number.MIN_SAFE_INTEGER),
        Math.min(Math.ceil(toMs), Number.MAX_SAFE_INTEGER),
      ],
    )
    return spansIn(
      span,
      rows.map(({ zone }) => zone),
    )
  }

  /** From the first minute that has entries to the end of the last one, of those that touch `range`. */
  async minutesIn(ledgerId: number, range: TimeSpan): Promise<TimeSpan | undefined> {
    const { first, end } = minutesOf(range)
    const slots = `FROM ${this.#schema}.rollup WHERE ledger = $1 AND step = 1 AND slot >= $2 AND slot < $3`
    const [row] = await this.#connections.read<{ first: number | null; last: number | null }>(
      `SELECT (SELECT slot ${slots} ORDER BY slot LIMIT 1) AS first,
        (SELECT slot ${slots} ORDER BY slot DESC LIMIT 1) AS last`,
      [ledgerId, first, end],
    )
    const { first: from, last } = row!
    return from === null || last === null ? undefined : { from: from * MINUTE_MS, to: (last + 1) * MINUTE_MS }
  }
}
