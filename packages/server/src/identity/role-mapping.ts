/** Which roles members of groups have, as settings say it: `auditors=auditor,shop-staff=viewer@shop`. */
import { GIVEN_ROLE_PATTERN } from '../access/given-role.ts'
import { TrailproofError } from '../trailproof-error.ts'

const GIVEN_ROLE = new RegExp(GIVEN_ROLE_PATTERN)
/** Groups of one token that are looked at: identity providers give thousands to some. */
const GROUPS_MAX = 1000

export type RoleMapping = ReadonlyMap<string, readonly string[]>

/** What stands before `=` and what stands behind the last one; both may hold spaces around them. Throws BAD_SETTING. */
export function readMapping(setting: string, text: string, separator = ','): RoleMapping {
  const mapping = new Map<string, string[]>()
  for (const entry of text.split(separator)) {
    if (entry.trim() === '') continue
    const equals = entry.lastIndexOf('=')
    const name = entry.slice(0, Math.max(0, equals)).trim()
    const role = entry.slice(equals + 1).trim()
    if (name === '' || !GIVEN_ROLE.test(role))
      throw new TrailproofError(
        'BAD_SETTING',
        `${setting}: expected name=role or name=role@ledger, with ${separator} between, got ${JSON.stringify(entry.trim())}`,
      )
    mapping.set(name, [...(mapping.get(name) ?? []), role])
  }
  return mapping
}

/** Each role once, in the order of the groups. */
export function rolesOfGroups(groups: readonly string[], mapping: RoleMapping): readonly string[] {
  return [...new Set(groups.slice(0, GROUPS_MAX).flatMap((group) => mapping.get(group) ?? []))]
}

/** The groups that a claim holds: a list, or a text with spaces. `a.b` is also looked for as `b` within `a`. */
export function groupsOf(claims: Readonly<Record<string, unknown>>, claim: string): readonly string[] {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : within(claims, claim.split('.'))
  if (typeof value === 'string') return value.split(' ').filter((group) => group !== '')
  return Array.isArray(value) ? value.filter((group) => typeof group === 'string') : []
}

function within(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path
  if (name === undefined) return value
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return within((value as Record<string, unknown>)[name], rest)
}
