/** Deletes a ledger and those that it has succeeded: all that they hold, but for what they wrote of themselves, and what waits or is kept for them. */

import { RANGES_MAX, rangesOf } from '../ledger/index-ranges.ts'
import type { LedgerDeletion } from '../ledger/ledger-deletion.ts'
import { type LedgerInfo, wasDeleted } from '../ledger/ledger-info.ts'
import { isAccessLedger } from '../ledger/ledger-name.ts'
import type { LedgerView } from '../ledger/ledger-table.ts'
import { isRecord } from '../ledger/read-entry.ts'
import type { Services } from '../services.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { ErasureReasons } from './erasure-reasons.ts'

const QUARANTINED_A_READ = 256
const ENTRIES_A_READ = 256
/** Entries of one erasure, which are held in memory. */
const PIECE_ENTRIES = 16_384

export interface DeletedLedger {
  readonly deletion: LedgerDeletion
  /** Entries whose content was erased, also of its predecessors. */
  readonly records: number
  readonly quarantined: number
  readonly savedSearches: number
}

export type LedgerDeletionDeps = Pick<
  Services,
  'ledgers' | 'holds' | 'erasures' | 'reader' | 'directory' | 'saved'
>

/** Throws what speaks against it now: HELD, BAD_REQUEST, LEDGER_CLOSED or LEDGER_UNKNOWN. Gives the size up to which holds were looked at. */
export async function assertDeletable(
  ledger: string,
  { ledgers, holds }: Pick<Services, 'ledgers' | 'holds'>,
): Promise<number> {
  const info = ledgers.get(ledger)?.info
  if (!info) throw new TrailproofError('LEDGER_UNKNOWN', `there is no ledger ${ledger}`)
  if (info.state.kind === 'deleted') throw wasDeleted(ledger)
  const wrong = notDeletable(info)
  if (wrong !== undefined) throw new TrailproofError('BAD_REQUEST', wrong)
  const keeping = await holds.of(ledger)
  const names = new Set(keeping.all.map(({ name }) => name))
  // A hold of a range is known by its own ledger alone.
  for (const { info: before } of ledgers.predecessorsOf(ledger))
    for (const { name } of (await holds.of(before.name)).all) names.add(name)
  if (names.size > 0)
    throw new TrailproofError('HELD', `ledger ${ledger} is held by: ${[...names].toSorted().join(', ')}`)
  return keeping.seenTo
}

function notDeletable({ name, state }: LedgerInfo): string | undefined {
  if (isAccessLedger(name))
    return `${name} says who read and changed what: it is kept, and its retention says for how long`
  if (state.kind === 'closed')
    return `ledger ${name} was succeeded by ${state.successor}: it is deleted with that one`
  return state.kind === 'blocked' ? state.reason : undefined
}

/**
 * Rejects as `assertDeletable`, and with HOLD_BEGAN where it is to be looked at anew. Where it was deleted by the same approval, or by
 * nobody's, destroys what may be left.
 */
export async function deleteLedger(
  ledger: string,
  why: ErasureReasons,
  deps: LedgerDeletionDeps,
): Promise<DeletedLedger> {
  const isOver = deps.ledgers.get(ledger)?.info.state.kind === 'deleted'
  const holdsSeenTo = isOver ? 0 : await assertDeletable(ledger, deps)
  // First those before it: what is destroyed of them it says itself, as long as it takes entries.
  const predecessors = deps.ledgers.predecessorsOf(ledger)
  const chain = [...predecessors.map(({ info }) => info.name), ledger]
  let before = 0
  if (!isOver)
    for (const view of predecessors) before += await destroyAll(view, { ...why, holdsSeenTo }, deps)
  const deletion = await deps.erasures.deleteLedger({ ledger, holdsSeenTo, ...why })
  if (deletion.facts.approval?.id !== why.approval?.id) throw wasDeleted(ledger)
  return {
    deletion,
    records: deletion.ranges.reduce((sum, { from, to }) => sum + to - from, before),
    quarantined: await sumOver(chain, (name) => discardAll(name, deps)),
    savedSearches: await sumOver(chain, (name) => deps.saved.forget(name, () => true)),
  }
}

/** How many records of a closed ledger were destroyed, a bounded piece at a time. */
async function destroyAll(
  { info: { name: ledger }, size }: LedgerView,
  why: ErasureReasons & { readonly holdsSeenTo: number },
  { reader, erasures }: Pick<LedgerDeletionDeps, 'reader' | 'erasures'>,
): Promise<number> {
  let destroyed = 0
  let doomed: number[] = []
  const destroy = async (): Promise<void> => {
    const ranges = rangesOf(doomed)
    for (let from = 0; from < ranges.length; from += RANGES_MAX)
      await erasures.erase({ ledger, ranges: ranges.slice(from, from + RANGES_MAX), groups: 'both', ...why })
    destroyed += doomed.length
    doomed = []
  }
  for (let from = 0; from < size; from += ENTRIES_A_READ) {
    const entries = await reader.entries(ledger, from, Math.min(ENTRIES_A_READ, size - from))
    doomed.push(...entries.filter(isRecord).map(({ index }) => index))
    if (doomed.length >= PIECE_ENTRIES) await destroy()
  }
  await destroy()
  return destroyed
}

async function sumOver(names: readonly string[], count: (name: string) => Promise<number>): Promise<number> {
  let sum = 0
  for (const name of names) sum += await count(name)
  return sum
}

async function discardAll(
  ledger: string,
  { directory }: Pick<LedgerDeletionDeps, 'directory'>,
): Promise<number> {
  let discarded = 0
  for (let after: string | undefined; ; ) {
    const page = await directory.quarantined(ledger, after, QUARANTINED_A_READ)
    for (const { id } of page) if (await directory.discard(id)) discarded++
    if (page.length < QUARANTINED_A_READ) return discarded
    after = page.at(-1)!.id
  }
}
