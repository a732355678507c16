/**
 * What an admin key looks after: one of all ledgers everything; one of a ledger that ledger, its successors and their
 * keys. Of the rest it learns nothing.
 */
import type { StoredKey } from '../directory/directory.ts'
import type { LedgerTable } from '../ledger/ledger-table.ts'
import type { Caller } from './api-keys.ts'
import { isSameOrSuccessor, type LedgerRefusal } from './choose-ledger.ts'

/** `ledger` undefined: what concerns all ledgers. */
export function administers(
  { scopes, ledger: own }: Caller,
  ledger: string | undefined,
  ledgers: LedgerTable,
): boolean {
  if (!scopes.includes('admin')) return false
  return own === undefined || (ledger !== undefined && isSameOrSuccessor(ledger, own, ledgers))
}

/** Those that the caller may see and revoke. */
export function administeredKeys(
  keys: readonly StoredKey[],
  caller: Caller,
  ledgers: LedgerTable,
): readonly StoredKey[] {
  return keys.filter(({ ledger }) => administers(caller, ledger, ledgers))
}

/** The ledger of a key that the caller makes: the one asked for, else the caller's own; undefined: all. */
export function newKeyLedger(
  asked: string | undefined,
  caller: Caller,
  ledgers: LedgerTable,
): { readonly kind: 'chosen'; readonly ledger: string | undefined } | LedgerRefusal {
  const ledger = asked ?? caller.ledger
  if (!administers(caller, ledger, ledgers))
    return refused('forbidden', `this API key makes keys of ledger ${caller.ledger} alone`)
  if (ledger !== undefined && !ledgers.get(ledger)) return refused('unknown', `there is no ledger ${ledger}`)
  return { kind: 'chosen', ledger }
}

/** Why the caller may not make ledgers, or undefined. */
export function ledgerMakingRefusal(caller: Caller, ledgers: LedgerTable): LedgerRefusal | undefined {
  return administers(caller, undefined, ledgers)
    ? undefined
    : refused('forbidden', 'making ledgers takes an admin key of all ledgers')
}

function refused(reason: LedgerRefusal['reason'], detail: string): LedgerRefusal {
  return { kind: 'refused', reason, detail }
}
