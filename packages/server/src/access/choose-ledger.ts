/** Which ledger a caller means, and whether it may. */
import { isAccessLedger } from '../ledger/ledger-name.ts'
import type { LedgerTable, LedgerView } from '../ledger/ledger-table.ts'
import type { Caller } from './api-keys.ts'

export interface LedgerRefusal {
  readonly kind: 'refused'
  readonly reason: 'forbidden' | 'unknown' | 'blocked'
  readonly detail: string
}

export type LedgerChoice = { readonly kind: 'ledger'; readonly view: LedgerView } | LedgerRefusal

/**
 * The ledger asked for, else the key's own, else `main`. A key of one ledger reaches that ledger and its
 * successors, and learns nothing of others. A ledger that was succeeded is read as it is and written in
 * its successor.
 */
export function chooseLedger(
  asked: string | undefined,
  caller: Caller,
  ledgers: LedgerTable,
  to: 'read' | 'write',
): LedgerChoice {
  const name = asked ?? caller.ledger ?? 'main'
  if (isAccessLedger(name)) {
    if (to === 'write') return refused('forbidden', 'the server alone writes to the ledgers of reads')
    // Who looked for what is for those who look after access.
    if (!caller.scopes.includes('admin'))
      return refused('forbidden', `ledger ${name} records reads: it takes the scope admin`)
  }
  const own = isAccessLedger(name) ? name.replace(/\.access.*$/, '') : name
  if (caller.ledger !== undefined && !isSameOrSuccessor(own, caller.ledger, ledgers))
    return refused('forbidden', `this API key does not open ledger ${name}`)
  const view = to === 'write' ? ledgers.writable(name) : ledgers.get(name)
  if (!view) return refused('unknown', `there is no ledger ${name}`)
  const { state } = view.info
  if (to === 'write' && state.kind === 'blocked') return refused('blocked', state.reason)
  return { kind: 'ledger', view }
}

/** Whether `name` is the ledger `own`, or one that took its place. */
export function isSameOrSuccessor(name: string, own: string, ledgers: LedgerTable): boolean {
  for (let at: string | undefined = own, hops = 0; at !== undefined && hops < 1000; hops++) {
    if (at === name) return true
    const state: LedgerView['info']['state'] | undefined = ledgers.get(at)?.info.state
    at = state?.kind === 'closed' ? state.successor : undefined
  }
  return false
}

function refused(reason: LedgerRefusal['reason'], detail: string): LedgerRefusal {
  return { kind: 'refused', reason, detail }
}
