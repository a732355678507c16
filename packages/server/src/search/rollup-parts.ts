/** Counts by time are added up a minute and an hour: which of them make up a range of time. */

export const MINUTE_MS = 60_000
/** Minutes of a slot; every zone of the world changes its days at a whole minute, most at a whole hour. */
export const ROLLUP_STEPS = [1, 60] as const
const HOUR_MS = 60 * MINUTE_MS

export interface TimeSpan {
  /** ms since 1970, inclusive. */
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

/** Slots of one of `ROLLUP_STEPS`, from `first` to before `end`; slot = time / step. */
export interface RollupPart {
  readonly step: (typeof ROLLUP_STEPS)[number]
  readonly first: number
  readonly end: number
}

/** Whole hours first, then whole minutes; `rests`: what is at the ends of the range and no whole minute. */
export function rollupParts({ from, to }: TimeSpan): {
  readonly parts: readonly RollupPart[]
  readonly rests: readonly TimeSpan[]
} {
  const firstMinute = Math.ceil(from / MINUTE_MS)
  const endMinute = Math.floor(to / MINUTE_MS)
  if (firstMinute >= endMinute) return { parts: [], rests: from < to ? [{ from, to }] : [] }
  const firstHour = Math.ceil(from / HOUR_MS)
  const endHour = Math.floor(to / HOUR_MS)
  const parts: RollupPart[] =
    firstHour < endHour
      ? [
          { step: 1, first: firstMinute, end: firstHour * 60 },
          { step: 60, first: firstHour, end: endHour },
          { step: 1, first: endHour * 60, end: endMinute },
        ]
      : [{ step: 1, first: firstMinute, end: endMinute }]
  const rests = [
    { from, to: firstMinute * MINUTE_MS },
    { from: endMinute * MINUTE_MS, to },
  ]
  return {
    parts: parts
      .filter(({ first, end }) => first < end)
      .map(({ step, first, end }) => ({ step, first: bounded(first), end: bounded(end) })),
    rests: rests.filter((rest) => rest.from < rest.to),
  }
}

/** The minutes that touch a range of time. */
export function minutesOf({ from, to }: TimeSpan): Pick<RollupPart, 'first' | 'end'> {
  return { first: bounded(Math.floor(from / MINUTE_MS)), end: bounded(Math.ceil(to / MINUTE_MS)) }
}

/** The buckets between rising edges; without edges, one without bounds. */
export function bucketsOf(edges: readonly number[]): readonly TimeSpan[] {
  if (edges.length === 0) return [{ from: -Infinity, to: Infinity }]
  return edges.slice(1).map((to, i) => ({ from: edges[i]!, to }))
}

/** Rising ranges, those that touch as one: buckets shorter than a minute are read at once. */
export function joinedSpans(ranges: readonly TimeSpan[]): readonly TimeSpan[] {
  const whole: { from: number; to: number }[] = []
  for (const { from, to } of ranges) {
    const last = whole.at(-1)
    if (last?.to === from) last.to = to
    else whole.push({ from, to })
  }
  return whole
}

/** Integers of a database have no infinity. */
function bounded(slot: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, slot))
}
