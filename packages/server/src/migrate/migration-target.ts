/** Where migrations are applied. Drivers: a PostgreSQL database, a directory of SQLite files. */
import type { MigrationModule } from './migration.ts'
import type { AppliedMigration, Step } from './plan.ts'

/** One run of a migration, for the books. */
export interface Execution {
  readonly module: string
  readonly migration: string
  readonly direction: 'up' | 'down'
  readonly checksum: string
  /** RFC 3339. */
  readonly startedAt: string
  readonly durationMs: number
  readonly executedBy: string
  /** What went wrong; then everything of it was rolled back. */
  readonly error: string | undefined
}

export interface MigrationTarget extends AsyncDisposable {
  /** Named in errors; without a password. */
  readonly place: string
  /** Runs `work` while no other starter applies migrations here. Waits for one that does, within bounds. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
  /** Makes the schema or file of a module and its books; harmless when they are there. */
  init(module: MigrationModule): Promise<void>
  /** Oldest first; none where the module was never initialised. Changes nothing. */
  applied(module: MigrationModule): Promise<readonly AppliedMigration[]>
  /** Oldest first. Changes nothing. */
  executions(module: MigrationModule): Promise<readonly Execution[]>
  /** True when the query finds a row in the module's schema. */
  finds(module: MigrationModule, query: string): Promise<boolean>
  /** Statements and books in one transaction: all or nothing. */
  execute(step: Step, executedBy: string): Promise<Execution>
  /** Runs statements in the module's schema, in one transaction. */
  run(module: MigrationModule, statements: string): Promise<void>
}
