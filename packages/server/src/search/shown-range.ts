/** Which time a count over time is drawn for, where the query leaves a side of it open. */
import { type Filter, recordTimeMs, type TimeBounds, timeBounds } from '@trailproof/core/query'
import type { Sight } from '../access/sight.ts'
import { recordedAtOf } from '../ledger/leaf-time.ts'
import type { LedgerReader } from '../ledger/ledger-store.ts'
import type { ReadEntry } from '../ledger/read-entry.ts'
import { searchedRecord } from './entry-filter.ts'
import type { SearchIndex } from './search-index.ts'
import type { SortRequest } from './searcher.ts'

export interface TimeRange {
  /** ms since 1970, inclusive. */
  readonly fromMs: number
  /** Exclusive. */
  readonly toMs: number
}

/** Producers' clocks that are further ahead than this are wrong, not merely of another time zone. */
const AHEAD_MAX_MS = 86_400_000
/** Records older than this when the ledger began are taken for those of a clock that was never set. Ten years. */
const BEFORE_LEDGER_MAX_MS = 315_576_000_000
/** No record's time is outside of these years, whatever its zone. */
export const ALL_TIME: TimeRange = {
  fromMs: Date.UTC(-1, 0, 1),
  toMs: Date.UTC(10_001, 0, 1),
}
/** What four digits of a year can say: 0000 to 9999. */
const TEXT_MS_MIN = -62_167_219_200_000
const TEXT_MS_MAX = 253_402_300_799_999

/**
 * The producers' times of a ledger between the bounds asked for. An open side ends where clocks can be believed,
 * so that one wrong clock does not stretch what is drawn over 8,000 years: ten years before the ledger's first
 * entry, and a day from now. To the minute where an entry lies outside; undefined when none lies inside.
 */
export async function believedRange(
  { index, ledgers }: { index: SearchIndex; ledgers: LedgerReader },
  { ledger, bounds, nowMs }: { ledger: string; bounds: TimeBounds; nowMs: number },
): Promise<TimeRange | undefined> {
  const [first] = await ledgers.readEntries(ledger, 0, 1)
  if (!first) return undefined
  const earliest = recordedAtOf(first.leaf) / 1000 - BEFORE_LEDGER_MAX_MS
  const latest = nowMs + AHEAD_MAX_MS
  const { fromMs = earliest, toMs = latest } = bounds
  // Who asks for what comes later, or was before, means it.
  return index.timeRange(ledger, {
    fromMs: bounds.fromMs === undefined && toMs <= earliest ? ALL_TIME.fromMs : fromMs,
    toMs: bounds.toMs === undefined && fromMs >= latest ? ALL_TIME.toMs : toMs,
  })
}

/** Asks for the times of a ledger that can be believed; the searcher's thread answers. */
export interface TimeRanges {
  believedRange(request: {
    ledger: string
    bounds: TimeBounds
    nowMs: number
  }): Promise<TimeRange | undefined>
}

export interface ShownRangeRequest {
  readonly ledger: string
  /** The rows of the sight are in it. */
  readonly filter: Filter | undefined
  readonly nowMs: number
  readonly sight: Pick<Sight, 'rows'>
}

/** Finds the first and the last time among records. */
export interface VisibleRanges {
  sorted(request: SortRequest): Promise<{ readonly entries: readonly ReadEntry[] }>
}

/** Matches that are looked at for their times; of more, the newest. */
const VISIBLE_MAX = 100_000
const VISIBLE_TIMEOUT_MS = 5000

/** Of who sees some records of a ledger: from when to when the others are is nothing they may know. */
async function visibleRange(
  searcher: VisibleRanges,
  query: Pick<ShownRangeRequest, 'ledger' | 'filter' | 'nowMs'>,
): Promise<TimeRange | undefined> {
  const end = async (descending: boolean): Promise<number | undefined> => {
    const { entries } = await searcher.sorted({
      ...query,
      field: 'timestamp',
      descending,
      limit: 1,
      matchesMax: VISIBLE_MAX,
      timeoutMs: VISIBLE_TIMEOUT_MS,
    })
    const [entry] = entries
    return entry && recordTimeMs(searchedRecord(entry))
  }
  const fromMs = await end(false)
  const lastMs = await end(true)
  return fromMs === undefined || lastMs === undefined ? undefined : { fromMs, toMs: lastMs + 1 }
}

/** What was asked for; an open end reaches to now, or as far as clocks are ahead, an open begin to the first record. */
export async function shownRange(
  searcher: TimeRanges & VisibleRanges,
  { ledger, filter, nowMs, sight }: ShownRangeRequest,
): Promise<TimeRange & { readonly found: TimeRange | undefined }> {
  const bounds = timeBounds(filter, nowMs)
  const found =
    sight.rows === undefined
      ? await searcher.believedRange({ ledger, bounds, nowMs })
      : await visibleRange(searcher, { ledger, filter, nowMs })
  const fromMs = bounds.fromMs ?? found?.fromMs ?? Math.min(nowMs, bounds.toMs ?? nowMs)
  const latest = found?.toMs ?? nowMs
  const toMs = bounds.toMs ?? (bounds.fromMs === undefined ? latest : Math.max(latest, nowMs))
  return { fromMs, toMs: Math.max(fromMs + 1, toMs), found }
}

/** RFC 3339, whose years have four digits. */
export function timeText(ms: number): string {
  return new Date(Math.max(TEXT_MS_MIN, Math.min(TEXT_MS_MAX, ms))).toISOString()
}
