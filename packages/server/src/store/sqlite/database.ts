/** Opens a SQLite file the way all our files are opened, and brings its schema up to date. */
import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { TrailproofError } from '../../trailproof-error.ts'

export interface Migration {
  /** Numbered and never changed once released: `0001-ledger`. */
  readonly name: string
  readonly sql: string
}

export interface DatabaseOptions {
  readonly path: string
  readonly migrations: readonly Migration[]
  /** `full`: a commit is on the disk before it returns. `normal`: for what can be rebuilt. */
  readonly durability: 'full' | 'normal'
  /** Pages of 4 KiB in the WAL before a commit copies them into the file. Default 4000 (16 MiB). */
  readonly walPagesMax?: number
}

const BUSY_TIMEOUT_MS = 10_000
/** A cache for each connection: the writers' right edges and a reader's index pages fit. */
const CACHE_KIB = 4096

/** Opens for writing: makes the file when missing, applies migrations that are not yet applied. */
export function openDatabase(options: DatabaseOptions): DatabaseSync {
  const db = new DatabaseSync(options.path, { timeout: BUSY_TIMEOUT_MS })
  // auto_vacuum counts only before the first table is made; secure_delete overwrites what is erased.
  db.exec(`
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${options.durability === 'full' ? 'FULL' : 'NORMAL'};
    PRAGMA secure_delete = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA wal_autocheckpoint = ${options.walPagesMax ?? 4000};
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -${CACHE_KIB};
  `)
  migrate(db, options)
  return db
}

/** Opens for reading only; the file must exist. Safe beside a writer in any thread or process. */
export function openReadOnly(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
  db.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA query_only = ON;`)
  return db
}

function migrate(db: DatabaseSync, { path, migrations }: DatabaseOptions): void {
  db.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT`)
  const applied = new Map(
    db
      .prepare('SELECT name, checksum FROM schema_migrations')
      .all()
      .map((row) => [row['name'] as string, row['checksum'] as string]),
  )
  for (const { name, sql } of migrations) {
    const checksum = createHash('sha256').update(sql).digest('hex')
    const known = applied.get(name)
    if (known === checksum) continue
    if (known !== undefined)
      throw new TrailproofError(
        'DATA_DAMAGED',
        `${path}: migration ${name} was applied with another text than this version's`,
      )
    inTransaction(db, () => {
      db.exec(sql)
      db.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?)').run(
        name,
        checksum,
        new Date().toISOString(),
      )
    })
  }
  const unknown = [...applied.keys()].find((name) => !migrations.some((migration) => migration.name === name))
  if (unknown !== undefined)
    throw new TrailproofError('DATA_DAMAGED', `${path}: made by a newer version (migration ${unknown})`)
}

/** Runs `work` between BEGIN IMMEDIATE and COMMIT; rolls back and rethrows when it throws. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  let result: T
  try {
    result = work()
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
  db.exec('COMMIT')
  return result
}
