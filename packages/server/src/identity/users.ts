/** The people there are, in memory: found by what they log in with. Changes take effect at once. */
import { uuidv7 } from 'uuidv7'
import type { Identities, StoredUser, UserChange } from '../directory/identities.ts'
import { TrailproofError } from '../trailproof-error.ts'

export const USERS_MAX = 10_000
/** The role that has everything; somebody always has it of all ledgers, once somebody has. */
const OWNER = 'owner'

type Store = Pick<Identities, 'users' | 'addUser' | 'changeUser' | 'deleteUser'>

export type NewUser = Pick<StoredUser, 'name' | 'roles' | 'teams'> &
  Partial<Pick<StoredUser, 'email' | 'passwordHash' | 'issuer' | 'subject'>>

export class Users {
  readonly #store: Store
  readonly #now: () => number
  #byId = new Map<string, StoredUser>()
  #byEmail = new Map<string, StoredUser>()
  #bySubject = new Map<string, StoredUser>()

  constructor(store: Store, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** Takes over what is stored; gives the ids of users who are not what they were. */
  replace(stored: readonly StoredUser[]): ReadonlySet<string> {
    const before = this.#byId
    this.#byId = new Map()
    this.#byEmail = new Map()
    this.#bySubject = new Map()
    for (const user of stored) this.#put(user)
    const ids = new Set([...before.keys(), ...this.#byId.keys()])
    return new Set([...ids].filter((id) => !isSame(before.get(id), this.#byId.get(id))))
  }

  get(id: string): StoredUser | undefined {
    return this.#byId.get(id)
  }

  /** However it is written. */
  byEmail(email: string): StoredUser | undefined {
    return this.#byEmail.get(emailOf(email))
  }

  bySubject(issuer: string, subject: string): StoredUser | undefined {
    return this.#bySubject.get(subjectKey(issuer, subject))
  }

  /** Oldest first. */
  list(): readonly StoredUser[] {
    return [...this.#byId.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** A user as it would be stored. */
  made(asked: NewUser): StoredUser {
    if (this.#byId.size >= USERS_MAX)
      throw new TrailproofError('BAD_REQUEST', `there are at most ${USERS_MAX} users; delete some first`)
    const { email, name, passwordHash, issuer, subject, roles, teams } = asked
    return {
      id: uuidv7(),
      email: email === undefined ? undefined : emailOf(email),
      name,
      passwordHash,
      issuer,
      subject,
      roles,
      teams,
      createdAt: this.#now(),
      disabledAt: undefined,
      lastLoginAt: undefined,
    }
  }

  /** Undefined when the address, or the subject of the issuer, is another's. */
  async add(asked: NewUser): Promise<StoredUser | undefined> {
    const user = this.made(asked)
    if (!(await this.#store.addUser(user))) return undefined
    this.#put(user)
    return user
  }

  /** Of a user who is stored already. */
  added(user: StoredUser): void {
    this.#put(user)
  }

  /** The user as changed; undefined when there is none. */
  async change(id: string, change: UserChange): Promise<StoredUser | undefined> {
    const user = this.#byId.get(id)
    if (!user || !(await this.#store.changeUser(id, change))) return undefined
    const changed = { ...this.#byId.get(id)!, ...change }
    this.#drop(user)
    this.#put(changed)
    return changed
  }

  /** Gone here before it is on the disk; false when there is none. */
  async delete(id: string): Promise<boolean> {
    const user = this.#byId.get(id)
    if (!user) return false
    this.#drop(user)
    return await this.#store.deleteUser(id)
  }

  /** Whether, without this user, nobody who may log in has the role `owner` of all ledgers. */
  isLastOwner(id: string): boolean {
    const owners = this.list().filter(
      ({ roles, disabledAt }) => roles.includes(OWNER) && disabledAt === undefined,
    )
    return owners.length === 1 && owners[0]!.id === id
  }

  #put(user: StoredUser): void {
    this.#byId.set(user.id, user)
    if (user.email !== undefined) this.#byEmail.set(user.email, user)
    if (user.issuer !== undefined && user.subject !== undefined)
      this.#bySubject.set(subjectKey(user.issuer, user.subject), user)
  }

  #drop({ id, email, issuer, subject }: StoredUser): void {
    this.#byId.delete(id)
    if (email !== undefined) this.#byEmail.delete(email)
    if (issuer !== undefined && subject !== undefined) this.#bySubject.delete(subjectKey(issuer, subject))
  }
}

/** Addresses are compared without case, as people write them. */
export function emailOf(text: string): string {
  return text.trim().normalize('NFKC').toLowerCase()
}

function subjectKey(issuer: string, subject: string): string {
  return `${issuer}\n${subject}`
}

function isSame(a: StoredUser | undefined, b: StoredUser | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return rights(a) === rights(b)
}

function rights({ roles, teams, disabledAt, name }: StoredUser): string {
  return JSON.stringify([roles, teams, disabledAt ?? null, name])
}
