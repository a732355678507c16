/** Migrations in a PostgreSQL database: a schema a module, and an advisory lock against starters at the same time. */
import { createHash } from 'node:crypto'
import { type Connection, Connections } from '../store/postgres/connections.ts'
import { stateOf } from '../store/postgres/postgres-fault.ts'
import {
  type PostgresOptions,
  type ResolvedPostgresOptions,
  resolveOptions,
  withoutPassword,
} from '../store/postgres/postgres-options.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { checksumOf, type MigrationModule, migrationKey } from './migration.ts'
import type { Execution, MigrationTarget } from './migration-target.ts'
import type { AppliedMigration, Step } from './plan.ts'

/** How long one starter waits for another, and how long a migration may take. */
const STARTER_WAIT_MS = 60_000
const STATEMENT_TIMEOUT_MS = 3_600_000

type ExecutionRow = {
  migration: string
  direction: 'up' | 'down'
  checksum: string
  started_at: Date
  duration_ms: number
  executed_by: string
  error: string | null
}

export class PostgresMigrationTarget implements MigrationTarget {
  readonly place: string
  readonly #options: ResolvedPostgresOptions
  readonly #connections: Connections

  constructor(options: PostgresOptions | string) {
    this.#options = resolveOptions(options)
    this.place = withoutPassword(this.#options.url)
    this.#connections = new Connections({
      ...this.#options,
      connectionsMax: 3, // one of them only holds the lock
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: STARTER_WAIT_MS,
    })
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    return await this.#connections.use('migrate', async (connection) => {
      const key = advisoryKey(this.#options.schemaPrefix)
      try {
        await connection.query('SELECT pg_advisory_lock($1)', [key])
      } catch (error) {
        if (stateOf(error) !== '55P03') throw error
        throw new TrailproofError('LOCK_HELD', `${this.place}: another starter is applying migrations`, {
          retryable: true,
          cause: error,
        })
      }
      try {
        return await work()
      } finally {
        // Where the connection is lost, the server has let go of the lock already.
        await connection.query('SELECT pg_advisory_unlock($1)', [key]).catch(() => undefined)
      }
    })
  }

  async init(module: MigrationModule): Promise<void> {
    const schema = this.#schema(module)
    const { length } = await this.#connections.read('SELECT 1 FROM pg_namespace WHERE nspname = $1', [
      this.#schemaName(module),
    ])
    // Asked first: without the privilege to make schemas, IF NOT EXISTS is refused even where there is one.
    if (length === 0)
      await this.#connections.transaction('init', (connection) => connection.query(`CREATE SCHEMA ${schema}`))
    await this.#connections.transaction('init', (connection) =>
      connection.query(`
        CREATE TABLE IF NOT EXISTS ${schema}.schema_migrations (
          version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL);
        CREATE TABLE IF NOT EXISTS ${schema}.migration_execution (
          id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, migration text NOT NULL, direction text NOT NULL,
          checksum text NOT NULL, started_at timestamptz NOT NULL, duration_ms double precision NOT NULL,
          executed_by text NOT NULL, error text)`),
    )
  }

  async applied(module: MigrationModule): Promise<readonly AppliedMigration[]> {
    if (!(await this.#has(module, 'schema_migrations'))) return []
    const rows = await this.#connections.read<{
      version: number
      name: string
      checksum: string
      applied_at: Date
    }>(`SELECT * FROM ${this.#schema(module)}.schema_migrations ORDER BY version`, [])
    return rows.map(({ applied_at, ...row }) => ({ ...row, appliedAt: applied_at.toISOString() }))
  }

  async executions(module: MigrationModule): Promise<readonly Execution[]> {
    if (!(await this.#has(module, 'migration_execution'))) return []
    const rows = await this.#connections.read<ExecutionRow>(
      `SELECT * FROM ${this.#schema(module)}.migration_execution ORDER BY id`,
      [],
    )
    return rows.map((row) => ({
      module: module.name,
      migration: row.migration,
      direction: row.direction,
      checksum: row.checksum,
      startedAt: row.started_at.toISOString(),
      durationMs: row.duration_ms,
      executedBy: row.executed_by,
      error: row.error ?? undefined,
    }))
  }

  async finds(module: MigrationModule, query: string): Promise<boolean> {
    return await this.#within(module, async (connection) => (await connection.query(query)).rows.length > 0)
  }

  async execute(step: Step, executedBy: string): Promise<Execution> {
    const { module, migration, direction } = step
    const began = performance.now()
    const startedAt = new Date().toISOString()
    const ended = (error?: string): Execution => ({
      module: module.name,
      migration: migrationKey(migration),
      direction,
      checksum: checksumOf(migration),
      startedAt,
      durationMs: Math.round((performance.now() - began) * 1000) / 1000,
      executedBy,
      error,
    })
    try {
      return await this.#within(module, async (connection) => {
        await connection.query(direction === 'up' ? migration.up : migration.down!)
        if (direction === 'up')
          await connection.query('INSERT INTO schema_migrations VALUES ($1, $2, $3, $4)', [
            migration.version,
            migration.name,
            checksumOf(migration),
            startedAt,
          ])
        else await connection.query('DELETE FROM schema_migrations WHERE version = $1', [migration.version])
        const execution = ended()
        await writeDown(connection, execution)
        return execution
      })
    } catch (error) {
      const { message } = error as Error
      // Written down where that is still possible; the fault itself is what the caller has to know.
      await this.#within(module, (connection) => writeDown(connection, ended(message))).catch(() => undefined)
      throw new TrailproofError(
        'MIGRATION_REFUSED',
        `${module.name}: ${migrationKey(migration)}: ${message}`,
        {
          cause: error,
        },
      )
    }
  }

  async run(module: MigrationModule, statements: string): Promise<void> {
    await this.#within(module, (connection) =>
      connection.query(statements.replaceAll(':schema', this.#schema(module))),
    )
  }

  /** In one transaction in which unqualified names are those of the module. */
  async #within<T>(module: MigrationModule, work: (connection: Connection) => Promise<T>): Promise<T> {
    return await this.#connections.transaction('migrate', async (connection) => {
      // pg_temp is named last, or temporary tables of others would stand before ours within our functions.
      await connection.query(`SET LOCAL search_path = ${this.#schema(module)}, pg_catalog, pg_temp`)
      return await work(connection)
    })
  }

  async #has(module: MigrationModule, table: string): Promise<boolean> {
    const rows = await this.#connections.read(
      'SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = $2',
      [this.#schemaName(module), table],
    )
    return rows.length > 0
  }

  #schemaName({ name }: MigrationModule): string {
    return this.#options.schemaPrefix + name
  }

  #schema(module: MigrationModule): string {
    return `"${this.#schemaName(module).replaceAll('"', '""')}"`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]()
  }
}

async function writeDown(connection: Connection, execution: Execution): Promise<void> {
  const { migration, direction, checksum, startedAt, durationMs, executedBy, error } = execution
  await connection.query(
    `INSERT INTO migration_execution (migration, direction, checksum, started_at, duration_ms, executed_by, error)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [migration, direction, checksum, startedAt, durationMs, executedBy, error ?? null],
  )
}

/** One lock for all modules with the same prefix in a database. */
function advisoryKey(schemaPrefix: string): string {
  return createHash('sha256')
    .update(`trailproof migrate ${schemaPrefix}`)
    .digest()
    .readBigInt64BE()
    .toString()
}
