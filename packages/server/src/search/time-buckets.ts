/** Bounds of buckets of time that people read: whole minutes, hours and days of their own time zone. */
import { type ZoneClock, zoneClock } from './zone-clock.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const WEEK = 7 * DAY
/** Thursday, 1 January 1970, is where days are counted from; weeks begin three days before. */
const FIRST_MONDAY = -3 * DAY

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

/**
 * Undefined when the step would make more than 1,000 buckets. Steps of a day or more are days of the calendar,
 * whatever is done to the clocks in them; whole weeks begin on Mondays. Shorter ones are never longer than they
 * say: a clock that goes back begins a bucket, and an hour that comes twice has its buckets twice.
 */
export function timeBuckets({ fromMs, toMs, buckets, stepMs, zone }: BucketRequest): Buckets | undefined {
  const step = stepMs ?? niceStep((toMs - fromMs) / buckets)
  if ((toMs - fromMs) / step > BUCKETS_MAX + 2) return undefined
  const clock = zoneClock(zone)
  const starts = [...(step < DAY ? clockStarts : calendarStarts)(clock, step, fromMs, toMs)]
  const inner = starts.filter((start) => start > fromMs && start < toMs)
  return { edges: [fromMs, ...inner, toMs], starts, stepMs: step }
}

/** The shortest step that is not shorter than `ms`. */
function niceStep(ms: number): number {
  return STEPS.find((step) => step >= ms) ?? Math.ceil(ms / STEPS.at(-1)!) * STEPS.at(-1)!
}

/** From the last begin that is not after `fromMs` to the first one that is not before `toMs`. */
function* clockStarts(clock: ZoneClock, step: number, fromMs: number, toMs: number): Generator<number> {
  let start = fromMs - step // no bucket is longer
  for (let next = nextStart(clock, step, start); next <= fromMs; next = nextStart(clock, step, start))
    start = next
  yield start
  while (start < toMs) yield (start = nextStart(clock, step, start))
}

/** When the clock next shows a multiple of the step, steps over one, or goes back. */
function nextStart({ offsetOf, changeWithin }: ZoneClock, step: number, ms: number): number {
  for (let at = ms; ; ) {
    const local = at + offsetOf(at)
    const next = at + step - (local - Math.floor(local / step) * step)
    const change = changeWithin(at, next)
    if (change === undefined) return next
    const [before, after] = [change + offsetOf(change - 1), change + offsetOf(change)]
    if (after < before || Math.floor(after / step) > Math.floor((before - 1) / step)) return change
    at = change
  }
}

/** As `clockStarts`: first instants at which the clock has come to a multiple of the step. */
function* calendarStarts(clock: ZoneClock, step: number, fromMs: number, toMs: number): Generator<number> {
  const origin = step % WEEK === 0 ? FIRST_MONDAY : 0
  let local = Math.floor((fromMs + clock.offsetOf(fromMs) - origin) / step) * step + origin
  while (clock.firstAt(local + step) <= fromMs) local += step
  let start = clock.firstAt(local)
  yield start
  while (start < toMs) {
    const next = clock.firstAt((local += step))
    // A day that was left out, as Samoa's 30 December 2011 was, has no bucket.
    if (next > start) yield (start = next)
  }
}
