/**
 * Counts records in windows of time: one question to the index for each selector, whose buckets are added up. A window
 * begins with its first moment and ends before its last one.
 */
import { allOf, type Filter, type SavedFilters } from '@trailproof/core/query'
import { SAMPLE_MAX } from '../search/run-pipes.ts'
import { JOINT } from '../search/tally-cells.ts'
import type { Services } from '../services.ts'
import type { Selector } from './expression.ts'
import { fieldOfLabel, filterOf, LEDGER_LABEL } from './labels.ts'
import { PromqlError } from './promql-error.ts'
import { labelSet, type Series } from './series.ts'

/** The years 1 to 9999, which a record's time can be in. */
const TIME_MS_MIN = -62_135_596_800_000
const TIME_MS_MAX = 253_402_300_799_999

/** Series of an answer. */
export const SERIES_MAX = 1000
/** Numbers of the series of one selector, one a step. */
const POINTS_MAX = 250_000

export interface CountsRequest {
  readonly selector: Selector
  /** The labels of the series; none: one series, which is there without a record, too. */
  readonly labels: readonly string[]
  /** Moments at which windows end, ms since 1970, ascending. */
  readonly steps: readonly number[]
  /** Length of a window; undefined: since the beginning. */
  readonly rangeMs: number | undefined
}

/** Counts records for an evaluation. */
export type EventCounts = (request: CountsRequest) => Promise<readonly Series[]>

export interface CountsScope {
  readonly ledger: string
  readonly saved: SavedFilters
  /** Throws for fields that the reader may not ask about. */
  readonly assertAsked: (fields: readonly string[]) => void
  /** What is asked, among the records that are there for the reader; throws as `assertAsked` does. */
  readonly within: (filter: Filter | undefined) => Filter | undefined
  /** When the answer is due, by `performance.now()`. */
  readonly dueAt: number
}

export function eventCounts(
  { searcher, now }: Pick<Services, 'searcher' | 'now'>,
  { ledger, saved, assertAsked, within: withinSight, dueAt }: CountsScope,
): EventCounts {
  return async ({ selector, labels, steps, rangeMs }) => {
    const ends = steps.map((step) => step - selector.offsetMs)
    const begin = rangeMs === undefined ? await beginning(ends[0]!) : ends[0]! - rangeMs
    const starts = rangeMs === undefined ? ends.map(() => begin) : ends.map((end) => end - rangeMs)
    const edges = [...new Set([...starts, ...ends])].toSorted((a, b) => a - b)
    const grouped = labels.filter((label) => label !== LEDGER_LABEL)
    const by = [...new Set(grouped.map(fieldOfLabel))]
    assertAsked(by)
    const timeoutMs = dueAt - performance.now()
    if (timeoutMs <= 0) throw timedOut()
    const tally = await searcher.tally({
      ledger,
      filter: within(withinSight(filterOf(selector.matchers, saved)), edges[0]!, edges.at(-1)!),
      nowMs: now(),
      edges,
      by: by.length > 0 ? [by.join(JOINT)] : [],
      timeoutMs,
      sample: SAMPLE_MAX,
      countsMissing: true,
    })
    if (tally.sampled !== undefined && tally.sampled >= SAMPLE_MAX)
      throw new PromqlError(
        'execution',
        `more than ${SAMPLE_MAX} records would have to be read one by one; ask for less time, or by other labels`,
      )
    if (tally.valuesCut) throw tooManySeries()
    if (!tally.complete) throw timedOut()
    const place = new Map(edges.map((edge, i) => [edge, i] as const))
    const counted = by.length > 0 ? [...tally.by[by.join(JOINT)]!] : [['', tally.counts] as const]
    if (counted.length * steps.length > POINTS_MAX) throw tooManySeries()
    return counted.map(([key, counts]) => ({
      labels: labelSet([
        [LEDGER_LABEL, ledger],
        ...grouped.map((label) => [label, key.split(JOINT)[by.indexOf(fieldOfLabel(label))]!] as const),
      ]),
      // With labels a series is there when it has records: so it is at a moment, and so at each step of a range.
      values: windows(counts, { starts, ends, place }).map((count) =>
        count === 0 && by.length > 0 ? undefined : count,
      ),
    }))
  }

  /** Before the first record, and so that there is something to count in before `end`. */
  async function beginning(end: number): Promise<number> {
    const all = await searcher.timeRange(ledger)
    return Math.min(all?.fromMs ?? end, end) - 1
  }
}

function windows(
  counts: readonly number[],
  {
    starts,
    ends,
    place,
  }: { starts: readonly number[]; ends: readonly number[]; place: ReadonlyMap<number, number> },
): readonly number[] {
  const before = [0]
  for (const count of counts) before.push(before.at(-1)! + count)
  return ends.map((end, i) => before[place.get(end)!]! - before[place.get(starts[i]!)!]!)
}

/** Where records must be read one by one, none outside of the time are. */
function within(filter: Filter | undefined, fromMs: number, toMs: number): Filter {
  const time: Filter = {
    kind: 'field',
    field: 'timestamp',
    test: {
      op: 'range',
      low: { value: timeText(fromMs), inclusive: true },
      high: { value: timeText(toMs), inclusive: false },
    },
  }
  return filter ? allOf([filter, time]) : time
}

function timeText(ms: number): string {
  return new Date(Math.max(TIME_MS_MIN, Math.min(TIME_MS_MAX, ms))).toISOString()
}

function tooManySeries(): PromqlError {
  return new PromqlError(
    'execution',
    'the query makes too many series for so many steps; sum by fewer labels, or ask for less time',
  )
}

export function timedOut(): PromqlError {
  return new PromqlError('timeout', 'query timed out in expression evaluation')
}
