/** People and sessions on SQLite, in the directory's file. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type {
  Identities,
  StoredInvitation,
  StoredSession,
  StoredUser,
  UserChange,
} from '../../directory/identities.ts'
import { inTransaction } from './database.ts'

const USER = `id, email, name, password_hash AS passwordHash, issuer, subject, roles, teams,
  created_at AS createdAt, disabled_at AS disabledAt, last_login_at AS lastLoginAt`
const INVITATION = `id, hash, email, roles, teams, invited_by AS invitedBy, created_at AS createdAt,
  expires_at AS expiresAt`
const SESSION = `id, user_id AS userId, family_hash AS familyHash, refresh_hash AS refreshHash,
  access_hash AS accessHash, csrf, created_at AS createdAt, refreshed_at AS refreshedAt, ends_at AS endsAt,
  address, client`

const COLUMN_OF: Readonly<Record<keyof UserChange, string>> = {
  email: 'email',
  name: 'name',
  passwordHash: 'password_hash',
  roles: 'roles',
  teams: 'teams',
  disabledAt: 'disabled_at',
  lastLoginAt: 'last_login_at',
}

export class SqliteIdentities implements Identities {
  readonly #db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  async identityRevision(): Promise<number> {
    return this.#db.prepare('SELECT revision FROM identity_revision').get()!['revision'] as number
  }

  async users(): Promise<readonly StoredUser[]> {
    return this.#all(`SELECT ${USER} FROM user_account ORDER BY id`).map((row) => storedOf(row) as StoredUser)
  }

  async addUser(user: StoredUser): Promise<boolean> {
    return this.#change(() => this.#insertUser(user))
  }

  async changeUser(id: string, change: UserChange): Promise<boolean> {
    const names = Object.keys(change) as (keyof UserChange)[] // no others, by its type
    if (names.length === 0) return this.#hasUser(id)
    const set = names.map((name) => `${COLUMN_OF[name]} = ?`).join(', ')
    const values = names.map((name) => columnOf(change[name]))
    return this.#change(() => this.#run(`UPDATE user_account SET ${set} WHERE id = ?`, ...values, id) === 1)
  }

  async deleteUser(id: string): Promise<boolean> {
    const isGone = this.#change(() => {
      this.#run('DELETE FROM invitation WHERE email = (SELECT email FROM user_account WHERE id = ?)', id)
      return this.#run('DELETE FROM user_account WHERE id = ?', id) === 1
    })
    this.#db.exec('PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)')
    return isGone
  }

  async invitations(): Promise<readonly StoredInvitation[]> {
    const rows = this.#all(`SELECT ${INVITATION} FROM invitation ORDER BY id`)
    return rows.map((row) => storedOf(row) as StoredInvitation)
  }

  async addInvitation(invitation: StoredInvitation): Promise<void> {
    const { id, hash, email, roles, teams, invitedBy, createdAt, expiresAt } = invitation
    const values = [id, hash, email, roles, teams, invitedBy, createdAt, expiresAt].map(columnOf)
    this.#change(() => this.#run('INSERT INTO invitation VALUES (?, ?, ?, ?, ?, ?, ?, ?)', ...values) === 1)
  }

  async deleteInvitation(id: string): Promise<boolean> {
    return this.#change(() => this.#run('DELETE FROM invitation WHERE id = ?', id) === 1)
  }

  async acceptInvitation(id: string, user: StoredUser): Promise<'accepted' | 'gone' | 'taken'> {
    let answer: 'accepted' | 'gone' | 'taken' = 'gone'
    this.#change(() => {
      if (this.#db.prepare('SELECT 1 FROM invitation WHERE id = ?').get(id) === undefined) return false
      answer = this.#insertUser(user) ? 'accepted' : 'taken'
      return answer === 'accepted' && this.#run('DELETE FROM invitation WHERE id = ?', id) === 1
    })
    return answer
  }

  async sessions(): Promise<readonly StoredSession[]> {
    return this.#all(`SELECT ${SESSION} FROM session ORDER BY id`).map(
      (row) => storedOf(row) as StoredSession,
    )
  }

  async addSession(session: StoredSession): Promise<void> {
    const { id, userId, familyHash, refreshHash, accessHash, csrf } = session
    const { createdAt, refreshedAt, endsAt, address, client } = session
    const values = [id, userId, familyHash, refreshHash, accessHash, csrf]
    const later = [createdAt, refreshedAt, endsAt, address, client].map(columnOf)
    this.#change(
      () =>
        this.#run('INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', ...values, ...later) === 1,
    )
  }

  async rotateSession(
    id: string,
    refreshHash: string,
    to: Pick<StoredSession, 'refreshHash' | 'accessHash' | 'refreshedAt'>,
  ): Promise<boolean> {
    const text = `UPDATE session SET refresh_hash = ?, access_hash = ?, refreshed_at = ?
      WHERE id = ? AND refresh_hash = ?`
    return this.#change(
      () => this.#run(text, to.refreshHash, to.accessHash, to.refreshedAt, id, refreshHash) === 1,
    )
  }

  async deleteSessions(ids: readonly string[]): Promise<number> {
    let deleted = 0
    this.#change(() => {
      for (const id of ids) deleted += this.#run('DELETE FROM session WHERE id = ?', id)
      return deleted > 0
    })
    return deleted
  }

  #hasUser(id: string): boolean {
    return this.#db.prepare('SELECT 1 FROM user_account WHERE id = ?').get(id) !== undefined
  }

  #insertUser(user: StoredUser): boolean {
    const { id, email, name, passwordHash, issuer, subject, roles, teams } = user
    const { createdAt, disabledAt, lastLoginAt } = user
    const values = [id, email, name, passwordHash, issuer, subject, roles, teams].map(columnOf)
    const times = [createdAt, disabledAt, lastLoginAt].map(columnOf)
    const text = 'INSERT INTO user_account VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'
    return this.#run(text, ...values, ...times) === 1
  }

  /** What `work` says that it changed is a new revision, in the same transaction. */
  #change(work: () => boolean): boolean {
    return inTransaction(this.#db, () => {
      const isChanged = work()
      if (isChanged) this.#run('UPDATE identity_revision SET revision = revision + 1')
      return isChanged
    })
  }

  #all(text: string): Record<string, unknown>[] {
    return this.#db.prepare(text).all()
  }

  #run(text: string, ...values: SQLInputValue[]): number {
    return Number(this.#db.prepare(text).run(...values).changes)
  }
}

/** Lists are JSON: names of roles and teams may have spaces. */
function columnOf(value: string | number | readonly string[] | undefined): string | number | null {
  return typeof value === 'object' ? JSON.stringify(value) : (value ?? null)
}

/** A row whose columns were given the names of the members; the schema has their types. */
function storedOf(row: Record<string, unknown>): object {
  const members = Object.entries(row).map(([name, value]) => [
    name,
    name === 'roles' || name === 'teams' ? (JSON.parse(value as string) as unknown) : (value ?? undefined),
  ])
  return Object.fromEntries(members)
}
