/** Roles: named sets of permissions. These are built in; others are made by whoever may (role-book.ts). */
import type { Filter } from '@trailproof/core/query'
import type { Scope } from '../directory/directory.ts'
import { ALL_PERMISSIONS, type PermissionSet, setOf } from './permissions.ts'

export interface Role {
  readonly name: string
  readonly description: string
  readonly permissions: PermissionSet
  /** Records outside of it are not there for the role: a condition in CEL (row-condition.ts). Undefined: all are. */
  readonly rows: RowCondition | undefined
  /** Canonical names of fields that the role never shows, also unmasked. */
  readonly hidden: readonly string[]
}

/** A condition as its author wrote it, and what it means for one caller. */
export interface RowCondition {
  readonly source: string
  readonly filterFor: (caller: CallerFacts) => Filter
}

/** What conditions may ask of a caller; known when it is decided. */
export interface CallerFacts {
  readonly id: string
  readonly name: string
  readonly teams: readonly string[]
}

const builtIn = (name: string, permissions: PermissionSet, description: string): Role => ({
  name,
  description,
  permissions,
  rows: undefined,
  hidden: [],
})

/**
 * An owner may everything. An admin may everything but delete ledgers and see personal data without a reason, and
 * so cannot grant that either. An auditor reads, unmasks, exports and proves, also who read; changes nothing. An analyst works with records
 * and searches, unmasks for a reason, and takes nothing away. A viewer sees what happened, and nobody's personal data.
 * A producer sends records.
 */
export const BUILT_IN_ROLES: readonly Role[] = [
  builtIn('owner', ALL_PERMISSIONS, 'Everything there is.'),
  builtIn(
    'admin',
    ALL_PERMISSIONS & ~setOf('see-personal', 'delete-ledger'),
    'Everything but deleting ledgers; personal data only unmasked, each time for a reason that is recorded.',
  ),
  builtIn(
    'auditor',
    setOf('read', 'unmask', 'export', 'prove', 'read-access', 'save-searches'),
    'Reads, unmasks, exports and proves, also who read; changes nothing.',
  ),
  builtIn(
    'analyst',
    setOf('read', 'unmask', 'prove', 'save-searches', 'share-searches'),
    'Works with records and searches, unmasks for a reason, takes nothing away.',
  ),
  builtIn('viewer', setOf('read', 'save-searches'), 'Sees what happened, and nobody’s personal data.'),
  builtIn('producer', setOf('record'), 'Sends records, and reads none.'),
]

/** The roles there are; role-book.ts has those that were made, too. */
export interface KnownRoles {
  get(name: string): Role | undefined
}

/** What keys were given before there were roles, and still are; each is a role of its own that only keys have. */
export const SCOPE_ROLES: Readonly<Record<Scope, Role>> = {
  ingest: builtIn('scope ingest', setOf('record'), 'Sends records.'),
  read: builtIn(
    'scope read',
    setOf('read', 'see-personal', 'export', 'prove', 'save-searches', 'share-searches'),
    'Reads all of it, personal data included.',
  ),
  admin: builtIn('scope admin', ALL_PERMISSIONS, 'Everything there is.'),
}

/** A role of a caller, on one ledger and its successors; `ledger` undefined: on all. */
export interface Grant {
  readonly role: Role
  readonly ledger: string | undefined
  /** The role's condition, for this caller. */
  readonly rows: Filter | undefined
}

export function grantOf(role: Role, ledger: string | undefined, facts: CallerFacts): Grant {
  return { role, ledger, rows: role.rows?.filterFor(facts) }
}
