import type { Histogram } from '../api/answers.ts'

export interface GrowthPoint {
  /** RFC 3339. */
  readonly at: string
  /** Records whose time is before it. */
  readonly size: number
}

/** The counts, added up; records of clocks that are far off count from the begin, and at the end. */
export function growthOf({ from, before, after, buckets }: Histogram): readonly GrowthPoint[] {
  let size = before
  const points = [{ at: from, size }]
  for (const { to, count } of buckets) points.push({ at: to, size: (size += count) })
  const last = points.at(-1)!
  return [...points.slice(0, -1), { ...last, size: last.size + after }]
}
