/** Directory on PostgreSQL. */
import type { ApprovalState } from '../../approvals/approval-state.ts'
import type { ApprovalFacts, ApprovalMove, StoredApproval } from '../../approvals/approval-store.ts'
import type {
  Directory,
  Lease,
  QuarantinedRecord,
  SavedSearch,
  Scope,
  StoredKey,
  StoredRole,
} from '../../directory/directory.ts'
import type { StoredHold } from '../../holds/hold-store.ts'
import type { RetentionProgress, StoredRetention } from '../../retention/retention-store.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import { PostgresApprovals } from './approval-table.ts'
import { Connections } from './connections.ts'
import { PostgresHolds } from './hold-table.ts'
import { PostgresIdentities } from './identities.ts'
import { stateOf } from './postgres-fault.ts'
import { type PostgresOptions, type ResolvedPostgresOptions, resolveOptions } from './postgres-options.ts'
import { PostgresRetention } from './retention-table.ts'
import { rewritten } from './rewrite.ts'

export async function openPostgresDirectory(options: PostgresOptions | string): Promise<PostgresDirectory> {
  const directory = new PostgresDirectory(resolveOptions(options))
  try {
    await directory.keys()
  } catch (cause) {
    await directory[Symbol.asyncDispose]()
    if (stateOf(cause) !== '42P01') throw cause
    throw new TrailproofError('BAD_SETTING', 'the database has no directory yet: run trailproof migrate up', {
      cause,
    })
  }
  return directory
}

export class PostgresDirectory implements Directory {
  readonly #connections: Connections
  readonly #schema: string
  readonly identities: PostgresIdentities
  readonly #approvals: PostgresApprovals
  readonly #holds: PostgresHolds
  readonly #retention: PostgresRetention

  constructor(options: ResolvedPostgresOptions) {
    this.#connections = new Connections(options)
    this.#schema = `"${options.schemaPrefix}directory"`
    this.identities = new PostgresIdentities(this.#connections, this.#schema, (table) => this.#rewrite(table))
    this.#approvals = new PostgresApprovals(this.#connections, this.#schema)
    this.#holds = new PostgresHolds(this.#connections, this.#schema)
    this.#retention = new PostgresRetention(this.#connections, this.#schema)
  }

  async keys(): Promise<readonly StoredKey[]> {
    const rows = await this.#connections.read<KeyRow>(
      `SELECT * FROM ${this.#schema}.api_key ORDER BY created_at, prefix`,
      [],
    )
    return rows.map(keyOf)
  }

  async addKey(key: StoredKey): Promise<void> {
    const { prefix, hash, name, ledger, scopes, roles, teams } = key
    const { createdAt, createdBy, rotatedBy, expiresAt, revokedAt, lastUsedAt } = key
    const values = '$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13'
    await this.#change(`INSERT INTO ${this.#schema}.api_key VALUES (${values})`, [
      prefix,
      hash,
      name,
      ledger ?? null,
      scopes.join(' '),
      createdAt,
      expiresAt ?? null,
      revokedAt ?? null,
      JSON.stringify(roles),
      JSON.stringify(teams),
      lastUsedAt ?? null,
      createdBy ?? null,
      rotatedBy ?? null,
    ])
  }

  async revokeKey(prefix: string, at: number): Promise<boolean> {
    return await this.#change(
      `UPDATE ${this.#schema}.api_key SET revoked_at = $2 WHERE prefix = $1 AND revoked_at IS NULL`,
      [prefix, at],
    )
  }

  async endKey(prefix: string, at: number): Promise<boolean> {
    return await this.#change(
      `UPDATE ${this.#schema}.api_key SET expires_at = least(expires_at, $2)
        WHERE prefix = $1 AND revoked_at IS NULL`,
      [prefix, at],
    )
  }

  async markKeysUsed(prefixes: readonly string[], at: number): Promise<void> {
    await this.#change(
      `UPDATE ${this.#schema}.api_key SET last_used_at = $2 WHERE prefix = ANY($1::text[])`,
      [prefixes, at],
    )
  }

  async roles(): Promise<readonly StoredRole[]> {
    const rows = await this.#connections.read<RoleRow>(`SELECT * FROM ${this.#schema}.role ORDER BY name`, [])
    return rows.map(({ name, description, permissions, row_condition, hidden, changed_at }) => ({
      name,
      description,
      permissions: JSON.parse(permissions) as string[],
      rows: row_condition ?? undefined,
      hidden: JSON.parse(hidden) as string[],
      changedAt: changed_at,
    }))
  }

  async putRole({ name, description, permissions, rows, hidden, changedAt }: StoredRole): Promise<void> {
    await this.#change(
      `INSERT INTO ${this.#schema}.role VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO UPDATE SET
        description = $2, permissions = $3, row_condition = $4, hidden = $5, changed_at = $6`,
      [name, description, JSON.stringify(permissions), rows ?? null, JSON.stringify(hidden), changedAt],
    )
  }

  async deleteRole(name: string): Promise<boolean> {
    return await this.#change(`DELETE FROM ${this.#schema}.role WHERE name = $1`, [name])
  }

  async quarantine(records: readonly QuarantinedRecord[], max: number): Promise<boolean> {
    const table = `${this.#schema}.quarantined_record`
    return await this.#connections.transaction('quarantine', async (connection) => {
      // One at a time counts and adds.
      await connection.query('SELECT pg_advisory_xact_lock(to_regclass($1)::oid::bigint)', [table])
      const { rows } = await connection.query(`SELECT count(*) AS size FROM ${table}`)
      if ((rows[0]!['size'] as number) + records.length > max) return false
      const column = <K extends keyof QuarantinedRecord>(name: K): QuarantinedRecord[K][] =>
        records.map((record) => record[name])
      await connection.query(
        `INSERT INTO ${table} SELECT * FROM
          unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[])`,
        [
          column('id'),
          column('ledger'),
          column('receivedAt'),
          column('keyPrefix'),
          // PostgreSQL's text holds no NUL, and JSON writes one as an escape.
          column('problems').map((problems) => JSON.stringify(problems)),
          column('source').map((source) => JSON.stringify(source)),
        ],
      )
      return true
    })
  }

  async quarantined(
    ledger: string,
    after: string | undefined,
    limit: number,
  ): Promise<readonly QuarantinedRecord[]> {
    const rows = await this.#connections.read<QuarantineRow>(
      `SELECT * FROM ${this.#schema}.quarantined_record WHERE ledger = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [ledger, after ?? '', limit],
    )
    return rows.map(quarantinedOf)
  }

  async quarantinedRecord(id: string): Promise<QuarantinedRecord | undefined> {
    const [row] = await this.#connections.read<QuarantineRow>(
      `SELECT * FROM ${this.#schema}.quarantined_record WHERE id = $1`,
      [id],
    )
    return row && quarantinedOf(row)
  }

  async discard(id: string): Promise<boolean> {
    const isGone = await this.#change(`DELETE FROM ${this.#schema}.quarantined_record WHERE id = $1`, [id])
    if (isGone) await this.#rewrite('quarantined_record')
    return isGone
  }

  async quarantineSize(): Promise<number> {
    return await this.#count(`SELECT count(*) AS size FROM ${this.#schema}.quarantined_record`, [])
  }

  async quarantineSizeOf(ledger: string): Promise<number> {
    return await this.#count(
      `SELECT count(*) AS size FROM ${this.#schema}.quarantined_record WHERE ledger = $1`,
      [ledger],
    )
  }

  async savedSearches(): Promise<readonly SavedSearch[]> {
    const rows = await this.#connections.read<SavedRow>(
      `SELECT * FROM ${this.#schema}.saved_search ORDER BY ledger, name`,
      [],
    )
    return rows.map(({ changed_at, ...row }) => ({ ...row, changedAt: changed_at }))
  }

  async putSavedSearch(search: SavedSearch): Promise<void> {
    const { ledger, name, owner, shared, pinned, query, description, changedAt } = search
    await this.#change(
      `INSERT INTO ${this.#schema}.saved_search VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (ledger, name) DO UPDATE SET owner = $3, shared = $4, pinned = $5, query = $6, description = $7,
          changed_at = $8`,
      [ledger, name, owner, shared, pinned, query, description, changedAt],
    )
  }

  async deleteSavedSearch(ledger: string, name: string): Promise<boolean> {
    const isGone = await this.#change(
      `DELETE FROM ${this.#schema}.saved_search WHERE ledger = $1 AND name = $2`,
      [ledger, name],
    )
    if (isGone) await this.#rewrite('saved_search')
    return isGone
  }

  /** By the database's clock, which all holders share; `now` is for drivers without one. */
  async acquireLease(name: string, holder: string, ttlMs: number): Promise<Lease | undefined> {
    const { rows } = await this.#connections.change(
      'lease',
      `INSERT INTO ${this.#schema}.lease AS held VALUES ($1, $2, 1, clock_timestamp() + $3 * interval '1 ms')
          ON CONFLICT (name) DO UPDATE SET
            epoch = held.epoch + CASE WHEN held.holder = $2 AND held.expires_at > clock_timestamp() THEN 0 ELSE 1 END,
            holder = $2, expires_at = clock_timestamp() + $3 * interval '1 ms'
          WHERE held.expires_at <= clock_timestamp() OR held.holder = $2 RETURNING epoch`,
      [name, holder, ttlMs],
    )
    const [row] = rows as { epoch: number }[]
    return row && { epoch: row.epoch }
  }

  async renewLease(name: string, holder: string, epoch: number, ttlMs: number): Promise<boolean> {
    return await this.#change(
      `UPDATE ${this.#schema}.lease SET expires_at = clock_timestamp() + $4 * interval '1 ms'
        WHERE name = $1 AND holder = $2 AND epoch = $3 AND expires_at > clock_timestamp()`,
      [name, holder, epoch, ttlMs],
    )
  }

  async releaseLease(name: string, holder: string, epoch: number): Promise<boolean> {
    return await this.#change(
      `UPDATE ${this.#schema}.lease SET expires_at = '-infinity'
        WHERE name = $1 AND holder = $2 AND epoch = $3 AND expires_at > '-infinity'`,
      [name, holder, epoch],
    )
  }

  addApproval(approval: StoredApproval, openMax: number): Promise<boolean> {
    return this.#approvals.addApproval(approval, openMax)
  }

  approval(id: string): Promise<StoredApproval | undefined> {
    return this.#approvals.approval(id)
  }

  approvals(states: readonly ApprovalState[], limit: number): Promise<readonly ApprovalFacts[]> {
    return this.#approvals.approvals(states, limit)
  }

  moveApproval(id: string, move: ApprovalMove): Promise<boolean> {
    return this.#approvals.moveApproval(id, move)
  }

  forgetApprovals(askedBefore: number): Promise<void> {
    return this.#approvals.forgetApprovals(askedBefore)
  }

  holds(ledger: string): Promise<readonly StoredHold[]> {
    return this.#holds.holds(ledger)
  }

  addHold(hold: StoredHold, max: number): Promise<boolean> {
    return this.#holds.addHold(hold, max)
  }

  holdRecorded(ledger: string, name: string, entry: number): Promise<void> {
    return this.#holds.holdRecorded(ledger, name, entry)
  }

  deleteHold(ledger: string, name: string): Promise<boolean> {
    return this.#holds.deleteHold(ledger, name)
  }

  retention(ledger: string): Promise<StoredRetention | undefined> {
    return this.#retention.retention(ledger)
  }

  putRetention(retention: StoredRetention): Promise<void> {
    return this.#retention.putRetention(retention)
  }

  retentionProgress(ledger: string, changedAt: number, progress: RetentionProgress): Promise<void> {
    return this.#retention.retentionProgress(ledger, changedAt, progress)
  }

  /** One statement, which is one transaction; true when it changed a row. */
  async #change(text: string, values: readonly unknown[]): Promise<boolean> {
    const { rowCount } = await this.#connections.change('directory', text, values)
    return rowCount === 1
  }

  async #count(text: string, values: readonly unknown[]): Promise<number> {
    const [row] = await this.#connections.read<{ size: number }>(text, values)
    return row!.size
  }

  async #rewrite(table: string): Promise<void> {
    if (await rewritten(this.#connections, `${this.#schema}.rewrite_table`, [table])) return
    throw new TrailproofError(
      'OVERLOADED',
      'deleted, but a long transaction or a standby can still see it: its bytes go with the next deletion',
      { retryable: false },
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]()
  }
}

type KeyRow = {
  prefix: string
  hash: string
  name: string
  ledger: string | null
  scopes: string
  created_at: number
  expires_at: number | null
  revoked_at: number | null
  roles: string
  teams: string
  last_used_at: number | null
  created_by: string | null
  rotated_by: string | null
}

type RoleRow = {
  name: string
  description: string
  permissions: string
  row_condition: string | null
  hidden: string
  changed_at: number
}

function keyOf(row: KeyRow): StoredKey {
  return {
    prefix: row.prefix,
    hash: row.hash,
    name: row.name,
    ledger: row.ledger ?? undefined,
    scopes: (row.scopes === '' ? [] : row.scopes.split(' ')) as Scope[],
    roles: JSON.parse(row.roles) as string[],
    teams: JSON.parse(row.teams) as string[],
    createdAt: row.created_at,
    createdBy: row.created_by ?? undefined,
    rotatedBy: row.rotated_by ?? undefined,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
  }
}

type SavedRow = Omit<SavedSearch, 'changedAt'> & { changed_at: number }

type QuarantineRow = {
  id: string
  ledger: string
  received_at: number
  key_prefix: string
  problems: string
  source: string
}

function quarantinedOf(row: QuarantineRow): QuarantinedRecord {
  return {
    id: row.id,
    ledger: row.ledger,
    receivedAt: row.received_at,
    keyPrefix: row.key_prefix,
    problems: JSON.parse(row.problems) as unknown[],
    source: JSON.parse(row.source) as string,
  }
}
