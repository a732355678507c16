/** People and sessions on PostgreSQL, in the directory's schema. */
import type {
  Identities,
  StoredInvitation,
  StoredSession,
  StoredUser,
  UserChange,
} from '../../directory/identities.ts'
import type { Connection, Connections } from './connections.ts'

const USER = `id, email, name, password_hash AS "passwordHash", issuer, subject, roles, teams,
  created_at AS "createdAt", disabled_at AS "disabledAt", last_login_at AS "lastLoginAt"`
const INVITATION = `id, hash, email, roles, teams, invited_by AS "invitedBy", created_at AS "createdAt",
  expires_at AS "expiresAt"`
const SESSION = `id, user_id AS "userId", family_hash AS "familyHash", refresh_hash AS "refreshHash",
  access_hash AS "accessHash", csrf, created_at AS "createdAt", refreshed_at AS "refreshedAt",
  ends_at AS "endsAt", address, client`

const COLUMN_OF: Readonly<Record<keyof UserChange, string>> = {
  email: 'email',
  name: 'name',
  passwordHash: 'password_hash',
  roles: 'roles',
  teams: 'teams',
  disabledAt: 'disabled_at',
  lastLoginAt: 'last_login_at',
}

export class PostgresIdentities implements Identities {
  readonly #connections: Connections
  readonly #schema: string
  readonly #rewrite: (table: string) => Promise<void>

  /** `rewrite` writes a table anew, so that what was deleted is in none of its files. */
  constructor(connections: Connections, schema: string, rewrite: (table: string) => Promise<void>) {
    this.#connections = connections
    this.#schema = schema
    this.#rewrite = rewrite
  }

  async identityRevision(): Promise<number> {
    const rows = await this.#connections.read<{ revision: number }>(
      `SELECT revision FROM ${this.#schema}.identity_revision`,
      [],
    )
    return rows[0]!.revision
  }

  users(): Promise<readonly StoredUser[]> {
    return this.#all(`SELECT ${USER} FROM ${this.#schema}.user_account ORDER BY id`)
  }

  addUser(user: StoredUser): Promise<boolean> {
    return this.#change(async (connection) => {
      const isAdded = await this.#insertUser(connection, user)
      return [isAdded, isAdded]
    })
  }

  async changeUser(id: string, change: UserChange): Promise<boolean> {
    const names = Object.keys(change) as (keyof UserChange)[] // no others, by its type
    const set = names.map((name, i) => `${COLUMN_OF[name]} = $${i + 2}`).join(', ')
    const values = names.map((name) => columnOf(change[name]))
    const text = `UPDATE ${this.#schema}.user_account SET ${set === '' ? 'id = id' : set} WHERE id = $1`
    return this.#changeOne(text, [id, ...values])
  }

  async deleteUser(id: string): Promise<boolean> {
    const schema = this.#schema
    const isGone = await this.#change(async (connection) => {
      await connection.query(
        `DELETE FROM ${schema}.invitation WHERE email = (SELECT email FROM ${schema}.user_account WHERE id = $1)`,
        [id],
      )
      const { rowCount } = await connection.query(`DELETE FROM ${schema}.user_account WHERE id = $1`, [id])
      return [rowCount === 1, rowCount === 1]
    })
    if (isGone) for (const table of ['session', 'invitation', 'user_account']) await this.#rewrite(table)
    return isGone
  }

  invitations(): Promise<readonly StoredInvitation[]> {
    return this.#all(`SELECT ${INVITATION} FROM ${this.#schema}.invitation ORDER BY id`)
  }

  async addInvitation(invitation: StoredInvitation): Promise<void> {
    const { id, hash, email, roles, teams, invitedBy, createdAt, expiresAt } = invitation
    await this.#changeOne(
      `INSERT INTO ${this.#schema}.invitation VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [id, hash, email, roles, teams, invitedBy, createdAt, expiresAt].map(columnOf),
    )
  }

  deleteInvitation(id: string): Promise<boolean> {
    return this.#changeOne(`DELETE FROM ${this.#schema}.invitation WHERE id = $1`, [id])
  }

  acceptInvitation(id: string, user: StoredUser): Promise<'accepted' | 'gone' | 'taken'> {
    return this.#change(async (connection) => {
      // Who else would accept it waits here, and then finds it gone.
      const found = await connection.query(
        `SELECT 1 FROM ${this.#schema}.invitation WHERE id = $1 FOR UPDATE`,
        [id],
      )
      if (found.rowCount !== 1) return ['gone', false]
      if (!(await this.#insertUser(connection, user))) return ['taken', false]
      await connection.query(`DELETE FROM ${this.#schema}.invitation WHERE id = $1`, [id])
      return ['accepted', true]
    })
  }

  sessions(): Promise<readonly StoredSession[]> {
    return this.#all(`SELECT ${SESSION} FROM ${this.#schema}.session ORDER BY id`)
  }

  async addSession(session: StoredSession): Promise<void> {
    const { id, userId, familyHash, refreshHash, accessHash, csrf } = session
    const { createdAt, refreshedAt, endsAt, address, client } = session
    const values = [id, userId, familyHash, refreshHash, accessHash, csrf]
    await this.#changeOne(
      `INSERT INTO ${this.#schema}.session VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [...values, ...[createdAt, refreshedAt, endsAt, address, client].map(columnOf)],
    )
  }

  rotateSession(
    id: string,
    refreshHash: string,
    to: Pick<StoredSession, 'refreshHash' | 'accessHash' | 'refreshedAt'>,
  ): Promise<boolean> {
    return this.#changeOne(
      `UPDATE ${this.#schema}.session SET refresh_hash = $3, access_hash = $4, refreshed_at = $5
        WHERE id = $1 AND refresh_hash = $2`,
      [id, refreshHash, to.refreshHash, to.accessHash, to.refreshedAt],
    )
  }

  deleteSessions(ids: readonly string[]): Promise<number> {
    return this.#change(async (connection) => {
      const { rowCount } = await connection.query(
        `DELETE FROM ${this.#schema}.session WHERE id = ANY($1::text[])`,
        [ids],
      )
      return [rowCount ?? 0, (rowCount ?? 0) > 0]
    })
  }

  async #insertUser(connection: Connection, user: StoredUser): Promise<boolean> {
    const { id, email, name, passwordHash, issuer, subject, roles, teams } = user
    const { createdAt, disabledAt, lastLoginAt } = user
    const values = [id, email, name, passwordHash, issuer, subject, roles, teams].map(columnOf)
    const { rowCount } = await connection.query(
      `INSERT INTO ${this.#schema}.user_account VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT DO NOTHING`,
      [...values, ...[createdAt, disabledAt, lastLoginAt].map(columnOf)],
    )
    return rowCount === 1
  }

  #changeOne(text: string, values: readonly unknown[]): Promise<boolean> {
    return this.#change(async (connection) => {
      const { rowCount } = await connection.query(text, [...values])
      return [rowCount === 1, rowCount === 1]
    })
  }

  /** What `work` says that it changed is a new revision, in the same transaction. */
  #change<T>(
    work: (connection: Connection) => Promise<readonly [answer: T, isChanged: boolean]>,
  ): Promise<T> {
    return this.#connections.transaction('identities', async (connection) => {
      const [answer, isChanged] = await work(connection)
      if (isChanged)
        await connection.query(`UPDATE ${this.#schema}.identity_revision SET revision = revision + 1`)
      return answer
    })
  }

  async #all<Stored>(text: string): Promise<readonly Stored[]> {
    return (await this.#connections.read<Record<string, unknown>>(text, [])).map(
      (row) => storedOf(row) as Stored,
    )
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
