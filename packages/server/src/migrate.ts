/** Migrations, for the command line and for users' own services. Apart from the rest, as it loads the PostgreSQL client. */

export { executedBy } from './migrate/executed-by.ts'
export { type Migration, type MigrationModule, migrationKey } from './migrate/migration.ts'
export { readMigrationFolder } from './migrate/migration-folder.ts'
export type { Execution, MigrationTarget } from './migrate/migration-target.ts'
export { type ListedMigration, Migrator, type ModuleStatus } from './migrate/migrator.ts'
export type { Problem, Step } from './migrate/plan.ts'
export { PostgresMigrationTarget } from './migrate/postgres-target.ts'
export { SqliteMigrationTarget } from './migrate/sqlite-target.ts'
export { postgresModules } from './store/postgres/modules.ts'
export { sqliteModules } from './store/sqlite/modules.ts'
