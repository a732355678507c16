/** Migrations in one SQLite file: its books, and one migration as one transaction. */
import type { DatabaseSync } from 'node:sqlite'
import { checksumOf, migrationKey } from './migration.ts'
import type { Execution } from './migration-target.ts'
import type { AppliedMigration, Step } from './plan.ts'

/** `schema_migrations` is as the first version made it, so that its files go on opening. */
export function makeBooks(db: DatabaseSync): void {
  db.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS migration_execution (
    id INTEGER PRIMARY KEY,
    migration TEXT NOT NULL,
    direction TEXT NOT NULL,
    checksum TEXT NOT NULL,
    started_at TEXT NOT NULL,
    duration_ms REAL NOT NULL,
    executed_by TEXT NOT NULL,
    error TEXT
  ) STRICT`)
}

export function readApplied(db: DatabaseSync): AppliedMigration[] {
  if (!hasTable(db, 'schema_migrations')) return []
  return db
    .prepare('SELECT name, checksum, applied_at FROM schema_migrations ORDER BY name')
    .all()
    .map((row) => {
      const [, version, name] = /^(\d+)-(.*)$/s.exec(String(row['name'])) ?? []
      return {
        version: Number(version ?? 0),
        name: name ?? String(row['name']),
        checksum: String(row['checksum']),
        appliedAt: String(row['applied_at']),
      }
    })
}

export function readExecutions(db: DatabaseSync, module: string): Execution[] {
  if (!hasTable(db, 'migration_execution')) return []
  return db
    .prepare('SELECT * FROM migration_execution ORDER BY id')
    .all()
    .map((row) => ({
      module,
      migration: String(row['migration']),
      direction: row['direction'] as 'up' | 'down',
      checksum: String(row['checksum']),
      startedAt: String(row['started_at']),
      durationMs: Number(row['duration_ms']),
      executedBy: String(row['executed_by']),
      error: (row['error'] as string | null) ?? undefined,
    }))
}

/** Runs a step and writes it down; what fails is rolled back, written down as failed, and thrown. */
export function executeStep(db: DatabaseSync, step: Step, executedBy: string): Execution {
  const { migration, direction } = step
  const key = migrationKey(migration)
  const checksum = checksumOf(migration)
  const began = performance.now()
  const execution = {
    module: step.module.name,
    migration: key,
    direction,
    checksum,
    startedAt: new Date().toISOString(),
    executedBy,
  }
  const ended = (error?: string): Execution => ({
    ...execution,
    durationMs: Math.round((performance.now() - began) * 1000) / 1000,
    error,
  })
  db.exec('BEGIN IMMEDIATE')
  try {
    // Another starter may have done it while we waited for the lock.
    const isThere = readApplied(db).some(({ version }) => version === migration.version)
    if (isThere === (direction === 'down')) {
      db.exec(direction === 'up' ? migration.up : migration.down!)
      if (direction === 'up')
        db.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?)').run(key, checksum, execution.startedAt)
      else db.prepare('DELETE FROM schema_migrations WHERE name = ?').run(key)
      writeDown(db, ended())
    }
    db.exec('COMMIT')
    return ended()
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    writeDown(db, ended((error as Error).message))
    throw error
  }
}

function writeDown(db: DatabaseSync, execution: Execution): void {
  const { migration, direction, checksum, startedAt, durationMs, executedBy, error } = execution
  db.prepare(
    `INSERT INTO migration_execution (migration, direction, checksum, started_at, duration_ms, executed_by, error)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(migration, direction, checksum, startedAt, durationMs, executedBy, error ?? null)
}

function hasTable(db: DatabaseSync, name: string): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined
}
