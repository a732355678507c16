/** Opens a SQLite file the way all our files are opened, and brings its schema up to date. */
import { DatabaseSync } from 'node:sqlite'
import { executedBy } from '../../migrate/executed-by.ts'
import type { Migration } from '../../migrate/migration.ts'
import { assertNoProblems, pendingOf } from '../../migrate/plan.ts'
import { executeStep, makeBooks, readApplied } from '../../migrate/sqlite-books.ts'

export interface DatabaseOptions extends FileOptions {
  readonly path: string
  readonly migrations: readonly Migration[]
}

export interface FileOptions {
  /** `full`: a commit is on the disk before it returns. `normal`: for what can be rebuilt. */
  readonly durability: 'full' | 'normal'
  /** Pages of 4 KiB in the WAL before a commit copies them into the file. Default 4000 (16 MiB). */
  readonly walPagesMax?: number
}

const BUSY_TIMEOUT_MS = 10_000
/** A cache for each connection: the writers' right edges and a reader's index pages fit. */
const CACHE_KIB = 4096

/** Opens for writing: makes the file when missing, applies migrations that are not yet applied. */
export function openDatabase({ path, migrations, ...options }: DatabaseOptions): DatabaseSync {
  const db = openFile(path, options)
  migrate(db, path, migrations)
  return db
}

/** Opens for writing as it is: makes the file when missing, and leaves its schema alone. */
export function openFile(path: string, options: FileOptions): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
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
  return db
}

/** Opens for reading only; the file must exist. Safe beside a writer in any thread or process. */
export function openReadOnly(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
  db.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA query_only = ON;`)
  return db
}

function migrate(db: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  const module = { name: path, dependsOn: [], migrations }
  makeBooks(db)
  const applied = readApplied(db)
  assertNoProblems(path, module, applied)
  for (const migration of pendingOf(module, applied))
    executeStep(db, { module, migration, direction: 'up' }, executedBy())
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
