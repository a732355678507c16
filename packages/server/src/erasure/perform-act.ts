/** Does what was asked for, at once or after somebody approved it, and records it where readers of accesses look. */
import { decodeUuid } from '@trailproof/core'
import {
  type Act,
  type HoldRelease,
  type LedgerDeletionAct,
  ledgersOf,
  type RecordsErasure,
  type RetentionChange,
  type SubjectErasureAct,
} from '../approvals/act.ts'
import type { Hands, Outcome } from '../approvals/approvals.ts'
import { Held } from '../holds/held.ts'
import type { LedgerHolds } from '../holds/holds.ts'
import type { CommitReceipts } from '../ledger/commit-batch.ts'
import { wasDeleted } from '../ledger/ledger-info.ts'
import type { IndexRange } from '../ledger/ledger-store.ts'
import type { LedgerTable, LedgerView } from '../ledger/ledger-table.ts'
import { formatMicros } from '../process/format-time.ts'
import type { Services } from '../services.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { deleteLedger } from './delete-ledger.ts'
import { eraseSubject, type SubjectErasure, type SubjectErasureDeps } from './erase-subject.ts'
import { type ErasureReasons, reasonsOf } from './erasure-reasons.ts'

export type ActDeps = SubjectErasureDeps & Pick<Services, 'accessLog' | 'retention'>

/** The request that an act came with; none when it was approved before. */
export interface From {
  readonly ip: string
  readonly id: string
}

/** The outcome names nobody. Rejects with what `Erasures.erase` does, and with ENTRY_UNKNOWN for an id that there is not. */
export async function performAct(act: Act, hands: Hands, deps: ActDeps, from?: From): Promise<Outcome> {
  switch (act.kind) {
    case 'erasure':
      return await eraseRecords(act, hands, deps, from)
    case 'subject-erasure':
      return await eraseAllOf(act, hands, deps, from)
    case 'hold-release':
      return await releaseHold(act, hands, deps, from)
    case 'retention':
      return await changeRetention(act, hands, deps, from)
    case 'ledger-deletion':
      return await deleteWhole(act, hands, deps, from)
  }
}

/** Where records stand in a ledger. */
interface Places {
  readonly ledger: string
  readonly ranges: readonly IndexRange[]
}

/**
 * Where each record stands, in every ledger that the act reaches: what was sent again after a restore stands in two. Rejects with ENTRY_UNKNOWN
 * for what stands in none.
 */
export async function placesOf(
  act: RecordsErasure,
  { reader, ledgers: table }: Pick<Services, 'reader' | 'ledgers'>,
): Promise<readonly Places[]> {
  const ledgers = reachedBy(act, table).map(({ info }) => info.name)
  const found = new Map<string, IndexRange[]>(ledgers.map((ledger) => [ledger, []]))
  for (const id of act.ids) {
    const bytes = decodeUuid(id.toLowerCase())
    let isFound = false
    for (const ledger of ledgers) {
      const index = bytes && (await reader.find(ledger, bytes))
      if (index === undefined) continue
      found.get(ledger)!.push({ from: index, to: index + 1 })
      isFound = true
    }
    if (!isFound) throw new TrailproofError('ENTRY_UNKNOWN', `ledger ${act.ledger} has no record ${id}`)
  }
  return [...found].flatMap(([ledger, ranges]) => (ranges.length === 0 ? [] : [{ ledger, ranges }]))
}

async function eraseRecords(
  act: RecordsErasure,
  hands: Hands,
  deps: ActDeps,
  from: From | undefined,
): Promise<Outcome> {
  const { name } = writable(act.ledger, deps).info
  const places = await placesOf(act, deps)
  const said = await untilHoldsStand(async () => {
    const keeping = await assertNotHeld(places, deps)
    return await eraseAt(places, { ...reasonsOf(act, hands), holdsSeenTo: keeping.seenTo }, deps)
  })
  for (const { ledger, ranges } of places)
    await record(ledger, hands, 'erasure', { ranges, authority: act.authority }, deps, from)
  const indexes = said.map((receipts) => receipts.indexes[0]!)
  return {
    ledger: name,
    erased: act.ids,
    erasure_index: indexes[0],
    erasure_indexes: indexes,
    recorded_at: formatMicros(said[0]!.recordedAt[0]!),
  }
}

async function eraseAt(
  places: readonly Places[],
  facts: ErasureReasons & { readonly holdsSeenTo: number },
  { erasures }: Pick<Services, 'erasures'>,
): Promise<readonly CommitReceipts[]> {
  const said: CommitReceipts[] = []
  for (const place of places) said.push(await erasures.erase({ ...place, ...facts }))
  return said
}

/** One step of an erasure where nobody had to approve it: whoever asks goes on. */
export async function eraseSomeOf(
  act: SubjectErasureAct,
  hands: Hands,
  deps: ActDeps,
  from: From | undefined,
): Promise<{ readonly outcome: Outcome; readonly more: boolean }> {
  const view = writable(act.ledger, deps)
  const reached = reachedBy(act, deps.ledgers)
  const subject = { id: act.subject.id, type: act.subject.type }
  const erased = await untilHoldsStand(() => eraseSubject(subject, reached, reasonsOf(act, hands), deps))
  // Not who it was: that is what has just been erased.
  const { subjectHash, records, held } = erased
  const asked = { subject: subjectHash, records, held, authority: act.authority }
  await record(view.info.name, hands, 'erasure', asked, deps, from)
  return { outcome: outcomeOf(view, erased), more: erased.more }
}

/** All of it: nobody is asked to approve the rest. */
async function eraseAllOf(
  act: SubjectErasureAct,
  hands: Hands,
  deps: ActDeps,
  from: From | undefined,
): Promise<Outcome> {
  let sum: Outcome | undefined
  for (;;) {
    const { outcome, more } = await eraseSomeOf(act, hands, deps, from)
    sum = sum === undefined ? outcome : added(sum, outcome)
    if (!more) return sum
  }
}

function outcomeOf({ info }: LedgerView, erased: SubjectErasure): Outcome {
  const { subjectHash, more, held, holds, records } = erased
  const { accesses, quarantined, savedSearches, erasureIndexes } = erased
  return {
    ledger: info.name,
    // Nothing is left: there is no more, and nothing was held.
    complete: !more && held === 0,
    records,
    held,
    holds,
    accesses,
    quarantined,
    saved_searches: savedSearches,
    erasure_indexes: erasureIndexes,
    subject: subjectHash,
  }
}

const SUMMED = ['records', 'accesses', 'quarantined', 'saved_searches'] as const

function added(a: Outcome, b: Outcome): Outcome {
  const sums = SUMMED.map((name) => [name, (a[name] as number) + (b[name] as number)]) // numbers of `outcomeOf`
  const indexes = [a, b].flatMap(({ erasure_indexes }) => erasure_indexes)
  return { ...b, ...Object.fromEntries(sums), erasure_indexes: indexes }
}

async function releaseHold(
  act: HoldRelease,
  hands: Hands,
  deps: ActDeps,
  from: From | undefined,
): Promise<Outcome> {
  const { ledger, name, heldAt, authority, reason } = act
  await deps.holds.release({ ledger, name, heldAt, reason }, hands)
  await record(ledger, hands, 'hold.released', { name, authority, reason }, deps, from)
  return { ledger, hold: name }
}

async function changeRetention(
  { ledger, rules }: RetentionChange,
  hands: Hands,
  deps: ActDeps,
  from: From | undefined,
): Promise<Outcome> {
  // JSON has no member that is undefined.
  const whole = rules.map(({ name, keepDays, query }) => ({ name, keepDays, query }))
  await deps.retention.put(ledger, whole, hands)
  await record(ledger, hands, 'retention.changed', { rules: JSON.stringify(rules) }, deps, from)
  void deps.retention.pass() // tells its failures itself
  return { ledger, rules: rules.length }
}

async function deleteWhole(
  act: LedgerDeletionAct,
  hands: Hands,
  deps: ActDeps,
  from: From | undefined,
): Promise<Outcome> {
  const { ledger, authority, reason } = act
  const deleted = await untilHoldsStand(() => deleteLedger(ledger, reasonsOf(act, hands), deps))
  const { deletion, records, quarantined, savedSearches } = deleted
  await record(ledger, hands, 'ledger.deleted', { records, authority, reason }, deps, from)
  return {
    ledger,
    records,
    quarantined,
    saved_searches: savedSearches,
    erasure_indexes: deletion.indexes,
    recorded_at: formatMicros(deletion.recordedAt),
  }
}

/** Up to where holds were looked at; throws Held for what they keep of the places. */
export async function assertNotHeld(
  places: readonly Places[],
  { holds, reader }: Pick<Services, 'holds' | 'reader'>,
): Promise<Pick<LedgerHolds, 'seenTo'>> {
  const held: Held['entries'][number][] = []
  let seenTo = Infinity
  for (const { ledger, ranges } of places) {
    const keeping = await holds.of(ledger)
    // All of them are said by the one ledger that is open.
    seenTo = Math.min(seenTo, keeping.seenTo)
    if (keeping.all.length === 0) continue
    for (const { from, to } of ranges)
      for (const entry of await reader.entries(ledger, from, to - from)) {
        const names = keeping.entry(entry)
        if (names.length > 0) held.push({ ledger, index: entry.index, holds: names })
      }
  }
  if (held.length > 0) throw new Held(held)
  return { seenTo }
}

/** Tries of what holds come in the way of. */
const TRIES = 5

/** Looks again where a hold has begun since the holds were looked at. */
async function untilHoldsStand<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++)
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof TrailproofError) || error.code !== 'HOLD_BEGAN' || tries === TRIES) throw error
    }
}

/** The ledgers that are erased from, the open one last: also what has succeeded the one that was asked for since. */
function reachedBy(act: RecordsErasure | SubjectErasureAct, ledgers: LedgerTable): readonly LedgerView[] {
  const chain = ledgers.chainOf(act.ledger)
  const asked = new Set(ledgersOf(act))
  const own = chain.findIndex(({ info }) => info.name === act.ledger)
  return chain.filter(({ info }, i) => i >= own || asked.has(info.name))
}

/** Where records for a ledger go. */
function writable(ledger: string, { ledgers }: Pick<Services, 'ledgers'>): LedgerView {
  const view = ledgers.writable(ledger)
  if (!view) throw new TrailproofError('LEDGER_UNKNOWN', `there is no ledger ${ledger}`)
  if (view.info.state.kind === 'deleted') throw wasDeleted(view.info.name)
  return view
}

/** Names both where it took two. */
async function record(
  ledger: string,
  { askedBy, approval }: Hands,
  action: string,
  asked: Readonly<Record<string, unknown>>,
  { accessLog }: Pick<Services, 'accessLog'>,
  from: From | undefined,
): Promise<void> {
  await accessLog.change({
    ledger,
    caller: askedBy,
    action,
    ip: from?.ip,
    requestId: from?.id,
    asked: { ...asked, ...(approval && { approval: approval.id, approved_by: approval.by }) },
  })
}
