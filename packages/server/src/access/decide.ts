/**
 * Whether a caller may do something with a ledger, and what of it they see. Pure, and the one place where it is
 * decided; what no grant allows is denied.
 */
import { isAccessLedger, observedLedgerOf } from '../ledger/ledger-name.ts'
import { type Caller, describeCaller } from './caller.ts'
import { bitOf, hasAll, type Permission, type PermissionSet, setOf } from './permissions.ts'
import type { Grant } from './roles.ts'
import { type Sight, uniteSights } from './sight.ts'

/** Whether a ledger is the one that a grant names, or one that took its place. */
export type IsWithin = (ledger: string, granted: string) => boolean

export interface Denied {
  readonly kind: 'denied'
  /** `elsewhere`: they may, but not here. */
  readonly reason: 'never' | 'elsewhere'
  readonly permission: Permission
  readonly detail: string
}

export type Decision = { readonly kind: 'allowed'; readonly sight: Sight } | Denied

export interface DecideOptions {
  /** The caller states a reason to see personal data: only records that they may unmask are there. Default: false. */
  readonly unmasked?: boolean
}

/** `ledger` undefined: what concerns all ledgers. */
export function decide(
  caller: Caller,
  permission: Permission,
  ledger: string | undefined,
  isWithin: IsWithin,
  { unmasked = false }: DecideOptions = {},
): Decision {
  const isOfAccess = ledger !== undefined && isAccessLedger(ledger)
  const own = isOfAccess ? observedLedgerOf(ledger) : ledger
  const wanted = isOfAccess ? bitOf(permission) | READ_ACCESS : bitOf(permission)
  const here = caller.grants.filter(
    (grant) => hasAll(grant.role.permissions, wanted) && reaches(grant, own, isWithin),
  )
  if (here.length === 0) return whyNot(caller, permission, ledger, wanted)
  const showing = unmasked ? here.filter(({ role }) => (role.permissions & SHOWING) !== 0) : here
  if (showing.length === 0) return denied(caller, 'never', 'unmask', 'has no permission unmask')
  return { kind: 'allowed', sight: uniteSights(showing, unmasked) }
}

function whyNot(
  caller: Caller,
  permission: Permission,
  ledger: string | undefined,
  wanted: PermissionSet,
): Denied {
  if (!holds(caller, permission)) return heldNowhere(caller, permission)
  if (!caller.grants.some(({ role }) => hasAll(role.permissions, wanted)))
    return denied(
      caller,
      'never',
      'read-access',
      'has no permission read-access, which ledgers of accesses take',
    )
  return denied(caller, 'elsewhere', permission, elsewhere(permission, ledger))
}

/** Whether they may in at least one ledger, or of all of them. */
export function holds(caller: Caller, permission: Permission): boolean {
  return caller.grants.some(({ role }) => hasAll(role.permissions, bitOf(permission)))
}

/** Why they hold it nowhere. */
export function heldNowhere(caller: Caller, permission: Permission): Denied {
  return denied(caller, 'never', permission, `has no permission ${permission}`)
}

/**
 * The first of some permissions that the caller cannot hand on: only what they have themselves, of all records and
 * fields of the ledger.
 */
export function notHeldFully(
  caller: Caller,
  wanted: readonly Permission[],
  ledger: string | undefined,
  isWithin: IsWithin,
): Permission | undefined {
  return wanted.find(
    (permission) =>
      !caller.grants.some(
        (grant) =>
          hasAll(grant.role.permissions, bitOf(permission)) &&
          grant.rows === undefined &&
          grant.role.hidden.length === 0 &&
          reaches(grant, ledger, isWithin),
      ),
  )
}

const READ_ACCESS = bitOf('read-access')
/** Either shows personal data to who states a reason. */
const SHOWING = setOf('see-personal', 'unmask')

function reaches({ ledger: granted }: Grant, ledger: string | undefined, isWithin: IsWithin): boolean {
  return granted === undefined || (ledger !== undefined && isWithin(ledger, granted))
}

/** Not even that another ledger is there is said to who may not see it. */
function elsewhere(permission: Permission, ledger: string | undefined): string {
  return ledger === undefined
    ? `has the permission ${permission} of some ledgers; this takes it of all`
    : `does not open ledger ${ledger} with the permission ${permission}`
}

function denied(caller: Caller, reason: Denied['reason'], permission: Permission, what: string): Denied {
  return { kind: 'denied', reason, permission, detail: `${describeCaller(caller)} ${what}` }
}
