/** The modules we keep in the data directory, each in a file of its own. */
import type { MigrationModule } from '../../migrate/migration.ts'
import { directoryMigrations } from './directory.ts'
import { ledgerMigrations } from './ledger-store.ts'
import { indexMigrations } from './search/search-index.ts'
import { streamsMigrations } from './stream-store.ts'

export const sqliteModules: readonly MigrationModule[] = [
  { name: 'ledger', dependsOn: [], migrations: ledgerMigrations },
  { name: 'directory', dependsOn: [], migrations: directoryMigrations },
  { name: 'index', dependsOn: ['ledger'], migrations: indexMigrations },
  { name: 'streams', dependsOn: ['ledger'], migrations: streamsMigrations },
]
