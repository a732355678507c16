/** Deletes a ledger: all that it holds, but for what it wrote of itself, and what waits or is kept for it beside it. */

import type { LedgerDeletion } from '../ledger/ledger-deletion.ts'
import { type LedgerInfo, wasDeleted } from '../ledger/ledger-info.ts'
import { isAccessLedger } from '../ledger/ledger-name.ts'
import type { Services } from '../services.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { ErasureReasons } from './erasure-reasons.ts'

const QUARANTINED_A_READ = 256

export interface DeletedLedger {
  readonly deletion: LedgerDeletion
  /** Entries whose content was erased. */
  readonly records: number
  readonly quarantined: number
  readonly savedSearches: number
}

export type LedgerDeletionDeps = Pick<Services, 'ledgers' | 'holds' | 'erasures' | 'directory' | 'saved'>

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
  const names = keeping.all.map(({ name }) => name).toSorted()
  if (names.length > 0)
    throw new TrailproofError('HELD', `ledger ${ledger} is held by: ${[...new Set(names)].join(', ')}`)
  return keeping.seenTo
}

function notDeletable({ name, state }: LedgerInfo): string | undefined {
  if (isAccessLedger(name))
    return `${name} says who read and changed what: it is kept, and its retention says for how long`
  if (state.kind === 'closed')
    return `ledger ${name} was succeeded by ${state.successor} and takes no entry that would say it`
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
  const deletion = await deps.erasures.deleteLedger({ ledger, holdsSeenTo, ...why })
  if (deletion.facts.approval?.id !== why.approval?.id) throw wasDeleted(ledger)
  return {
    deletion,
    records: deletion.ranges.reduce((sum, { from, to }) => sum + to - from, 0),
    quarantined: await discardAll(ledger, deps),
    savedSearches: await deps.saved.forget(ledger, () => true),
  }
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
