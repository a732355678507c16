/** Bounds of buckets of time that people read: whole minutes, hours and days of their own time zone. */

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Steps that clocks and calendars have, rising. */
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((count) => count * DAY),
]

export const BUCKETS_MAX = 1000

export interface BucketRequest {
  /** ms since 1970. */
  readonly fromMs: number
  /** Exclusive. */
  readonly toMs: number
  /** About how many. */
  readonly buckets: number
  /** Instead of `buckets`: the length of one in ms. */
  readonly stepMs?: number
  /** IANA name such as Europe/Berlin. */
  readonly zone: string
}

export interface Buckets {
  /** Rising; one more than there are buckets. The first and the last bucket may be cut short by the range. */
  readonly edges: readonly number[]
  /** Where the buckets would begin and end, had the range not cut them. */
  readonly starts: readonly number[]
  readonly stepMs: number
}

/** Undefined when the step would make more than 1,000 buckets. */
export function timeBuckets({ fromMs, toMs, buckets, stepMs, zone }: BucketRequest): Buckets | undefined {
  const step = stepMs ?? niceStep((toMs - fromMs) / buckets)
  if ((toMs - fromMs) / step > BUCKETS_MAX + 2) return undefined
  const clock = zoneClock(zone)
  // In the time of the zone's clocks steps are even, whatever is done to the clocks.
  let local = Math.floor(clock.localOf(fromMs) / step) * step
  const starts = [Math.min(fromMs, clock.instantOf(local))]
  while (starts.at(-1)! < toMs) {
    local += step
    const start = clock.instantOf(local)
    if (start > starts.at(-1)!) starts.push(start)
  }
  const inner = starts.filter((start) => start > fromMs && start < toMs)
  return { edges: [fromMs, ...inner, toMs], starts, stepMs: step }
}

/** The shortest step that is not shorter than `ms`. */
function niceStep(ms: number): number {
  return STEPS.find((step) => step >= ms) ?? Math.ceil(ms / STEPS.at(-1)!) * STEPS.at(-1)!
}

/** Whether there is such a time zone. */
export function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** Clocks of a zone: their reading, as if it were UTC, in ms since 1970. */
function zoneClock(zone: string): { localOf(ms: number): number; instantOf(local: number): number } {
  if (zone === 'UTC') return { localOf: (ms) => ms, instantOf: (local) => local }
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
  const offsetOf = (ms: number): number => {
    const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? ''
    const [, sign, hours = '0', minutes = '0', seconds = '0'] =
      /GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(name) ?? []
    const size = Number(hours) * HOUR + Number(minutes) * MINUTE + Number(seconds) * SECOND
    return sign === '-' ? -size : size
  }
  return {
    localOf: (ms) => ms + offsetOf(ms),
    // The offset an hour off may be the other one of a change of clocks; asked again it is right, or the gap's end.
    instantOf(local) {
      const guess = local - offsetOf(local)
      return local - offsetOf(guess)
    },
  }
}
