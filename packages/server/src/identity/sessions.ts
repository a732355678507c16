/**
 * Sessions of people: a short-lived token to call with, and one to go on with that is another after each use. What is
 * used twice was stolen, or the thief used it first: the session ends. Held in memory, so that calling costs one look-up.
 */
import { uuidv7 } from 'uuidv7'
import { type AccessRefusal, refusedFor } from '../access/access-refusal.ts'
import { callerId } from '../access/caller.ts'
import { type CallerWatch, type IdentifiedCaller, Watches } from '../access/caller-watch.ts'
import { grantsOf, homeOf } from '../access/given-role.ts'
import type { KnownRoles } from '../access/roles.ts'
import type { Identities, StoredSession, StoredUser } from '../directory/identities.ts'
import { hashOf, newSecret, newToken } from './secret-token.ts'

/** How long the token to call with is good for. */
export const ACCESS_MS = 15 * 60_000
/** A session ends when it was not gone on with for so long, */
export const IDLE_MS = 7 * 24 * 3_600_000
/** and after so long in any case. */
export const SESSION_MS = 30 * 24 * 3_600_000
/** Of one user; of more, the one that was not gone on with for longest ends. */
export const SESSIONS_OF_A_USER_MAX = 32

/** `tpr_<what the session shares>_<what is another each time>`. */
const REFRESH_TOKEN = /^tpr_([\w-]{43})_[\w-]{43}$/

type Store = Pick<Identities, 'addSession' | 'rotateSession' | 'deleteSessions'>

/** Shown once: of all of it only hashes are kept. */
export interface SessionTokens {
  readonly session: StoredSession
  readonly accessToken: string
  readonly refreshToken: string
}

/** What a session remembers of its login. */
export interface LoginPlace {
  readonly address: string | undefined
  readonly client: string | undefined
}

export type Refreshed =
  | { readonly kind: 'refreshed'; readonly tokens: SessionTokens }
  /** Not of any session that there is. */
  | { readonly kind: 'unknown' }
  /** It was used before; the session is ended now. */
  | { readonly kind: 'reused'; readonly session: StoredSession }

export interface SessionsDeps {
  readonly store: Store
  readonly userOf: (id: string) => StoredUser | undefined
  readonly roles: KnownRoles
  /** ms since 1970. */
  readonly now: () => number
  /** Takes over what other servers have changed. */
  readonly reload: () => Promise<void>
}

export class Sessions {
  readonly #deps: SessionsDeps
  #byId = new Map<string, StoredSession>()
  #byAccess = new Map<string, StoredSession>()
  #byFamily = new Map<string, StoredSession>()
  /** By session: conditions are compiled once, not once a request. */
  readonly #callers = new Map<string, IdentifiedCaller>()
  /** By session. */
  readonly #watches: Watches

  constructor(deps: SessionsDeps) {
    this.#deps = deps
    this.#watches = new Watches(deps.now)
  }

  /** Takes over what is stored. */
  replace(stored: readonly StoredSession[]): void {
    const before = this.#byId
    this.#byId = new Map()
    this.#byAccess = new Map()
    this.#byFamily = new Map()
    for (const session of stored) this.#put(session)
    for (const id of before.keys()) if (!this.#byId.has(id)) this.#ended(id)
  }

  get(id: string): StoredSession | undefined {
    const session = this.#byId.get(id)
    return session && !this.#isOver(session) ? session : undefined
  }

  /** Newest first. */
  ofUser(userId: string): readonly StoredSession[] {
    return [...this.#byId.values()]
      .filter((session) => session.userId === userId && !this.#isOver(session))
      .toSorted((a, b) => b.createdAt - a.createdAt)
  }

  /** The session whose token this is, whatever has become of it. */
  ofToken(accessToken: string): StoredSession | undefined {
    return this.#byAccess.get(hashOf(accessToken))
  }

  /** The session that this goes on with, or went on with once. */
  ofRefreshToken(refreshToken: string): StoredSession | undefined {
    const [, family] = REFRESH_TOKEN.exec(refreshToken) ?? []
    return family === undefined ? undefined : this.#byFamily.get(hashOf(family))
  }

  async open(userId: string, { address, client }: LoginPlace): Promise<SessionTokens> {
    const all = this.ofUser(userId).toSorted((a, b) => a.refreshedAt - b.refreshedAt)
    const tooMany = all.slice(0, Math.max(0, all.length - SESSIONS_OF_A_USER_MAX + 1))
    await this.end([...tooMany, ...this.#over()].map(({ id }) => id))
    const now = this.#deps.now()
    const family = newSecret()
    const { accessToken, refreshToken, hashes } = newTokens(family)
    const session: StoredSession = {
      id: uuidv7(),
      userId,
      familyHash: hashOf(family),
      ...hashes,
      csrf: newSecret(),
      createdAt: now,
      refreshedAt: now,
      endsAt: now + SESSION_MS,
      address,
      client,
    }
    await this.#deps.store.addSession(session)
    this.#put(session)
    return { session, accessToken, refreshToken }
  }

  /** Gives a session other tokens; those of before are of no use from now on. */
  async refresh(refreshToken: string): Promise<Refreshed> {
    const [, family] = REFRESH_TOKEN.exec(refreshToken) ?? []
    if (family === undefined) return { kind: 'unknown' }
    const familyHash = hashOf(family)
    if (!this.#byFamily.has(familyHash)) await this.#deps.reload()
    const session = this.#byFamily.get(familyHash)
    if (!session || this.#isOver(session) || !this.#isAllowed(session)) return { kind: 'unknown' }
    const used = hashOf(refreshToken)
    const { accessToken, refreshToken: next, hashes } = newTokens(family)
    const to = { ...hashes, refreshedAt: this.#deps.now() }
    // What is stored decides: of two who come at once, here or at another server, one is the second.
    if (!(await this.#deps.store.rotateSession(session.id, used, to))) {
      await this.#deps.reload()
      if (!this.#byId.has(session.id)) return { kind: 'unknown' }
      await this.end([session.id])
      return { kind: 'reused', session }
    }
    // Whoever ended it meanwhile has the last word.
    if (!this.#byId.has(session.id)) return { kind: 'unknown' }
    const rotated = { ...session, ...to }
    this.#drop(session)
    this.#put(rotated)
    return { kind: 'refreshed', tokens: { session: rotated, accessToken, refreshToken: next } }
  }

  /** Ended here before it is on the disk; how many there were. */
  async end(ids: readonly string[]): Promise<number> {
    const there = ids.flatMap((id) => this.#byId.get(id) ?? [])
    for (const session of there) {
      this.#drop(session)
      this.#ended(session.id)
    }
    return there.length === 0 ? 0 : await this.#deps.store.deleteSessions(there.map(({ id }) => id))
  }

  /** Undefined: no such token. */
  identify(token: string): IdentifiedCaller | AccessRefusal | undefined {
    const session = this.#byAccess.get(hashOf(token))
    if (session === undefined) return undefined
    const refusal = this.#refusalOf(session.id) ?? this.#expired(session)
    if (refusal) return refusal
    return this.#callerOf(session)
  }

  /** What the user may is another thing, or nothing: what goes on for them ends, and may be asked for again. */
  userChanged(userId: string): void {
    for (const { id, userId: owner } of this.#byId.values())
      if (owner === userId) {
        this.#callers.delete(id)
        this.#watches.end(
          id,
          this.#refusalOf(id) ?? refusedFor('role-changed', 'what the user may has changed'),
        )
      }
  }

  #callerOf(session: StoredSession): IdentifiedCaller {
    let caller = this.#callers.get(session.id)
    if (caller === undefined) {
      const { id, name, roles, teams } = this.#deps.userOf(session.userId)! // or it would have been refused
      const subject = { kind: 'user', id } as const
      const grants = grantsOf(roles, { id, name, teams }, this.#deps.roles)
      const watch = (): CallerWatch => this.#watch(session.id)
      caller = { kind: 'caller', subject, id: callerId(subject), name, grants, home: homeOf(roles), watch }
      this.#callers.set(session.id, caller)
    }
    return caller
  }

  /** As long as the session is gone on with: an access token alone keeps nothing going. */
  #watch(id: string): CallerWatch {
    return this.#watches.begin(id, {
      expiresAt: () => {
        const session = this.#byId.get(id)
        return session && Math.min(endOf(session), session.refreshedAt + ACCESS_MS)
      },
      refusal: () => this.#refusalOf(id) ?? this.#expired(this.#byId.get(id)!), // or it would be refused
    })
  }

  #expired({ refreshedAt }: StoredSession): AccessRefusal | undefined {
    return refreshedAt + ACCESS_MS <= this.#deps.now()
      ? refusedFor('expired', 'the access token has expired; POST /v1/session/refresh gives another')
      : undefined
  }

  #refusalOf(id: string): AccessRefusal | undefined {
    const session = this.#byId.get(id)
    if (!session || this.#isOver(session)) return refusedFor('revoked', 'the session has ended; log in again')
    const { userId } = session
    const caller = { id: callerId({ kind: 'user', id: userId }), name: this.#deps.userOf(userId)?.name ?? '' }
    if (!this.#isAllowed(session))
      return { ...refusedFor('revoked', 'the user may not log in any more'), caller }
    return undefined
  }

  #isAllowed({ userId }: StoredSession): boolean {
    const user = this.#deps.userOf(userId)
    return user !== undefined && user.disabledAt === undefined
  }

  #isOver(session: StoredSession): boolean {
    return endOf(session) <= this.#deps.now()
  }

  #over(): readonly StoredSession[] {
    return [...this.#byId.values()].filter((session) => this.#isOver(session))
  }

  #put(session: StoredSession): void {
    this.#byId.set(session.id, session)
    this.#byAccess.set(session.accessHash, session)
    this.#byFamily.set(session.familyHash, session)
  }

  #drop(session: StoredSession): void {
    this.#byId.delete(session.id)
    this.#byAccess.delete(session.accessHash)
    this.#byFamily.delete(session.familyHash)
  }

  #ended(id: string): void {
    this.#callers.delete(id)
    this.#watches.check(id)
  }
}

/** When it ends if nobody goes on with it, ms since 1970. */
export function endOf({ refreshedAt, endsAt }: Pick<StoredSession, 'refreshedAt' | 'endsAt'>): number {
  return Math.min(endsAt, refreshedAt + IDLE_MS)
}

function newTokens(family: string) {
  const accessToken = newToken('tps')
  const refreshToken = `tpr_${family}_${newSecret()}`
  const hashes = { accessHash: hashOf(accessToken), refreshHash: hashOf(refreshToken) }
  return { accessToken, refreshToken, hashes }
}
