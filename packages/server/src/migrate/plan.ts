/** What is to be done to bring modules up or back, and what stands in the way. Pure: reads and writes nothing. */
import { TrailproofError } from '../trailproof-error.ts'
import { checksumOf, type Migration, type MigrationModule, migrationKey } from './migration.ts'

/** A migration as the books of a module have it. */
export interface AppliedMigration {
  readonly version: number
  readonly name: string
  readonly checksum: string
  /** RFC 3339. */
  readonly appliedAt: string
}

export interface Step {
  readonly module: MigrationModule
  readonly migration: Migration
  readonly direction: 'up' | 'down'
}

/** What the books and the migrations at hand disagree on. */
export interface Problem {
  readonly module: string
  /** Its key: `0001-ledger`. */
  readonly migration: string
  /**
   * `changed`: applied with another text than the one at hand. `unknown`: applied, but not at hand; a newer version
   * made it. `skipped`: not applied, though a later one is.
   */
  readonly kind: 'changed' | 'unknown' | 'skipped'
  readonly message: string
}

export function problemsOf(module: MigrationModule, applied: readonly AppliedMigration[]): Problem[] {
  const problems: Problem[] = []
  const add = (kind: Problem['kind'], migration: string, message: string): void => {
    problems.push({ module: module.name, migration, kind, message: `migration ${migration} ${message}` })
  }
  for (const { version, name, checksum } of applied) {
    const key = migrationKey({ version, name })
    const known = module.migrations.find((one) => one.version === version && one.name === name)
    if (!known) add('unknown', key, 'was applied by a newer version')
    else if (checksumOf(known) !== checksum)
      add('changed', key, 'was applied with another text than this one')
  }
  const newest = newestOf(applied)
  for (const migration of pendingOf(module, applied))
    if (migration.version < newest)
      add('skipped', migrationKey(migration), `is not applied, but version ${newest} is`)
  return problems
}

/** Rejects with DATA_DAMAGED, naming the first problem. `where` says in what database or file. */
export function assertNoProblems(
  where: string,
  module: MigrationModule,
  applied: readonly AppliedMigration[],
): void {
  const [problem] = problemsOf(module, applied)
  if (problem) throw new TrailproofError('DATA_DAMAGED', `${where}: ${problem.message}`)
}

/** The migrations of a module that are still to come, up to and with version `to`. */
export function pendingOf(
  { migrations }: MigrationModule,
  applied: readonly AppliedMigration[],
  to = Number.POSITIVE_INFINITY,
): Migration[] {
  return migrations
    .filter(({ version }) => version <= to && !applied.some((one) => one.version === version))
    .toSorted((a, b) => a.version - b.version)
}

/** The migrations to take back, newest first, so that version `to` is the newest that stays. */
export function toTakeBack(
  { name, migrations }: MigrationModule,
  applied: readonly AppliedMigration[],
  to: number,
): Migration[] {
  return applied
    .filter(({ version }) => version > to)
    .toSorted((a, b) => b.version - a.version)
    .map(({ version }) => {
      const migration = migrations.find((one) => one.version === version)!
      if (migration.down === undefined)
        throw new TrailproofError(
          'MIGRATION_REFUSED',
          `${name}: migration ${migrationKey(migration)} has no way back`,
        )
      return migration
    })
}

/** The newest version applied, 0 when none is. */
export function newestOf(applied: readonly AppliedMigration[]): number {
  return Math.max(0, ...applied.map(({ version }) => version))
}
