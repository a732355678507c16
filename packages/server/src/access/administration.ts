/** What callers who look after keys may do: grants of one ledger reach that ledger, its successors and their keys. */
import type { Scope, StoredKey } from '../directory/directory.ts'
import type { LedgerTable } from '../ledger/ledger-table.ts'
import type { Caller } from './caller.ts'
import { type LedgerRefusal, withinIn } from './choose-ledger.ts'
import { decide, notHeldFully } from './decide.ts'
import { readGivenRole } from './given-role.ts'
import { namesIn, type Permission } from './permissions.ts'
import { type KnownRoles, type Role, SCOPE_ROLES } from './roles.ts'

/** `ledger` undefined: what concerns all ledgers. */
export function may(
  caller: Caller,
  permission: Permission,
  ledger: string | undefined,
  ledgers: LedgerTable,
): boolean {
  return decide(caller, permission, ledger, withinIn(ledgers)).kind === 'allowed'
}

/** Those that the caller may see and revoke. */
export function administeredKeys(
  keys: readonly StoredKey[],
  caller: Caller,
  ledgers: LedgerTable,
): readonly StoredKey[] {
  return keys.filter(({ ledger }) => may(caller, 'manage-keys', ledger, ledgers))
}

/** The ledger of a key that the caller makes: the one asked for, else the caller's own; undefined: all. */
export function newKeyLedger(
  asked: string | undefined,
  caller: Caller,
  ledgers: LedgerTable,
): { readonly kind: 'chosen'; readonly ledger: string | undefined } | LedgerRefusal {
  const ledger = asked ?? caller.home
  const decision = decide(caller, 'manage-keys', ledger, withinIn(ledgers))
  if (decision.kind === 'denied')
    return {
      kind: 'refused',
      reason: 'forbidden',
      ledger: ledger ?? 'main',
      detail: `${decision.detail}; the key it makes would`,
      denied: decision,
    }
  if (ledger !== undefined && !ledgers.get(ledger))
    return { kind: 'refused', reason: 'unknown', ledger, detail: `there is no ledger ${ledger}` }
  return { kind: 'chosen', ledger }
}

/** The first permission of scopes and roles that the caller does not have to give, or undefined. */
export function beyondOwn(
  { scopes, roles }: { readonly scopes: readonly Scope[]; readonly roles: readonly Role[] },
  ledger: string | undefined,
  caller: Caller,
  ledgers: LedgerTable,
): Permission | undefined {
  const given = [...scopes.map((scope) => SCOPE_ROLES[scope]), ...roles]
  const permissions = given.flatMap((role) => namesIn(role.permissions))
  return notHeldFully(caller, permissions, ledger, withinIn(ledgers))
}

/** Whether the caller looks after users with these roles: of one without any, who does so of all ledgers. */
export function administersRoles(caller: Caller, given: readonly string[], ledgers: LedgerTable): boolean {
  const where = given.length === 0 ? [undefined] : given.map((text) => readGivenRole(text).ledger)
  return where.every((ledger) => may(caller, 'manage-users', ledger, ledgers))
}

/** The first permission of these roles that the caller does not have to give, or undefined. */
export function beyondGiven(
  given: readonly string[],
  known: KnownRoles,
  caller: Caller,
  ledgers: LedgerTable,
): Permission | undefined {
  for (const text of given) {
    const { role, ledger } = readGivenRole(text)
    const there = known.get(role)
    const beyond = there && beyondOwn({ scopes: [], roles: [there] }, ledger, caller, ledgers)
    if (beyond !== undefined) return beyond
  }
  return undefined
}
