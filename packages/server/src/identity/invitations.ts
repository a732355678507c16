/** Invitations: whoever shows the token once becomes a user with the roles that were meant for them. */
import { uuidv7 } from 'uuidv7'
import type { Identities, StoredInvitation, StoredUser } from '../directory/identities.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { People } from './people.ts'
import { hashOf, newToken } from './secret-token.ts'
import { emailOf } from './users.ts'

export const INVITATION_HOURS = 72
export const INVITATION_HOURS_MAX = 24 * 30
/** At once; those that have ended do not count. */
const INVITATIONS_MAX = 1000
const HOUR_MS = 3_600_000

export interface NewInvitation {
  readonly email: string
  readonly roles: readonly string[]
  readonly teams: readonly string[]
  /** Default: 72. */
  readonly hours?: number | undefined
  /** The id of the caller who invites. */
  readonly invitedBy: string
}

export interface Acceptance {
  readonly name: string
  readonly password: string
}

export class Invitations {
  readonly #store: Identities
  readonly #people: People
  readonly #now: () => number

  constructor(store: Identities, people: People, now: () => number) {
    this.#store = store
    this.#people = people
    this.#now = now
  }

  /** Those that can be accepted, oldest first. */
  async list(): Promise<readonly StoredInvitation[]> {
    const now = this.#now()
    return (await this.#store.invitations()).filter(({ expiresAt }) => expiresAt > now)
  }

  /** The token is returned this once and nowhere kept; undefined: there is a user with that address. */
  async make(asked: NewInvitation): Promise<{ invitation: StoredInvitation; token: string } | undefined> {
    if (this.#people.users.byEmail(asked.email)) return undefined
    const now = this.#now()
    const all = await this.#store.invitations()
    for (const { id, expiresAt } of all) if (expiresAt <= now) await this.#store.deleteInvitation(id)
    if (all.filter(({ expiresAt }) => expiresAt > now).length >= INVITATIONS_MAX)
      throw new TrailproofError('BAD_REQUEST', `there are at most ${INVITATIONS_MAX} invitations at once`)
    const token = newToken('tpi')
    const { roles, teams, invitedBy, hours = INVITATION_HOURS } = asked
    const invitation: StoredInvitation = {
      id: uuidv7(),
      hash: hashOf(token),
      email: emailOf(asked.email),
      roles,
      teams,
      invitedBy,
      createdAt: now,
      expiresAt: now + hours * HOUR_MS,
    }
    await this.#store.addInvitation(invitation)
    return { invitation, token }
  }

  /** False when there is none. */
  delete(id: string): Promise<boolean> {
    return this.#store.deleteInvitation(id)
  }

  /** The one that the token is of, while it can be accepted. */
  async find(token: string): Promise<StoredInvitation | undefined> {
    if (!token.startsWith('tpi_')) return undefined
    const hash = hashOf(token)
    return (await this.list()).find((each) => each.hash === hash)
  }

  /** The new user; of several who show the token at once, one becomes it. */
  async accept(
    { id, email, roles, teams }: StoredInvitation,
    { name, password }: Acceptance,
  ): Promise<StoredUser | 'gone' | 'taken'> {
    const { users, passwords } = this.#people
    const passwordHash = await passwords.hash(password)
    const user = users.made({ email, name, passwordHash, roles, teams })
    const answer = await this.#store.acceptInvitation(id, user)
    if (answer !== 'accepted') return answer
    users.added(user)
    return user
  }
}
