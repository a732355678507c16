/** Finds records: the index names candidates, and where it does not decide alone, each is compared with its record. */
import { compileField, recordMatcher, resolveField } from '@trailproof/core/query'
import type { LedgerReader, StoredEntry } from '../ledger/ledger-store.ts'
import { Deadline } from './deadline.ts'
import { indexedEntry } from './indexed-entry.ts'
import { RecordReader } from './record-reader.ts'
import { RecordTally } from './record-tally.ts'
import type { CandidateRequest, SearchIndex, Tally, TallyRequest } from './search-index.ts'
import { keepFirst, type SortKey, sortKey } from './sort-key.ts'

/** Candidates asked for at once when they are compared with their records. */
const CANDIDATES_MAX = 4096

export interface SearchRequest extends Omit<CandidateRequest, 'low' | 'high'> {
  /** Default: the first entry. */
  readonly low?: number
  /** Default: the end of what is indexed. */
  readonly high?: number
  /** Milliseconds until the answer is given as far as it is. */
  readonly timeoutMs: number
}

export interface SearchPage {
  readonly entries: readonly StoredEntry[]
  /** The `high` (newest first) or `low` of the next page; undefined: there is none. */
  readonly next: number | undefined
  /** False: time ran out before the page was full; `next` goes on. */
  readonly complete: boolean
  /** How far the ledger was indexed when the search began. */
  readonly indexedSize: number
}

/** How many match; `capped`: at least so many. */
export interface MatchCount {
  readonly count: number
  readonly capped: boolean
}

export interface CountRequest extends Pick<SearchRequest, 'ledger' | 'filter' | 'nowMs' | 'timeoutMs'> {
  /** Counting stops here where matches must be looked at one by one. */
  readonly cap: number
}

export interface SortRequest
  extends Pick<SearchRequest, 'ledger' | 'filter' | 'nowMs' | 'limit' | 'timeoutMs'> {
  readonly field: string
  readonly descending: boolean
  readonly matchesMax: number
}

/** `complete`: all matches were sorted. */
export interface SortedPage extends Omit<SearchPage, 'next'> {
  /** How many entries were found and sorted. */
  readonly matched: number
}

export interface TallyQuery extends Omit<TallyRequest, 'by'> {
  /** Any fields; the index counts those it knows. Several joined by `JOINT` are counted together. */
  readonly by: readonly string[]
  readonly timeoutMs: number
  /** Records read at most for what the index cannot count. */
  readonly sample: number
}

export interface TallyAnswer extends Tally {
  /** Records that were read, newest first, to count what the index cannot; undefined: none, and all are counted. */
  readonly sampled: number | undefined
}

export class Searcher {
  readonly #index: SearchIndex
  readonly #ledgers: LedgerReader

  constructor(index: SearchIndex, ledgers: LedgerReader) {
    this.#index = index
    this.#ledgers = ledgers
  }

  async search(request: SearchRequest): Promise<SearchPage> {
    const deadline = new Deadline(request.timeoutMs)
    const indexedSize = await this.#index.cursor(request.ledger)
    const { limit, order } = request
    const entries: StoredEntry[] = []
    let range = { low: request.low ?? 0, high: Math.min(request.high ?? indexedSize, indexedSize) }
    for await (const step of this.#matches({ ...request, ...range }, deadline)) {
      entries.push(...step.matches)
      if (entries.length >= limit) {
        const page = entries.slice(0, limit)
        const last = page.at(-1)!.index
        return { entries: page, next: order === 'newest' ? last : last + 1, complete: true, indexedSize }
      }
      if (step.next === undefined) break
      range = order === 'newest' ? { ...range, high: step.next } : { ...range, low: step.next }
      if (deadline.isOver) return { entries, next: step.next, complete: false, indexedSize }
    }
    return { entries, next: undefined, complete: true, indexedSize }
  }

  /** The first `limit` of at most `matchesMax` matches in the order of a field; of more, the newest are sorted. */
  async sorted({ field, descending, matchesMax, ...request }: SortRequest): Promise<SortedPage> {
    const deadline = new Deadline(request.timeoutMs)
    const valuesOf = compileField(resolveField(field)!)
    const high = await this.#index.cursor(request.ledger)
    const found: { key: SortKey; entry: StoredEntry }[] = []
    const all = { ...request, order: 'newest', low: 0, high, limit: CANDIDATES_MAX } as const
    let [matched, complete] = [0, true]
    for await (const { matches } of this.#matches(all, deadline)) {
      for (const entry of matches.slice(0, matchesMax - matched))
        found.push({ key: sortKey(valuesOf, entry), entry })
      matched += matches.length
      complete = matched <= matchesMax && !deadline.isOver
      if (!complete) break
      // Only what can still be among the first is kept.
      if (found.length > 4 * CANDIDATES_MAX) keepFirst(found, request.limit, descending)
    }
    keepFirst(found, request.limit, descending)
    const entries = found.map(({ entry }) => entry)
    return { entries, matched: Math.min(matched, matchesMax), complete, indexedSize: high }
  }

  async count({ cap, ...request }: CountRequest): Promise<MatchCount> {
    const deadline = new Deadline(request.timeoutMs)
    const tally = await this.#index.tally({ ...request, edges: [], by: [] }, deadline)
    if (tally) return { count: tally.counts[0]!, capped: !tally.complete }
    const high = await this.#index.cursor(request.ledger)
    let count = 0
    for await (const { matches } of this.#matches(
      { ...request, order: 'newest', low: 0, high, limit: cap },
      deadline,
    )) {
      count += matches.length
      if (count >= cap || deadline.isOver) return { count: Math.min(count, cap), capped: true }
    }
    return { count, capped: false }
  }

  /**
   * Counts by time and by the values of any fields. What the index cannot count, from the newest `sample` records
   * that match.
   */
  async tally(request: TallyQuery): Promise<TallyAnswer> {
    const deadline = new Deadline(request.timeoutMs)
    const tally = await this.#index.tally(request, deadline)
    if (tally) return { ...tally, sampled: undefined }
    const cells = new RecordTally(request)
    const high = await this.#index.cursor(request.ledger)
    let sampled = 0
    const all = { ...request, order: 'newest', low: 0, high, limit: CANDIDATES_MAX } as const
    for await (const { matches } of this.#matches(all, deadline)) {
      for (const entry of matches) {
        cells.add(indexedEntry(entry))
        if (++sampled === request.sample) return { ...cells.tally(false), sampled }
      }
      if (deadline.isOver) return { ...cells.tally(false), sampled }
    }
    return { ...cells.tally(true), sampled }
  }

  /** Matching entries in the order asked for, a step at a time; `next` as in a page of candidates. */
  async *#matches(
    request: CandidateRequest,
    deadline: Deadline,
  ): AsyncGenerator<{ matches: StoredEntry[]; next: number | undefined }> {
    const { filter, ledger, nowMs, order } = request
    const records = new RecordReader(this.#ledgers, ledger)
    const matches = filter && recordMatcher(filter, { nowMs })
    let { low, high, limit } = request
    for (;;) {
      const page = await this.#index.candidates({ ...request, low, high, limit }, deadline)
      const found: StoredEntry[] = []
      for (const index of page.indexes) {
        const entry = await records.at(index)
        // What was destroyed since it was found is no record any more.
        if (entry?.core.kind === 'present' && (page.exact || !matches || matches(indexedEntry(entry))))
          found.push(entry)
        else if (!(await deadline.hasTime())) {
          yield { matches: found, next: order === 'newest' ? index : index + 1 }
          return
        }
      }
      yield { matches: found, next: page.next }
      if (page.next === undefined || deadline.isOver) return
      if (order === 'newest') high = page.next
      else low = page.next
      if (!page.exact) limit = Math.min(limit * 2, CANDIDATES_MAX)
    }
  }
}
