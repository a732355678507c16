/** A database in which our schemas are, as `trailproof migrate up` makes them. */
import { Migrator, PostgresMigrationTarget, postgresModules } from '@trailproof/server/migrate'

export async function migrated(url: string, role?: string): Promise<string> {
  await using target = new PostgresMigrationTarget(url)
  const migrator = new Migrator(target, postgresModules)
  await migrator.up('test')
  if (role !== undefined) await migrator.grant(role)
  return url
}
