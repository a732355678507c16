/** The port that finds entries by their fields and words. Everything in it can be rebuilt from the ledger. */

import type { Filter } from '@trailproof/core/query'
import type { IndexRange } from '../ledger/ledger-store.ts'
import type { Deadline } from './deadline.ts'

/** What the index keeps of one entry. Texts are as in the record. */
export interface IndexedEntry {
  readonly index: number
  readonly recordedAt: number
  /** The core group's record fields, parsed. */
  readonly core: Readonly<Record<string, unknown>>
  /** The personal group's fields, parsed; undefined when erased. */
  readonly personal: Readonly<Record<string, unknown>> | undefined
}

export interface CandidateRequest {
  readonly ledger: string
  /** Undefined: every entry. Saved searches in it have been put in their places. */
  readonly filter: Filter | undefined
  /** What `last` counts back from, ms since 1970. */
  readonly nowMs: number
  /** `newest`: from the highest index down. */
  readonly order: 'newest' | 'oldest'
  /** Entries from `low`, inclusive, to `high`, exclusive. */
  readonly low: number
  readonly high: number
  readonly limit: number
}

export interface CandidatePage {
  /** Entries that match or may match, in the order asked for; none that matches is missing. */
  readonly indexes: readonly number[]
  /** True: all of them match. False: the caller compares each with its record. */
  readonly exact: boolean
  /** Where the rest begins: the `high` (newest first) or `low` of the next request; undefined at the end. */
  readonly next: number | undefined
}

export interface TallyRequest {
  readonly ledger: string
  readonly filter: Filter | undefined
  readonly nowMs: number
  /** Rising bounds of buckets of the producer's time, ms since 1970; none: one bucket without bounds. */
  readonly edges: readonly number[]
  /** Fields; several joined by `JOINT` (tally-cells.ts) are counted together. */
  readonly by: readonly string[]
  /** Whether an entry without a value counts under the empty text. Default false: it only counts for the whole. */
  readonly countsMissing?: boolean
}

export interface Tally {
  /** Matching entries for each bucket. */
  readonly counts: readonly number[]
  /** For each of `by`: its values and their counts for each bucket. Values of several fields are joined by U+001F. */
  readonly by: Readonly<Record<string, ReadonlyMap<string, readonly number[]>>>
  /** False: time ran out, or values were cut. */
  readonly complete: boolean
  /** True: there were more values than are kept; entries of the others count for the whole alone. */
  readonly valuesCut: boolean
}

/** All methods may be called concurrently; `apply`, `eraseEntries` and `reset` by one indexer. */
export interface SearchIndex {
  /** How far the ledger has been indexed; 0 when not at all. */
  cursor(ledger: string): Promise<number>
  /**
   * Indexes entries and moves the cursor to `cursor`, together or not at all. Applying the same entries
   * again changes nothing. Entries below the cursor are ignored.
   */
  apply(ledger: string, entries: readonly IndexedEntry[], cursor: number): Promise<void>
  /**
   * Forgets the personal fields of entries, in every file; `entries` are as they were indexed, personal
   * group included. Entries already forgotten are passed over.
   */
  eraseEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<void>
  /**
   * Drops entries, as they were indexed but perhaps for their personal group, in every file: they are neither found nor counted any more. Entries
   * that are not there are passed over. False, and nothing done, by a driver that cannot: its index of the ledger is to be reset.
   */
  forgetEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<boolean>
  /**
   * What any other process has read of the ledger before this call it can no longer apply: its `apply` rejects with HEAD_MOVED. Nothing to do
   * for a driver that one process has for itself.
   */
  fence(ledger: string): Promise<void>
  /** The entries of a range of which something personal may still be in the index, in any order. */
  personalIn(ledger: string, range: IndexRange): Promise<readonly number[]>
  /** A page is short, and `next` says where to go on, when the time is over. */
  candidates(request: CandidateRequest, deadline: Deadline): Promise<CandidatePage>
  /** Counts without reading records; undefined when filter or fields ask for more than the index knows. */
  tally(request: TallyRequest, deadline: Deadline): Promise<Tally | undefined>
  /**
   * The earliest and the latest of the producers' times in ms since 1970, the latter exclusive; of those `within`,
   * to the minute. Undefined when there are none.
   */
  timeRange(
    ledger: string,
    within?: { fromMs: number; toMs: number },
  ): Promise<{ fromMs: number; toMs: number } | undefined>
  /** How a filter would be answered, for people. */
  explain(request: Pick<CandidateRequest, 'ledger' | 'filter' | 'nowMs'>): Promise<readonly string[]>
  /** Drops everything known of a ledger, cursor included; a driver may drop other ledgers with it. */
  reset(ledger: string): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
