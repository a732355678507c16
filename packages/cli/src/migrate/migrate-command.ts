/** `trailproof migrate init|up|down|status|validate|list|plan`: the schemas of databases and data directories. */
import { Command } from '@commander-js/extra-typings'
import type { Context } from '../context.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import type { MigrateVerb } from './run-migrate.ts'

const VERBS: Readonly<Record<MigrateVerb, string>> = {
  init: 'make the schemas and the books of what was applied; apply nothing',
  up: 'apply what is pending, each migration in a transaction',
  down: 'take the newest migration of a module back; refused where it would destroy evidence',
  status: 'the version each module stands at',
  validate: 'hold what was applied against the migrations at hand; fails when they disagree',
  list: 'every migration and when it was applied',
  plan: 'what up would do, without doing it',
}

export function migrateCommand(context: Context) {
  const command = new Command('migrate').description(
    "bring the schema of a database or data directory up, ours or your own services'",
  )
  for (const [verb, description] of Object.entries(VERBS) as [MigrateVerb, string][])
    command.addCommand(verbCommand(verb, description, context))
  return command
}

function verbCommand(verb: MigrateVerb, description: string, context: Context) {
  const command = new Command(verb)
    .description(description)
    .option('--database <url>', 'PostgreSQL; default: TRAILPROOF_DATABASE')
    .option('--data <dir>', 'a directory of SQLite files instead')
    .option(
      '--from <dir>',
      'your own migrations: <service>/NNNN_name.up.sql, .down.sql and dependencies.json',
    )
    .option('--schema-prefix <text>', 'of the schemas in PostgreSQL; default: trailproof_; with --from: none')
    .option('--module <name>', 'only this one and, going up, what it depends on')
    .option('--json', 'answer for machines')
  if (verb === 'up' || verb === 'down' || verb === 'plan')
    command.option('--to <version>', 'stop at this version; down: 0 takes everything back', wholeNumber())
  if (verb === 'up') command.option('--role <name>', 'grant the application what it needs, and nothing more')
  return command.action(async (flags) => (await import('./run-migrate.ts')).runMigrate(verb, flags, context))
}
