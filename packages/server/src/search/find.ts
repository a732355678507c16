/** Pages of records for whoever asks: the API, gRPC, exports. Checks the cursor, waits for the index, reads the page. */
import type { RecordView } from '@trailproof/core'
import type { Filter } from '@trailproof/core/query'
import { seenRecord } from '../access/seen-record.ts'
import type { Sight } from '../access/sight.ts'
import type { LedgerView } from '../ledger/ledger-table.ts'
import type { Services } from '../services.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { formatCursor, readCursor } from './cursor.ts'
import type { MatchCount } from './searcher.ts'

/** How long a search may take; then its answer says how far it came. */
export const QUERY_TIMEOUT_MS = 5000
/** Until an index that was asked for is indexed. */
const MIN_INDEX_WAIT_MS = 10_000
/** Matches that must be looked at one by one are counted up to here. */
const COUNT_MAX = 10_000

export interface FindRequest {
  readonly view: LedgerView
  /** What is shown of each record; its rows are in the filter already. */
  readonly sight: Sight
  /** Cursors are theirs alone. */
  readonly callerId: string
  readonly filter: Filter | undefined
  /** The same text for the same query. */
  readonly scope: string
  readonly order: 'newest' | 'oldest'
  readonly limit: number
  readonly cursor?: string
  /** Waits until the entry at this index is found by searches. */
  readonly minIndex?: number
  /** Counts the matches too. */
  readonly count?: boolean
}

export interface FoundPage {
  readonly records: readonly RecordView[]
  /** Cursor of the next page; undefined: there is none. */
  readonly next: string | undefined
  /** False: time ran out; the next page goes on. */
  readonly complete: boolean
  readonly indexedSize: number
  readonly total: MatchCount | undefined
  readonly tookMs: number
}

/** Throws BAD_REQUEST for a cursor of another query, and what `untilIndexed` does for `minIndex`. */
export async function findPage(
  { searcher, ledgers, cursorKey, now }: Pick<Services, 'searcher' | 'ledgers' | 'cursorKey' | 'now'>,
  { view, sight, callerId, filter, scope, order, limit, cursor, minIndex, count }: FindRequest,
): Promise<FoundPage> {
  const started = performance.now()
  const ledger = view.info.name
  const cursorScope = { ledger, query: `${order} ${scope}`, callerId }
  const place = cursor === undefined ? undefined : readCursor(cursorKey, cursorScope, cursor)
  if (cursor !== undefined && !place)
    throw new TrailproofError('BAD_REQUEST', 'the cursor belongs to another query, ledger or key')
  await untilIndexed(ledgers, view, minIndex)
  const nowMs = place?.nowMs ?? now()
  const query = { ledger, filter, nowMs, timeoutMs: QUERY_TIMEOUT_MS }
  const page = await searcher.search({
    ...query,
    order,
    limit,
    ...(place && (order === 'newest' ? { high: place.next } : { low: place.next })),
  })
  const total = count ? await searcher.count({ ...query, cap: COUNT_MAX }) : undefined
  return {
    records: page.entries.map((entry) => seenRecord(ledger, entry, sight)),
    next:
      page.next === undefined ? undefined : formatCursor(cursorKey, cursorScope, { next: page.next, nowMs }),
    complete: page.complete,
    indexedSize: page.indexedSize,
    total,
    tookMs: performance.now() - started,
  }
}

/** Throws BAD_REQUEST for an entry that is not there yet, and INDEX_BEHIND when searches do not find it in time. */
export async function untilIndexed(
  ledgers: Services['ledgers'],
  { info: { name }, size, indexedSize }: LedgerView,
  minIndex: number | undefined,
): Promise<void> {
  if (minIndex === undefined) return
  if (minIndex >= size)
    throw new TrailproofError('BAD_REQUEST', `min_index ${minIndex}: ledger ${name} has ${size} entries`)
  if (await ledgers.indexReached(name, minIndex + 1, MIN_INDEX_WAIT_MS)) return
  const detail = `index ${minIndex} is not indexed yet; search stands at ${indexedSize}`
  throw new TrailproofError('INDEX_BEHIND', detail, { retryable: true })
}
