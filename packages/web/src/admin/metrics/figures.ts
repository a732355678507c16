/** What the overview shows: each figure from what was measured at two times. */

import { quantile, rate, type Sample } from './sample.ts'
import { bytesText, countText, rateText, secondsText } from './units.ts'

export interface Figure {
  readonly title: string
  /** Undefined: nothing was measured. */
  readonly of: (before: Sample, after: Sample) => number | undefined
  readonly text: (value: number) => string
  /** What stands below it, small. */
  readonly note?: (now: Sample) => string
  /** Whether somebody has to look after it. */
  readonly isBad?: (value: number, now: Sample) => boolean
}

const level =
  (name: string): Figure['of'] =>
  (_, now) =>
    now.sum(name)

export const FIGURES: readonly Figure[] = [
  {
    title: 'Records',
    of: (before, now) => rate(before, now, 'trailproof_records_total', { status: 'recorded' }),
    text: rateText,
    note: (now) => `${countText(now.sum('trailproof_ledger_size'))} in all ledgers`,
  },
  {
    title: 'Acknowledged within',
    of: (before, now) => quantile(before, now, 'trailproof_ack_seconds', 0.99),
    text: secondsText,
    note: (now) => `99 of 100; ${countText(now.sum('trailproof_waiting_records'))} wait for the disk`,
  },
  {
    title: 'Search is late by',
    of: (_, now) => now.max('trailproof_index_lag_seconds'),
    text: secondsText,
    note: (now) => `${countText(now.sum('trailproof_index_lag_entries'))} entries are not indexed`,
    isBad: (seconds) => seconds > 60,
  },
  {
    title: 'Questions take',
    of: (before, now) => quantile(before, now, 'trailproof_search_seconds', 0.99),
    text: secondsText,
    note: (now) => `99 of 100; ${countText(now.sum('trailproof_tail_sessions'))} live tails`,
  },
  {
    title: 'Requests',
    of: (before, now) => rate(before, now, 'trailproof_http_requests_total'),
    text: rateText,
    note: (now) => `${countText(now.sum('trailproof_http_requests_in_flight'))} being answered`,
  },
  {
    title: 'Refused',
    of: (before, now) => rate(before, now, 'trailproof_refusals_total'),
    text: rateText,
    note: (now) => `${countText(now.sum('trailproof_refusals_total'))} since the start`,
  },
  {
    title: 'Disk left',
    of: level('trailproof_disk_free_bytes'),
    text: bytesText,
    note: (now) => `refuses below ${bytesText(now.sum('trailproof_disk_reserve_bytes'))}`,
    isBad: (bytes, now) => bytes < 2 * now.sum('trailproof_disk_reserve_bytes'),
  },
  {
    title: 'Quarantine',
    of: level('trailproof_quarantined_records'),
    text: countText,
    note: (now) => `room for ${countText(now.sum('trailproof_quarantine_records_max'))}`,
    isBad: (records, now) => records > 0.8 * now.sum('trailproof_quarantine_records_max'),
  },
  {
    title: 'Memory',
    of: level('process_resident_memory_bytes'),
    text: bytesText,
    note: (now) => `of it ${bytesText(now.sum('nodejs_heap_size_used_bytes'))} JavaScript`,
  },
  {
    title: 'Processor',
    of: (before, now) => rate(before, now, 'process_cpu_seconds_total'),
    text: (cores) => `${(cores * 100).toFixed(0)} %`,
    note: (now) => `of a core; up for ${secondsText(now.at / 1000 - now.sum('process_start_time_seconds'))}`,
  },
]

/** One for each of the samples but the first, which has nothing before it. */
export function valuesOf({ of }: Figure, samples: readonly Sample[]): readonly (number | undefined)[] {
  return samples.slice(1).map((sample, i) => of(samples[i]!, sample))
}
