/** What a server of several does: receive, sequence, index, answer. One server alone does all of it. */
import { type Settings, sharesLedgers } from './settings.ts'
import { TrailproofError } from './trailproof-error.ts'

/**
 * - `receiver`: takes records over HTTP and gRPC and hands them to the broker; holds no signing key
 * - `sequencer`: takes them from the broker, commits and signs
 * - `indexer`: moves the search index on
 * - `api`: searches, exports, proofs, administration
 */
export type Role = 'receiver' | 'sequencer' | 'indexer' | 'api'

const ROLES: readonly Role[] = ['receiver', 'sequencer', 'indexer', 'api']

export type Roles = ReadonlySet<Role>

/** The roles that the setting names, which the schema has checked. */
export function rolesOf({ roles }: Pick<Settings, 'roles'>): Roles {
  return new Set(roles === 'all' ? ROLES : (roles.split(',') as Role[]))
}

/** Rejects with BAD_SETTING what cannot work: parts that cannot reach each other. */
export function assertRoles(
  settings: Pick<Settings, 'roles' | 'database' | 'intake' | 'search_index'>,
): void {
  const roles = rolesOf(settings)
  if (roles.size < ROLES.length && !sharesLedgers(settings))
    throw badRoles(
      settings,
      'servers that do a part of the work share a database and a broker: set database and intake',
    )
  if (roles.has('api') !== roles.has('indexer') && settings.search_index === '')
    throw badRoles(settings, 'an index that another server makes is one they share: set search_index')
}

function badRoles({ roles }: Pick<Settings, 'roles'>, what: string): TrailproofError {
  return new TrailproofError('BAD_SETTING', `roles (${roles}): ${what}`)
}

/** Whether it signs: commits, checkpoints of exports, records of erasures. */
export function holdsKeys(roles: Roles): boolean {
  return roles.has('sequencer') || roles.has('api') || roles.has('indexer')
}

/** Whether it reads and writes the search index; only an indexer moves it on. */
export function opensIndex(roles: Roles): boolean {
  return roles.has('indexer') || roles.has('api')
}
