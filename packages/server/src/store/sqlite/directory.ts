/** Directory on SQLite. */
import type { DatabaseSync } from 'node:sqlite'
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
import { SqliteApprovals } from './approval-table.ts'
import { inTransaction, openDatabase } from './database.ts'
import { SqliteHolds } from './hold-table.ts'
import { SqliteIdentities } from './identities.ts'
import { directory0001 } from './migrations/directory-0001.ts'
import { directory0002 } from './migrations/directory-0002.ts'
import { directory0003 } from './migrations/directory-0003.ts'
import { directory0004 } from './migrations/directory-0004.ts'
import { directory0005 } from './migrations/directory-0005.ts'
import { directory0006 } from './migrations/directory-0006.ts'
import { directory0007 } from './migrations/directory-0007.ts'
import { directory0008 } from './migrations/directory-0008.ts'
import { directory0009 } from './migrations/directory-0009.ts'
import { SqliteRetention } from './retention-table.ts'

export const directoryMigrations = [
  directory0001,
  directory0002,
  directory0003,
  directory0004,
  directory0005,
  directory0006,
  directory0007,
  directory0008,
  directory0009,
]

export class SqliteDirectory implements Directory {
  readonly #db: DatabaseSync
  readonly identities: SqliteIdentities
  readonly #approvals: SqliteApprovals
  readonly #holds: SqliteHolds
  readonly #retention: SqliteRetention

  private constructor(db: DatabaseSync) {
    this.#db = db
    this.#approvals = new SqliteApprovals(db)
    this.#holds = new SqliteHolds(db)
    this.#retention = new SqliteRetention(db)
    this.identities = new SqliteIdentities(db)
  }

  static create(path: string): SqliteDirectory {
    return new SqliteDirectory(openDatabase({ path, migrations: directoryMigrations, durability: 'full' }))
  }

  async keys(): Promise<readonly StoredKey[]> {
    return (this.#db.prepare('SELECT * FROM api_key ORDER BY created_at, prefix').all() as KeyRow[]).map(
      keyOf,
    )
  }

  async addKey(key: StoredKey): Promise<void> {
    const { prefix, hash, name, ledger, scopes, roles, teams } = key
    const { createdAt, createdBy, rotatedBy, expiresAt, revokedAt, lastUsedAt } = key
    this.#db
      .prepare('INSERT INTO api_key VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(
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
      )
  }

  async revokeKey(prefix: string, at: number): Promise<boolean> {
    const revoke = this.#db.prepare(
      'UPDATE api_key SET revoked_at = ? WHERE prefix = ? AND revoked_at IS NULL',
    )
    return revoke.run(at, prefix).changes === 1
  }

  async endKey(prefix: string, at: number): Promise<boolean> {
    const end = this.#db.prepare(`UPDATE api_key SET expires_at = min(coalesce(expires_at, ?2), ?2)
      WHERE prefix = ?1 AND revoked_at IS NULL`)
    return end.run(prefix, at).changes === 1
  }

  async markKeysUsed(prefixes: readonly string[], at: number): Promise<void> {
    inTransaction(this.#db, () => {
      const mark = this.#db.prepare('UPDATE api_key SET last_used_at = ? WHERE prefix = ?')
      for (const prefix of prefixes) mark.run(at, prefix)
    })
  }

  async roles(): Promise<readonly StoredRole[]> {
    const rows = this.#db.prepare('SELECT * FROM role ORDER BY name').all() as RoleRow[]
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
    this.#db
      .prepare('INSERT OR REPLACE INTO role VALUES (?, ?, ?, ?, ?, ?)')
      .run(name, description, JSON.stringify(permissions), rows ?? null, JSON.stringify(hidden), changedAt)
  }

  async deleteRole(name: string): Promise<boolean> {
    return this.#db.prepare('DELETE FROM role WHERE name = ?').run(name).changes === 1
  }

  async quarantine(records: readonly QuarantinedRecord[], max: number): Promise<boolean> {
    return inTransaction(this.#db, () => {
      if (this.#quarantineSize() + records.length > max) return false
      const insert = this.#db.prepare('INSERT INTO quarantined_record VALUES (?, ?, ?, ?, ?, ?)')
      for (const { id, ledger, receivedAt, keyPrefix, problems, source } of records)
        insert.run(id, ledger, receivedAt, keyPrefix, JSON.stringify(problems), source)
      return true
    })
  }

  async quarantined(
    ledger: string,
    after: string | undefined,
    limit: number,
  ): Promise<readonly QuarantinedRecord[]> {
    const rows = this.#db
      .prepare('SELECT * FROM quarantined_record WHERE ledger = ? AND id > ? ORDER BY id LIMIT ?')
      .all(ledger, after ?? '', limit) as QuarantineRow[]
    return rows.map(quarantinedOf)
  }

  async quarantinedRecord(id: string): Promise<QuarantinedRecord | undefined> {
    const row = this.#db.prepare('SELECT * FROM quarantined_record WHERE id = ?').get(id) as
      | QuarantineRow
      | undefined
    return row && quarantinedOf(row)
  }

  async discard(id: string): Promise<boolean> {
    const { changes } = this.#db.prepare('DELETE FROM quarantined_record WHERE id = ?').run(id)
    this.#db.exec('PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)')
    return changes === 1
  }

  async quarantineSize(): Promise<number> {
    return this.#quarantineSize()
  }

  async quarantineSizeOf(ledger: string): Promise<number> {
    const count = this.#db.prepare('SELECT count(*) AS size FROM quarantined_record WHERE ledger = ?')
    return count.get(ledger)!['size'] as number
  }

  async savedSearches(): Promise<readonly SavedSearch[]> {
    const rows = this.#db.prepare('SELECT * FROM saved_search ORDER BY ledger, name').all() as SavedRow[]
    return rows.map(({ changed_at, shared, pinned, ...row }) => ({
      ...row,
      shared: shared === 1,
      pinned: pinned === 1,
      changedAt: changed_at,
    }))
  }

  async putSavedSearch(search: SavedSearch): Promise<void> {
    const { ledger, name, owner, shared, pinned, query, description, changedAt } = search
    this.#db
      .prepare('INSERT OR REPLACE INTO saved_search VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
      .run(ledger, name, owner, shared ? 1 : 0, pinned ? 1 : 0, query, description, changedAt)
  }

  async deleteSavedSearch(ledger: string, name: string): Promise<boolean> {
    const remove = this.#db.prepare('DELETE FROM saved_search WHERE ledger = ? AND name = ?')
    const { changes } = remove.run(ledger, name)
    this.#db.exec('PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)')
    return changes === 1
  }

  async acquireLease(name: string, holder: string, ttlMs: number, now: number): Promise<Lease | undefined> {
    const row = this.#db
      .prepare(`INSERT INTO lease VALUES (?1, ?2, 1, ?4 + ?3) ON CONFLICT (name) DO UPDATE SET
          epoch = epoch + (CASE WHEN holder = ?2 AND expires_at > ?4 THEN 0 ELSE 1 END),
          holder = ?2, expires_at = ?4 + ?3
        WHERE expires_at <= ?4 OR holder = ?2 RETURNING epoch`)
      .get(name, holder, ttlMs, now)
    return row && { epoch: row['epoch'] as number }
  }

  async renewLease(
    name: string,
    holder: string,
    epoch: number,
    ttlMs: number,
    now: number,
  ): Promise<boolean> {
    const renew = this.#db.prepare(`UPDATE lease SET expires_at = ?5 + ?4
      WHERE name = ?1 AND holder = ?2 AND epoch = ?3 AND expires_at > ?5`)
    return renew.run(name, holder, epoch, ttlMs, now).changes === 1
  }

  async releaseLease(name: string, holder: string, epoch: number): Promise<boolean> {
    const release = this.#db.prepare(`UPDATE lease SET expires_at = 0
      WHERE name = ? AND holder = ? AND epoch = ? AND expires_at > 0`)
    return release.run(name, holder, epoch).changes === 1
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

  #quarantineSize(): number {
    return this.#db.prepare('SELECT count(*) AS size FROM quarantined_record').get()!['size'] as number
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#db.close()
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

type SavedRow = {
  ledger: string
  name: string
  owner: string
  shared: number
  pinned: number
  query: string
  description: string
  changed_at: number
}

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
    source: row.source,
  }
}
