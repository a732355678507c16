/** Which entries a query reads: those whose zones hold times it asks for, a slice at a time. */

/** Entries of which an index keeps the earliest and the latest time. */
export const ZONE_ENTRIES = 4096
/** Zones without such times between two with them that are read all the same, to ask fewer times. */
const ZONES_BRIDGED = 16
/** Entries in the first slice of a query, and in the largest one. */
const SLICE_MIN = 65_536
const SLICE_MAX = 1_048_576

/** Of entries' indexes, or of positions that count like them. */
export interface IndexSpan {
  /** Inclusive. */
  readonly low: number
  /** Exclusive. */
  readonly high: number
}

export type Order = 'newest' | 'oldest'

/** The parts of `span` that lie in these zones, rising. */
export function spansIn({ low, high }: IndexSpan, zones: Iterable<number>): readonly IndexSpan[] {
  const runs: { low: number; high: number }[] = []
  for (const zone of zones) {
    const first = Math.max(low, zone * ZONE_ENTRIES)
    const end = Math.min(high, (zone + 1) * ZONE_ENTRIES)
    const last = runs.at(-1)
    if (last && first - last.high <= ZONES_BRIDGED * ZONE_ENTRIES) last.high = end
    else runs.push({ low: first, high: end })
  }
  return runs
}

/** Cuts spans into slices in the order asked for; small ones first, as most pages are full after one. */
export function* slicesOf(
  spans: readonly IndexSpan[],
  order: Order,
  nextSize: () => number = growing(),
): Generator<IndexSpan> {
  for (const { low, high } of order === 'newest' ? spans.toReversed() : spans)
    for (let done = 0; done < high - low; ) {
      const count = Math.min(nextSize(), high - low - done)
      yield order === 'newest'
        ? { low: high - done - count, high: high - done }
        : { low: low + done, high: low + done + count }
      done += count
    }
}

function growing(): () => number {
  let size = SLICE_MIN / 2
  return () => (size = Math.min(size * 2, SLICE_MAX))
}
