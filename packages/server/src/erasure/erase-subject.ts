/** Erases somebody everywhere: the records of a ledger, what was asked about them, what waits in quarantine, saved searches. */
import type { HeldBy } from '../holds/held.ts'
import { RANGES_MAX, rangesOf } from '../ledger/index-ranges.ts'
import { accessLedgerOf } from '../ledger/ledger-name.ts'
import type { LedgerView } from '../ledger/ledger-table.ts'
import { isRecord } from '../ledger/read-entry.ts'
import { QUERY_TIMEOUT_MS, untilIndexed } from '../search/find.ts'
import type { Services } from '../services.ts'
import { concerns, type DataSubject, namer, subjectFilter, subjectHash } from './data-subject.ts'
import type { ErasureReasons } from './erasure-reasons.ts'

/** Records that one call erases; whoever asks again goes on. */
export const SUBJECT_RECORDS_MAX = 20_000
const ENTRIES_A_READ = 256
const RECORDS_A_PAGE = 1_000

export interface SubjectErasure {
  /** There is more; the same call goes on. */
  readonly more: boolean
  /** Records that legal holds keep, and the names of those. */
  readonly held: number
  readonly holds: readonly string[]
  readonly records: number
  /** Records of reads and changes that named the subject. */
  readonly accesses: number
  readonly quarantined: number
  readonly savedSearches: number
  /** Entries that say so, of the ledger that is open. */
  readonly erasureIndexes: readonly number[]
  readonly subjectHash: string
}

export type SubjectErasureDeps = Pick<
  Services,
  'searcher' | 'reader' | 'ledgers' | 'erasures' | 'directory' | 'saved' | 'holds' | 'now'
>

/**
 * Of the ledger that is open and of those that it has succeeded: `views`, the open one last. What is recorded while it runs is not looked at.
 * Throws HOLD_BEGAN where it is to be done anew, and INDEX_BEHIND, with nothing erased, when searches do not find all of them.
 */
export async function eraseSubject(
  subject: DataSubject,
  views: readonly LedgerView[],
  why: ErasureReasons,
  deps: SubjectErasureDeps,
): Promise<SubjectErasure> {
  const hash = subjectHash(subject, views.at(-1)!.info.idKey)
  for (const view of views) if (view.size > 0) await untilIndexed(deps.ledgers, view, view.size - 1)
  let sum: SubjectErasure = { ...NOTHING, subjectHash: hash }
  for (const view of views) {
    const recordsMax = SUBJECT_RECORDS_MAX - sum.records
    sum = added(sum, await eraseIn(view, { subject, hash, why, recordsMax }, deps))
    if (sum.more) return sum
  }
  return sum
}

const NOTHING = {
  more: false,
  held: 0,
  holds: [],
  records: 0,
  accesses: 0,
  quarantined: 0,
  savedSearches: 0,
  erasureIndexes: [],
}

function added(a: SubjectErasure, b: Omit<SubjectErasure, 'subjectHash'>): SubjectErasure {
  return {
    more: b.more,
    held: a.held + b.held,
    holds: [...new Set([...a.holds, ...b.holds])].toSorted(),
    records: a.records + b.records,
    accesses: a.accesses + b.accesses,
    quarantined: a.quarantined + b.quarantined,
    savedSearches: a.savedSearches + b.savedSearches,
    erasureIndexes: [...a.erasureIndexes, ...b.erasureIndexes],
    subjectHash: a.subjectHash,
  }
}

interface Asked {
  readonly subject: DataSubject
  readonly hash: string
  readonly why: ErasureReasons
  /** There is more beyond as many records. */
  readonly recordsMax: number
}

/** Of one ledger and what belongs to it. */
async function eraseIn(
  view: LedgerView,
  { subject, hash, why, recordsMax }: Asked,
  deps: SubjectErasureDeps,
): Promise<Omit<SubjectErasure, 'subjectHash'>> {
  const { name } = view.info
  const isNamed = namer(subject)
  const holds = await deps.holds.of(name)
  const records = await recordsOf(subject, view, { holds, recordsMax }, deps)
  const facts = { ...why, subject: hash }
  const erasureIndexes = await erase(name, records.indexes, { ...facts, holdsSeenTo: holds.seenTo }, deps)
  // What is known of somebody who is held stays, wherever it is.
  const isDoomed = (text: string): boolean => isNamed(text) && holds.text(text).length === 0
  let accesses = 0
  for (const access of deps.ledgers.chainOf(accessLedgerOf(name))) {
    const indexes = await naming(isDoomed, access, deps)
    await erase(access.info.name, indexes, facts, deps)
    accesses += indexes.length
  }
  return {
    more: records.more,
    held: records.held,
    holds: [...records.holds].toSorted(),
    records: records.indexes.length,
    accesses,
    quarantined: await discardNaming(isDoomed, name, deps),
    savedSearches: await deps.saved.forget(name, isDoomed),
    erasureIndexes,
  }
}

interface FoundRecords {
  /** Of those that nothing holds, in order. */
  readonly indexes: readonly number[]
  readonly more: boolean
  readonly held: number
  readonly holds: ReadonlySet<string>
}

async function recordsOf(
  subject: DataSubject,
  { info: { name: ledger }, size }: LedgerView,
  { holds: heldBy, recordsMax }: { readonly holds: HeldBy; readonly recordsMax: number },
  { searcher, now }: SubjectErasureDeps,
): Promise<FoundRecords> {
  const query = { ledger, filter: subjectFilter(subject), nowMs: now(), timeoutMs: QUERY_TIMEOUT_MS }
  const indexes: number[] = []
  const holds = new Set<string>()
  let held = 0
  for (let low: number | undefined = 0; low !== undefined; ) {
    const page = await searcher.search({ ...query, order: 'oldest', low, high: size, limit: RECORDS_A_PAGE })
    for (const entry of page.entries) {
      if (!entry.personal || !concerns(entry.personal.text, subject)) continue
      const names = heldBy.entry(entry)
      if (names.length === 0) indexes.push(entry.index)
      else held++
      for (const name of names) holds.add(name)
    }
    if (indexes.length >= recordsMax && page.next !== undefined) return { indexes, more: true, held, holds }
    low = page.next
  }
  return { indexes, more: false, held, holds }
}

/** Indexes of the entries of a ledger whose texts name the subject, in order. */
async function naming(
  isNamed: (text: string) => boolean,
  { info, size }: LedgerView,
  { reader }: SubjectErasureDeps,
): Promise<readonly number[]> {
  const indexes: number[] = []
  for (let from = 0; from < size; from += ENTRIES_A_READ) {
    const entries = await reader.entries(info.name, from, Math.min(ENTRIES_A_READ, size - from))
    // Erasures and keys of a ledger cannot be erased; they name nobody.
    for (const entry of entries)
      if (entry.personal && isNamed(entry.personal.text) && isRecord(entry)) indexes.push(entry.index)
  }
  return indexes
}

async function erase(
  ledger: string,
  indexes: readonly number[],
  facts: ErasureReasons & { readonly subject: string; readonly holdsSeenTo?: number },
  { erasures }: SubjectErasureDeps,
): Promise<readonly number[]> {
  const ranges = rangesOf(indexes)
  const saidAt: number[] = []
  for (let from = 0; from < ranges.length; from += RANGES_MAX) {
    const receipts = await erasures.erase({ ledger, ranges: ranges.slice(from, from + RANGES_MAX), ...facts })
    saidAt.push(receipts.indexes[0]!)
  }
  return saidAt
}

async function discardNaming(
  isNamed: (text: string) => boolean,
  ledger: string,
  { directory }: SubjectErasureDeps,
): Promise<number> {
  let discarded = 0
  for (let after: string | undefined; ; ) {
    const page = await directory.quarantined(ledger, after, ENTRIES_A_READ)
    for (const { id, source } of page) if (isNamed(source) && (await directory.discard(id))) discarded++
    if (page.length < ENTRIES_A_READ) return discarded
    after = page.at(-1)!.id
  }
}
