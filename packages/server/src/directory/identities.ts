/** People and their sessions, as the directory keeps them: of what opens anything only hashes. */

/** Somebody who may log in. */
export interface StoredUser {
  /** UUIDv7. */
  readonly id: string
  /** What they log in with, lower case; undefined: they come from an issuer that gives none. */
  readonly email: string | undefined
  readonly name: string
  /** PHC text of argon2id, or what was imported of bcrypt; undefined: no password opens anything. */
  readonly passwordHash: string | undefined
  /** Of OpenID Connect: the issuer and its name for them. Both or neither. */
  readonly issuer: string | undefined
  readonly subject: string | undefined
  /** `role` or `role@ledger`; a role that there is not allows nothing. */
  readonly roles: readonly string[]
  /** What conditions of roles ask for as `caller.teams`. */
  readonly teams: readonly string[]
  /** ms since 1970. */
  readonly createdAt: number
  readonly disabledAt: number | undefined
  readonly lastLoginAt: number | undefined
}

/** What of a user can become another; what is not named stays. */
export type UserChange = Partial<
  Pick<StoredUser, 'email' | 'name' | 'passwordHash' | 'roles' | 'teams' | 'disabledAt' | 'lastLoginAt'>
>

/** Who may become a user by showing a token. */
export interface StoredInvitation {
  /** UUIDv7. */
  readonly id: string
  /** SHA-256 of the token, hex. */
  readonly hash: string
  readonly email: string
  /** As a user's. */
  readonly roles: readonly string[]
  readonly teams: readonly string[]
  /** The id of the caller who invites. */
  readonly invitedBy: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** One login and all that its refreshes made of it. */
export interface StoredSession {
  /** UUIDv7. */
  readonly id: string
  readonly userId: string
  /** SHA-256, hex, of the part of refresh tokens that all of the session share: a used one is known by it. */
  readonly familyHash: string
  /** SHA-256 of the one refresh token that is valid. */
  readonly refreshHash: string
  /** SHA-256 of the one access token that is valid. */
  readonly accessHash: string
  /** What a page of ours sends beside its cookies. */
  readonly csrf: string
  /** ms since 1970. */
  readonly createdAt: number
  /** Of the login, or of the last refresh. */
  readonly refreshedAt: number
  /** Whatever happens, it ends then. */
  readonly endsAt: number
  /** Of the login, for people who look through their sessions. */
  readonly address: string | undefined
  /** User-Agent of the login. */
  readonly client: string | undefined
}

/** The part of the directory that is people. As all of it: concurrent calls, and durable when resolved. */
export interface Identities {
  /** Rises with each change here, whichever server made it. */
  identityRevision(): Promise<number>

  users(): Promise<readonly StoredUser[]>
  /** False when the e-mail address, or the subject of the issuer, is another user's. */
  addUser(user: StoredUser): Promise<boolean>
  /** False when there is no such user. */
  changeUser(id: string, change: UserChange): Promise<boolean>
  /** Destroys the user, their sessions and what invited them, in every file; false when there is none. */
  deleteUser(id: string): Promise<boolean>

  invitations(): Promise<readonly StoredInvitation[]>
  addInvitation(invitation: StoredInvitation): Promise<void>
  /** False when there is none. */
  deleteInvitation(id: string): Promise<boolean>
  /** Makes the user and ends the invitation, both or neither: `gone` when it is no more, `taken` as in `addUser`. */
  acceptInvitation(id: string, user: StoredUser): Promise<'accepted' | 'gone' | 'taken'>

  sessions(): Promise<readonly StoredSession[]>
  addSession(session: StoredSession): Promise<void>
  /** Gives the session other tokens; false when `refreshHash` is not what is stored: of several, one succeeds. */
  rotateSession(
    id: string,
    refreshHash: string,
    to: Pick<StoredSession, 'refreshHash' | 'accessHash' | 'refreshedAt'>,
  ): Promise<boolean>
  /** How many of them there were. */
  deleteSessions(ids: readonly string[]): Promise<number>
}
