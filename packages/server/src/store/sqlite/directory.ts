/** Directory on SQLite. */
import type { DatabaseSync } from 'node:sqlite'
import type {
  Directory,
  QuarantinedRecord,
  SavedSearch,
  Scope,
  StoredKey,
} from '../../directory/directory.ts'
import { inTransaction, openDatabase } from './database.ts'
import { directory0001 } from './migrations/directory-0001.ts'
import { directory0002 } from './migrations/directory-0002.ts'

export const directoryMigrations = [directory0001, directory0002]

export class SqliteDirectory implements Directory {
  readonly #db: DatabaseSync

  private constructor(db: DatabaseSync) {
    this.#db = db
  }

  static create(path: string): SqliteDirectory {
    return new SqliteDirectory(openDatabase({ path, migrations: directoryMigrations, durability: 'full' }))
  }

  async keys(): Promise<readonly StoredKey[]> {
    return (this.#db.prepare('SELECT * FROM api_key ORDER BY created_at, prefix').all() as KeyRow[]).map(
      keyOf,
    )
  }

  async addKey({
    prefix,
    hash,
    name,
    ledger,
    scopes,
    createdAt,
    expiresAt,
    revokedAt,
  }: StoredKey): Promise<void> {
    this.#db
      .prepare('INSERT INTO api_key VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
      .run(
        prefix,
        hash,
        name,
        ledger ?? null,
        scopes.join(' '),
        createdAt,
        expiresAt ?? null,
        revokedAt ?? null,
      )
  }

  async revokeKey(prefix: string, at: number): Promise<boolean> {
    const revoke = this.#db.prepare(
      'UPDATE api_key SET revoked_at = ? WHERE prefix = ? AND revoked_at IS NULL',
    )
    return revoke.run(at, prefix).changes === 1
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
}

function keyOf(row: KeyRow): StoredKey {
  return {
    prefix: row.prefix,
    hash: row.hash,
    name: row.name,
    ledger: row.ledger ?? undefined,
    scopes: row.scopes.split(' ') as Scope[],
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
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
