/** The roles there are, in memory: those built in, and those that were made. Changes take effect at once. */
import { resolveField } from '@trailproof/core/query'
import type { Directory, StoredRole } from '../directory/directory.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { ConditionError } from './condition-error.ts'
import { hasAll, isPermission, namesIn, ROW_PERMISSIONS, setOf } from './permissions.ts'
import { BUILT_IN_ROLES, type Role } from './roles.ts'
import { rowCondition } from './row-condition.ts'

export const ROLES_MAX = 200
export const HIDDEN_FIELDS_MAX = 64
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/

type Store = Pick<Directory, 'roles' | 'putRole' | 'deleteRole'>

/** What is asked of a new role. */
export type NewRole = Omit<StoredRole, 'changedAt'>

export class RoleBook {
  readonly #store: Store
  readonly #now: () => number
  readonly #made = new Map<string, Role>()
  #text = ''

  private constructor(store: Store, now: () => number) {
    this.#store = store
    this.#now = now
  }

  static async load(store: Store, now: () => number): Promise<RoleBook> {
    const book = new RoleBook(store, now)
    await book.reload()
    return book
  }

  /** Takes over what other servers on the same directory have changed; the names of roles that are others now. */
  async reload(): Promise<ReadonlySet<string>> {
    const stored = await this.#store.roles()
    const text = JSON.stringify(stored)
    if (text === this.#text) return new Set()
    this.#text = text
    const changed = new Set([...this.#made.keys(), ...stored.map(({ name }) => name)])
    this.#made.clear()
    for (const role of stored) this.#made.set(role.name, roleOf(role))
    return changed
  }

  get(name: string): Role | undefined {
    return BUILT_IN_ROLES.find((role) => role.name === name) ?? this.#made.get(name)
  }

  /** Those built in, then the others by name. */
  list(): readonly Role[] {
    return [...BUILT_IN_ROLES, ...[...this.#made.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))]
  }

  isBuiltIn(name: string): boolean {
    return BUILT_IN_ROLES.some((role) => role.name === name)
  }

  /** The role as it would be; throws BAD_REQUEST for what cannot be one. */
  check(asked: NewRole): Role {
    const { name, permissions, hidden, rows } = asked
    if (!NAME.test(name))
      throw refused(`name: 1 to 63 of a-z, 0-9 and -, got ${JSON.stringify(name.slice(0, 100))}`)
    if (this.isBuiltIn(name)) throw refused(`the role ${name} is built in, and stays as it is`)
    if (!this.#made.has(name) && this.#made.size >= ROLES_MAX)
      throw refused(`there are at most ${ROLES_MAX} roles; delete one first`)
    const unknown = permissions.find((each) => !isPermission(each))
    if (unknown !== undefined) throw refused(`permissions: there is none called ${unknown.slice(0, 100)}`)
    if (hidden.length > HIDDEN_FIELDS_MAX) throw refused(`hidden: at most ${HIDDEN_FIELDS_MAX} fields`)
    for (const field of hidden) assertHideable(field)
    const role = made(asked)
    const beyond = namesIn(role.permissions & ~ROW_PERMISSIONS)
    if ((rows !== undefined || hidden.length > 0) && beyond.length > 0)
      throw refused(
        `a role with rows or hidden fields cannot have ${beyond.join(', ')}, which reach beyond them: give that by another role`,
      )
    if (hasAll(role.permissions, setOf('read-access')) && namesIn(role.permissions).length === 1)
      throw refused('permissions: read-access allows something only together with read, export or prove')
    return role
  }

  async put(asked: NewRole): Promise<Role> {
    const role = this.check(asked)
    await this.#store.putRole({ ...asked, hidden: role.hidden, changedAt: this.#now() })
    await this.reload()
    return role
  }

  /** False when there is none. */
  async delete(name: string): Promise<boolean> {
    if (this.isBuiltIn(name)) throw refused(`the role ${name} is built in, and stays`)
    const was = await this.#store.deleteRole(name)
    await this.reload()
    return was
  }
}

function made({ name, description, permissions, rows, hidden }: NewRole): Role {
  try {
    return {
      name,
      description,
      permissions: setOf(...permissions.filter(isPermission)),
      rows: rows === undefined ? undefined : rowCondition(rows),
      hidden: hidden.map((field) => resolveField(field)?.name ?? field),
    }
  } catch (error) {
    if (error instanceof ConditionError) throw refused(error.message)
    throw error
  }
}

/** A stored role that this version does not understand allows nothing. */
function roleOf(stored: StoredRole): Role {
  try {
    return made(stored)
  } catch (error) {
    if (!(error instanceof TrailproofError)) throw error
    return { ...made({ ...stored, rows: undefined, permissions: [] }), description: error.message }
  }
}

/** The core group is what proofs and counts are of, and stays for ever: what must not be seen does not belong in it. */
function assertHideable(name: string): void {
  const field = resolveField(name)
  if (!field) throw refused(`hidden: there is no field ${name.slice(0, 100)}`)
  if (field.places.some(({ group }) => group === 'core') || field.places.length === 0)
    throw refused(`hidden: ${field.name} is in the core group, which everybody who reads sees`)
}

function refused(message: string): TrailproofError {
  return new TrailproofError('BAD_REQUEST', message)
}
