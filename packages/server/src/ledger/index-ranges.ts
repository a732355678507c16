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

/** Of one record of an erasure, whose metadata has a limit. */
export const RANGES_MAX = 5_000
