/** Which ledger a caller means, and whether they may do with it what they ask for. */
import { wasDeleted } from '../ledger/ledger-info.ts'
import { isAccessLedger } from '../ledger/ledger-name.ts'
import type { LedgerTable, LedgerView } from '../ledger/ledger-table.ts'
import type { Caller } from './caller.ts'
import { type DecideOptions, type Denied, decide, type IsWithin } from './decide.ts'
import type { Permission } from './permissions.ts'
import type { Sight } from './sight.ts'

export interface LedgerRefusal {
  readonly kind: 'refused'
  readonly reason: 'forbidden' | 'unknown' | 'blocked' | 'deleted'
  readonly detail: string
  /** The name that was asked for. */
  readonly ledger: string
  /** Of what is forbidden. */
  readonly denied?: Denied
}

export type LedgerChoice =
  | { readonly kind: 'ledger'; readonly view: LedgerView; readonly sight: Sight }
  | LedgerRefusal

export interface ChooseOptions extends DecideOptions {
  /** A ledger that was succeeded is read as it is, and written in its successor. Default: read. */
  readonly to?: 'read' | 'write'
}

/**
 * The ledger asked for, else the caller's own, else `main`. A grant of one ledger reaches that ledger and its
 * successors; whether there are others is not said.
 */
export function chooseLedger(
  asked: string | undefined,
  caller: Caller,
  permission: Permission,
  ledgers: LedgerTable,
  { to = 'read', ...options }: ChooseOptions = {},
): LedgerChoice {
  const ledger = asked ?? caller.home ?? 'main'
  if (to === 'write' && isAccessLedger(ledger))
    return refused(ledger, 'forbidden', 'the server alone writes to the ledgers of reads')
  const decision = decide(caller, permission, ledger, withinIn(ledgers), options)
  if (decision.kind === 'denied')
    return { kind: 'refused', ledger, reason: 'forbidden', detail: decision.detail, denied: decision }
  const view = to === 'write' ? ledgers.writable(ledger) : ledgers.get(ledger)
  if (!view) return refused(ledger, 'unknown', `there is no ledger ${ledger}`)
  const { state } = view.info
  if (to === 'write' && state.kind === 'blocked') return refused(ledger, 'blocked', state.reason)
  if (to === 'write' && state.kind === 'deleted')
    return refused(ledger, 'deleted', wasDeleted(view.info.name).message)
  return { kind: 'ledger', view, sight: decision.sight }
}

/** Whether a name is the ledger that a grant names, or one that took its place. */
export function withinIn(ledgers: LedgerTable): IsWithin {
  return (name, own) => {
    for (let at: string | undefined = own, hops = 0; at !== undefined && hops < 1000; hops++) {
      if (at === name) return true
      const state: LedgerView['info']['state'] | undefined = ledgers.get(at)?.info.state
      at = state?.kind === 'closed' ? state.successor : undefined
    }
    return false
  }
}

function refused(ledger: string, reason: LedgerRefusal['reason'], detail: string): LedgerRefusal {
  return { kind: 'refused', ledger, reason, detail }
}
