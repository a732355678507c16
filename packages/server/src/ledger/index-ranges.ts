/** Indexes as ranges, neighbours together. */
import type { IndexRange } from './ledger-store.ts'

/** Of indexes in rising order. */
export function rangesOf(indexes: readonly number[]): readonly IndexRange[] {
  const ranges: { from: number; to: number }[] = []
  for (const index of indexes) {
    const last = ranges.at(-1)
    if (last?.to === index) last.to++
    else ranges.push({ from: index, to: index + 1 })
  }
  return ranges
}

/** The same ranges in lists of at most `entriesMax` entries each. */
export function* slicesOf<Range extends IndexRange>(
  ranges: readonly Range[],
  entriesMax: number,
): Generator<readonly Range[]> {
  let slice: Range[] = []
  let room = entriesMax
  for (const range of ranges)
    for (let { from } = range; from < range.to; ) {
      const to = Math.min(range.to, from + room)
      slice.push({ ...range, from, to })
      room -= to - from
      from = to
      if (room > 0) continue
      yield slice
      slice = []
      room = entriesMax
    }
  if (slice.length > 0) yield slice
}

/** Of one record of an erasure, whose metadata has a limit. */
export const RANGES_MAX = 5_000
