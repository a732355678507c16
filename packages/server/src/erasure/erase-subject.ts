/** Erases somebody everywhere: the records of a ledger, what was asked about them, what waits in quarantine, saved searches. */
import type { HeldBy } from '../holds/held.ts'
import { RANGES_MAX, rangesOf } from '../ledger/index-ranges.ts'
import { accessLedgerOf } from '../ledger/ledger-name.ts'
import type { LedgerView } from '../ledger/ledger-table.ts'
import { QUERY_TIMEOUT_MS, untilIndexed } from '../search/find.ts'
import type { Services } from '../services.ts'
import { concerns, type DataSubject, namer, subjectFilter, subjectHash } from './data-subject.ts'
import type { ErasureReasons } from './erasure-reasons.ts'

/** Records that one call erases; whoever asks again goes on. */
export const SUBJECT_RECORDS_MAX = 20_000
const ENTRIES_A_READ = 256
const RECORDS_A_PAGE = 1_000

export interface SubjectErasure {
  /** Nothing is left: there is no more, and nothing was held. */
  readonly complete: boolean
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
  /** Entries of the ledger that say so. */
  readonly erasureIndexes: readonly number[]
  readonly subjectHash: string
}

export type SubjectErasureDeps = Pick<
  Services,
  'searcher' | 'reader' | 'ledgers' | 'erasures' | 'directory' | 'saved' | 'holds' | 'now'
>

/** What is recorded while it runs is not looked at. Throws HOLD_BEGAN where it is to be done anew, and INDEX_BEHIND, with nothing erased, when searches do not find all of the ledger. */
export async function eraseSubject(
  subject: DataSubject,
  view: LedgerView,
  why: ErasureReasons,
  deps: SubjectErasureDeps,
): Promise<SubjectErasure> {
  const { name, idKey } = view.info
  const hash = subjectHash(subject, idKey)
  const isNamed = namer(subject)
  if (view.size > 0) await untilIndexed(deps.ledgers, view, view.size - 1)
  const holds = await deps.holds.of(name)
  const records = await recordsOf(subject, view, holds, deps)
  const facts = { ...why, subject: hash }
  const erasureIndexes = await erase(name, records.indexes, { ...facts, holdsSeenTo: holds.seenTo }, deps)
  const access = deps.ledgers.get(accessLedgerOf(name))
  // What is known of somebody who is held stays, wherever it is.
  const isDoomed = (text: string): boolean => isNamed(text) && holds.text(text).length === 0
  const accesses = access ? await naming(isDoomed, access, deps) : []
  if (access) await erase(access.info.name, accesses, facts, deps)
  return {
    complete: !records.more && records.held === 0,
    more: records.more,
    held: records.held,
    holds: [...records.holds].toSorted(),
    records: records.indexes.length,
    accesses: accesses.length,
    quarantined: await discardNaming(isDoomed, name, deps),
    savedSearches: await deps.saved.forget(name, isDoomed),
    erasureIndexes,
    subjectHash: hash,
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
  heldBy: HeldBy,
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
    if (indexes.length >= SUBJECT_RECORDS_MAX && page.next !== undefined)
      return { indexes, more: true, held, holds }
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
    for (const { index, core, personal } of entries)
      if (personal && isNamed(personal.text) && !isServers(core?.text)) indexes.push(index)
  }
  return indexes
}

/** Erasures and keys of a ledger cannot be erased; they name nobody. */
function isServers(coreText: string | undefined): boolean {
  const { action } = JSON.parse(coreText ?? '{}') as { action?: string }
  return action?.startsWith('trailproof.') === true
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
