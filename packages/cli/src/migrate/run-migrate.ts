/** Runs one verb of `trailproof migrate` and says what came of it. */
import { TrailproofError } from '@trailproof/server'
import {
  type Execution,
  executedBy,
  type MigrationModule,
  type MigrationTarget,
  Migrator,
  migrationKey,
  PostgresMigrationTarget,
  postgresModules,
  readMigrationFolder,
  SqliteMigrationTarget,
  type Step,
  sqliteModules,
} from '@trailproof/server/migrate'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { Failure, usageFailure } from '../failure.ts'
import { painterOf } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { printTable } from '../terminal/table.ts'

export type MigrateVerb = 'init' | 'up' | 'down' | 'status' | 'validate' | 'list' | 'plan'

export interface MigrateFlags {
  readonly database?: string
  readonly data?: string
  readonly from?: string
  readonly schemaPrefix?: string
  readonly module?: string
  readonly to?: number
  readonly role?: string
  readonly json?: true
}

interface Run {
  readonly migrator: Migrator
  readonly options: { readonly module?: string; readonly to?: number }
  readonly flags: MigrateFlags
  readonly context: Context
}

export async function runMigrate(verb: MigrateVerb, flags: MigrateFlags, context: Context): Promise<void> {
  const options = {
    ...(flags.module !== undefined && { module: flags.module }),
    ...(flags.to !== undefined && { to: flags.to }),
  }
  try {
    const { target, modules } = openTarget(flags, context)
    await using _ = target
    await VERBS[verb]({ migrator: new Migrator(target, modules), options, flags, context })
  } catch (error) {
    throw failureOf(error)
  }
}

function openTarget(
  flags: MigrateFlags,
  { env }: Context,
): { target: MigrationTarget; modules: readonly MigrationModule[] } {
  const own = flags.from === undefined ? undefined : readMigrationFolder(flags.from)
  if (flags.data !== undefined) {
    if (flags.database !== undefined) throw usageFailure('--database and --data are two different places')
    return { target: new SqliteMigrationTarget(flags.data), modules: own ?? sqliteModules }
  }
  const url = flags.database ?? env['TRAILPROOF_DATABASE']
  if (url === undefined || url === '')
    throw usageFailure('no place to migrate', 'name one with --database URL or --data DIR')
  const schemaPrefix = flags.schemaPrefix ?? (own ? '' : undefined)
  return {
    target: new PostgresMigrationTarget({
      url,
      reconnectMs: 2000,
      ...(schemaPrefix !== undefined && { schemaPrefix }),
    }),
    modules: own ?? postgresModules,
  }
}

const VERBS: Readonly<Record<MigrateVerb, (run: Run) => Promise<void>>> = {
  async init({ migrator, options, flags, context }) {
    await migrator.init(options)
    if (flags.json) printJson(context, { initialised: true })
    else context.stdout.write('ready for migrations\n')
  },

  async up({ migrator, options, flags, context }) {
    const done = await migrator.up(executedBy(), options)
    if (flags.role !== undefined) await migrator.grant(flags.role, options)
    printExecutions(done, flags, context)
  },

  async down({ migrator, options: { module, ...options }, flags, context }) {
    if (module === undefined) throw usageFailure('down takes one module back', 'name it with --module')
    printExecutions(await migrator.down(executedBy(), { ...options, module }), flags, context)
  },

  async status({ migrator, options, flags, context }) {
    const modules = await migrator.status(options)
    if (flags.json) return printEach(context, modules)
    printTable(context, modules, [
      { title: 'module', value: ({ module }) => module },
      { title: 'version', value: ({ version }) => version, align: 'right' },
      { title: 'newest', value: ({ newest }) => newest, align: 'right' },
      {
        title: 'state',
        value: ({ pending, problems }) =>
          problems[0]?.message ?? (pending === 0 ? 'up to date' : `${pending} pending`),
        paint: (text, { pending, problems }, paint) =>
          paint(problems.length > 0 ? 'red' : pending === 0 ? 'green' : 'yellow', text),
      },
    ])
  },

  async validate({ migrator, options, flags, context }) {
    const problems = await migrator.validate(options)
    if (flags.json) printEach(context, problems)
    else for (const { module, message } of problems) context.stdout.write(`${module}: ${message}\n`)
    if (problems.length > 0) context.exitWith(EXIT.refused)
    else if (!flags.json) context.stdout.write('what was applied is what is written\n')
  },

  async list({ migrator, options, flags, context }) {
    const migrations = await migrator.list(options)
    if (flags.json) return printEach(context, migrations)
    printTable(context, migrations, [
      { title: 'module', value: ({ module }) => module },
      { title: 'migration', value: ({ migration }) => migration },
      { title: 'applied', value: ({ appliedAt }) => appliedAt ?? 'pending' },
      { title: 'back', value: ({ hasDown }) => (hasDown ? 'yes' : 'no') },
    ])
  },

  async plan({ migrator, options, flags, context }) {
    const steps = await migrator.plan(options)
    if (flags.json) return printEach(context, steps.map(plannedOf))
    const paint = painterOf(context.stdout)
    if (steps.length === 0) context.stdout.write('nothing to do\n')
    for (const { module, migration } of steps)
      context.stdout.write(
        `${paint('bold', `${module.name} ${migrationKey(migration)}`)}\n${migration.up.trim()}\n\n`,
      )
  },
}

function plannedOf({ module, migration, direction }: Step) {
  return { module: module.name, migration: migrationKey(migration), direction, statements: migration.up }
}

function printExecutions(done: readonly Execution[], { json }: MigrateFlags, context: Context): void {
  if (json) return printEach(context, done)
  if (done.length === 0) context.stdout.write('nothing to do\n')
  for (const { module, migration, direction, durationMs } of done)
    context.stdout.write(`${direction.padEnd(4)} ${module} ${migration} (${Math.ceil(durationMs)} ms)\n`)
}

function printEach(context: Context, values: readonly unknown[]): void {
  for (const value of values) printJson(context, value)
}

/** A fault we know how to say in a line, with what scripts go by. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof TrailproofError)) {
    // The server's own words: a login that is wrong, a database that is not there, a privilege that is missing.
    const { severity, message } = error as { severity?: unknown; message?: unknown }
    return typeof severity === 'string' ? new Failure(EXIT.refused, String(message), { cause: error }) : error
  }
  switch (error.code) {
    case 'STORE_UNAVAILABLE':
      return new Failure(EXIT.unreachable, error.message, { cause: error })
    case 'LOCK_HELD':
      return new Failure(EXIT.cannotStart, error.message, { cause: error })
    case 'BAD_SETTING':
      return usageFailure(error.message)
    default:
      return new Failure(EXIT.refused, error.message, { cause: error })
  }
}
