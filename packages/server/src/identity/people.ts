/** People: who they are, their logins and sessions, as one kind of callers. */
import type { AccessRefusal } from '../access/access-refusal.ts'
import type { IdentifiedCaller } from '../access/caller-watch.ts'
import type { CallerSource } from '../access/callers.ts'
import type { Credentials } from '../access/credentials.ts'
import { readGivenRole } from '../access/given-role.ts'
import type { KnownRoles } from '../access/roles.ts'
import type { Identities, StoredSession, StoredUser, UserChange } from '../directory/identities.ts'
import { ACCOUNT_RULE, ADDRESS_RULE, BackOff } from './back-off.ts'
import { Passwords } from './passwords.ts'
import { hashOf, isSessionToken } from './secret-token.ts'
import { type LoginPlace, Sessions, type SessionTokens } from './sessions.ts'
import { emailOf, Users } from './users.ts'

/** A failed login is answered at the next multiple of it: how long its hash took tells nobody whether there is such a user. */
const ANSWER_STEP_MS = 250
/** Reads of the directory that are begun anew because something was changed meanwhile. */
const READS_MAX = 5

export type Login =
  | { readonly kind: 'session'; readonly user: StoredUser; readonly tokens: SessionTokens }
  /** Whoever it was, if there is such a user: for the record alone. */
  | { readonly kind: 'wrong'; readonly user: StoredUser | undefined }
  | { readonly kind: 'wait'; readonly ms: number; readonly user: StoredUser | undefined }

export interface PeopleDeps {
  readonly store: Identities
  readonly roles: KnownRoles
  /** ms since 1970. */
  readonly now: () => number
  /** Whether other servers change the same directory. */
  readonly isShared: boolean
  /** Waits before a failed login is answered. Default: a timer. */
  readonly pause?: (ms: number) => Promise<void>
}

export class People implements CallerSource {
  readonly users: Users
  readonly sessions: Sessions
  readonly passwords: Passwords
  readonly #deps: PeopleDeps
  readonly #accounts = new BackOff(ACCOUNT_RULE)
  readonly #addresses = new BackOff(ADDRESS_RULE)
  /** Of the directory as it was read last. */
  #revision = -1
  #changes = 0
  #reloading: Promise<void> | undefined

  private constructor(deps: PeopleDeps, passwords: Passwords) {
    this.#deps = deps
    this.passwords = passwords
    const store = this.#counted(deps.store)
    this.users = new Users(store, deps.now)
    this.sessions = new Sessions({
      store,
      userOf: (id) => this.users.get(id),
      roles: deps.roles,
      now: deps.now,
      reload: () => this.reload(),
    })
  }

  static async load(deps: PeopleDeps): Promise<People> {
    const people = new People(deps, await Passwords.create())
    await people.reload()
    return people
  }

  identify({ token }: Credentials): IdentifiedCaller | AccessRefusal | undefined {
    return isSessionToken(token) ? this.sessions.identify(token) : undefined
  }

  /** A session that another server has just opened is looked for. */
  prepare({ token }: Credentials): Promise<void> | undefined {
    if (!this.#deps.isShared || !isSessionToken(token) || this.sessions.ofToken(token)) return undefined
    return this.reload().catch(() => undefined) // then it is no session that we know
  }

  isThere(id: string): boolean | undefined {
    const [, userId] = /^user:(.*)$/.exec(id) ?? []
    if (userId === undefined) return undefined
    const user = this.users.get(userId)
    return user !== undefined && user.disabledAt === undefined
  }

  holdersOf(role: string): readonly string[] {
    return this.users
      .list()
      .filter(({ roles }) => roles.some((text) => readGivenRole(text).role === role))
      .map(({ id }) => `user ${id}`)
  }

  rolesChanged(names: ReadonlySet<string>): void {
    for (const { id, roles } of this.users.list())
      if (roles.some((text) => names.has(readGivenRole(text).role))) this.sessions.userChanged(id)
  }

  /** Takes over what is stored; one look when nothing has changed. */
  reload(): Promise<void> {
    this.#reloading ??= this.#read().finally(() => {
      this.#reloading = undefined
    })
    return this.#reloading
  }

  async #read(): Promise<void> {
    const { store } = this.#deps
    for (let reads = 0; reads < READS_MAX; reads++) {
      const changes = this.#changes
      const revision = await store.identityRevision()
      if (revision === this.#revision) return
      const [users, sessions] = [await store.users(), await store.sessions()]
      // What was changed here meanwhile may or may not be in what was read.
      if (changes !== this.#changes) continue
      const changed = this.users.replace(users)
      this.sessions.replace(sessions)
      for (const id of changed) this.sessions.userChanged(id)
      this.#revision = revision
      return
    }
  }

  /** Of unknown users as of others: the same answer after the same time. */
  async logIn(email: string, password: string, place: LoginPlace): Promise<Login> {
    const user = this.users.byEmail(email)
    const began = this.#deps.now()
    const account = hashOf(emailOf(email))
    const waitMs = this.#beginTry(account, place.address)
    if (waitMs > 0) return { kind: 'wait', ms: waitMs, user }
    const isRight = await this.passwords.verify(password, user?.passwordHash)
    const now = user && this.users.get(user.id)
    if (!isRight || now === undefined || now.disabledAt !== undefined) {
      const elapsed = Math.max(0, this.#deps.now() - began)
      await (this.#deps.pause ?? pause)(ANSWER_STEP_MS - (elapsed % ANSWER_STEP_MS))
      return { kind: 'wrong', user }
    }
    this.#succeeded(account, place.address)
    const change: { -readonly [K in keyof UserChange]: UserChange[K] } = { lastLoginAt: this.#deps.now() }
    if (this.passwords.isOutdated(now.passwordHash!))
      change.passwordHash = await this.passwords.hash(password)
    await this.users.change(now.id, change)
    return { kind: 'session', user: now, tokens: await this.sessions.open(now.id, place) }
  }

  /** Sets another password and ends all other sessions; `wrong` when the current one is another. */
  async changePassword(
    user: StoredUser,
    current: string,
    next: string,
    { address, keep }: { readonly address: string | undefined; readonly keep: string },
  ): Promise<{ readonly kind: 'changed' | 'wrong' } | { readonly kind: 'wait'; readonly ms: number }> {
    const account = hashOf(user.email ?? user.id)
    const ms = this.#beginTry(account, address)
    if (ms > 0) return { kind: 'wait', ms }
    if (!(await this.passwords.verify(current, user.passwordHash))) return { kind: 'wrong' }
    this.#succeeded(account, address)
    await this.users.change(user.id, { passwordHash: await this.passwords.hash(next) })
    await this.endSessions(user.id, keep)
    return { kind: 'changed' }
  }

  /** Changes what is named; roles and teams count at once, and who is disabled has no sessions. */
  async change(id: string, change: UserChange): Promise<StoredUser | undefined> {
    const user = await this.users.change(id, change)
    if (user && user.disabledAt !== undefined) await this.endSessions(id)
    if (user && ('roles' in change || 'teams' in change || 'name' in change)) this.sessions.userChanged(id)
    return user
  }

  /** Destroys the account; sessions end first. */
  async remove(id: string): Promise<boolean> {
    await this.endSessions(id)
    return await this.users.delete(id)
  }

  async endSessions(userId: string, keep?: string): Promise<void> {
    const others = this.sessions.ofUser(userId).filter((session) => session.id !== keep)
    await this.sessions.end(others.map(({ id }) => id))
  }

  sessionOf({ token }: Credentials): StoredSession | undefined {
    return token === undefined ? undefined : this.sessions.ofToken(token)
  }

  /** Both count; a try that has to wait for either counts for neither. */
  #beginTry(account: string, address: string | undefined): number {
    const now = this.#deps.now()
    const place = networkOf(address)
    const waitMs = Math.max(this.#accounts.waitMs(account, now), this.#addresses.waitMs(place, now))
    if (waitMs > 0) return waitMs
    this.#addresses.begin(place, now)
    return this.#accounts.begin(account, now)
  }

  #succeeded(account: string, address: string | undefined): void {
    this.#accounts.succeeded(account)
    this.#addresses.takeBack(networkOf(address))
  }

  /** Counts changes before and after they are made, for reads that were under way. */
  #counted(store: Identities): Identities {
    const counted = async <T>(work: Promise<T>): Promise<T> => {
      this.#changes++
      try {
        return await work
      } finally {
        this.#changes++
      }
    }
    return {
      ...storeReads(store),
      addUser: (user) => counted(store.addUser(user)),
      changeUser: (id, change) => counted(store.changeUser(id, change)),
      deleteUser: (id) => counted(store.deleteUser(id)),
      addInvitation: (invitation) => store.addInvitation(invitation),
      deleteInvitation: (id) => store.deleteInvitation(id),
      acceptInvitation: (id, user) => counted(store.acceptInvitation(id, user)),
      addSession: (session) => counted(store.addSession(session)),
      rotateSession: (id, hash, to) => counted(store.rotateSession(id, hash, to)),
      deleteSessions: (ids) => counted(store.deleteSessions(ids)),
    }
  }
}

function storeReads(store: Identities) {
  return {
    identityRevision: () => store.identityRevision(),
    users: () => store.users(),
    invitations: () => store.invitations(),
    sessions: () => store.sessions(),
  }
}

/** One customer of IPv6 has 2^64 addresses. */
function networkOf(address = ''): string {
  return address.includes(':') && !address.startsWith('::ffff:')
    ? address.split(':').slice(0, 4).join(':')
    : address
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
