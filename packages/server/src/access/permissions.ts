/** What can be allowed: every operation of both protocols takes exactly one of these, or is open to all. */

/** With their meaning, as docs/access.md and `trailproof roles list` tell it. The order is that of the bits. */
export const PERMISSIONS = {
  record: 'send records',
  read: 'search, view, count and follow records; personal data is masked',
  'see-personal': 'see personal data in all that is read, without a reason for each time',
  unmask: 'see personal data in one answer, for a stated reason that is recorded',
  export: 'take ranges of a ledger away',
  prove: 'see entries as evidence: leaves, exact bytes, proofs and tiles',
  'read-access': 'with another permission: use it on the ledger of accesses, `<name>.access`',
  'save-searches': 'keep queries under names',
  'share-searches': 'keep them for every reader of the ledger',
  'manage-searches': 'change and delete shared searches of others, and those of keys that are gone',
  quarantine: 'see, mend and destroy records that were not valid',
  erase: 'erase personal data for ever',
  'manage-keys': 'make and revoke API keys, and see the roles that there are',
  'manage-roles': 'make and delete roles; of all ledgers alone',
  'make-ledgers': 'make ledgers; of all ledgers alone',
  'rebuild-index': 'build the search index again',
  'manage-users': 'invite, change and remove users, and end their sessions',
  hold: 'place legal holds, and ask for their release',
  retain: 'say how long records are kept',
  'make-viewers': 'make viewer tokens, which show to whoever has them what one query selects; with read',
  approve: 'decide what somebody else asks for, where it takes two; with the permission for it',
  'delete-ledger': 'delete a ledger: erase all that it holds, and close it for ever',
} as const satisfies Readonly<Record<string, string>>

export type Permission = keyof typeof PERMISSIONS

export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as readonly Permission[] // Object.keys forgets it

/** Several permissions, a bit each: testing for all of some is one operation. */
export type PermissionSet = number

const BITS = Object.fromEntries(PERMISSION_NAMES.map((name, i) => [name, 1 << i])) as Readonly<
  Record<Permission, number>
>

export function bitOf(name: Permission): PermissionSet {
  return BITS[name]
}

export function setOf(...names: readonly Permission[]): PermissionSet {
  return names.reduce((set, name) => set | BITS[name], 0)
}

export const ALL_PERMISSIONS: PermissionSet = setOf(...PERMISSION_NAMES)

/** Whether `set` has all of `wanted`. */
export function hasAll(set: PermissionSet, wanted: PermissionSet): boolean {
  return (set & wanted) === wanted
}

export function namesIn(set: PermissionSet): readonly Permission[] {
  return PERMISSION_NAMES.filter((name) => hasAll(set, BITS[name]))
}

export function isPermission(name: string): name is Permission {
  return Object.hasOwn(PERMISSIONS, name)
}

/**
 * What can be kept to some records of a ledger. Who may erase, look after the quarantine or make keys reaches beyond
 * any rows, so a role with a condition or hidden fields has none of that.
 */
export const ROW_PERMISSIONS: PermissionSet = setOf(
  'read',
  'see-personal',
  'unmask',
  'export',
  'prove',
  'save-searches',
  'make-viewers',
)
