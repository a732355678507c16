/** Roles as people, settings and other issuers' groups are given them: `role` of all ledgers, or `role@ledger`. */
import { type CallerFacts, type Grant, grantOf, type KnownRoles } from './roles.ts'

/** As JSON Schema has it: names of roles and of ledgers. */
export const GIVEN_ROLE_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}(@[a-z0-9-]{1,63})?$'

export interface GivenRole {
  readonly role: string
  /** Undefined: all ledgers. */
  readonly ledger: string | undefined
}

export function readGivenRole(text: string): GivenRole {
  const [role = '', ledger] = text.split('@', 2)
  return { role, ledger }
}

/** A role that there is not allows nothing. */
export function grantsOf(given: readonly string[], facts: CallerFacts, known: KnownRoles): Grant[] {
  return given.flatMap((text) => {
    const { role, ledger } = readGivenRole(text)
    const there = known.get(role)
    return there ? [grantOf(there, ledger, facts)] : []
  })
}

/** The ledger of requests that name none: the one that all roles are of; undefined: there is no such one. */
export function homeOf(given: readonly string[]): string | undefined {
  const ledgers = new Set(given.map((text) => readGivenRole(text).ledger))
  return ledgers.size === 1 ? [...ledgers][0] : undefined
}
