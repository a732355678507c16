/** One numbered change of a schema, and the module whose schema it changes. */
import { createHash } from 'node:crypto'

export interface Migration {
  /** From 1 on, in the order in which they are applied. Never changed once released, nor is anything else here. */
  readonly version: number
  /** A word or three for people: `saved-searches`. */
  readonly name: string
  /** Statements that go forward; names in it are unqualified, they resolve to the module's own schema. */
  readonly up: string
  /** Statements that go back. Without them the migration is never taken back. */
  readonly down?: string
  /** A query; while it finds a row, going back would destroy what was recorded, and is refused. */
  readonly evidence?: string
}

/** What shares one schema (PostgreSQL) or one file (SQLite), with its own versions. */
export interface MigrationModule {
  readonly name: string
  /** Modules that are brought up before this one, and stay while this one is there. */
  readonly dependsOn: readonly string[]
  readonly migrations: readonly Migration[]
  /** Run each time after the module is brought up, and to be harmless when repeated. */
  readonly afterUp?: string
  /** Privileges of the application's role: `:role`, and `:schema`, are written in. PostgreSQL only. */
  readonly grants?: string
}

/** `0002-saved-searches`: how a migration is named to people and in SQLite's books. */
export function migrationKey({ version, name }: Pick<Migration, 'version' | 'name'>): string {
  return `${String(version).padStart(4, '0')}-${name}`
}

/** SHA-256 of the statements that go forward, hex: what was applied must stay what is written. */
export function checksumOf({ up }: Pick<Migration, 'up'>): string {
  return createHash('sha256').update(up).digest('hex')
}
