/** The whole command line: every command, its help, and what happens to errors of use. */
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { approvalsCommand } from './admin/approval-commands.ts'
import { keysCommand } from './admin/encryption-commands.ts'
import { eraseCommand } from './admin/erase-command.ts'
import { holdsCommand } from './admin/hold-commands.ts'
import { indexCommand } from './admin/index-commands.ts'
import { keyCommand } from './admin/key-commands.ts'
import { ledgerCommand } from './admin/ledger-commands.ts'
import { quarantineCommand } from './admin/quarantine-commands.ts'
import { retentionCommand } from './admin/retention-commands.ts'
import { rolesCommand } from './admin/role-commands.ts'
import { sessionsCommand } from './admin/session-commands.ts'
import { usersCommand } from './admin/user-commands.ts'
import { completeCommand, completionCommand } from './completion/completion-command.ts'
import type { Context } from './context.ts'
import { demoCommand } from './demo/demo-command.ts'
import { doctorCommand } from './doctor/doctor-command.ts'
import { EXIT, EXIT_CODES_HELP } from './exit-code.ts'
import { exportCommand } from './export/export-command.ts'
import { migrateCommand } from './migrate/migrate-command.ts'
import { proofCommand } from './read/prove-record.ts'
import { historyCommand } from './read/record-history.ts'
import { searchCommand } from './read/search-records.ts'
import { showCommand } from './read/show-record.ts'
import { statsCommand } from './read/show-stats.ts'
import { tailCommand } from './read/tail-records.ts'
import { traceCommand } from './read/trace-records.ts'
import { sendCommand } from './send/send-records.ts'
import { subjectCommand } from './subject/subject-command.ts'
import { painterOf } from './terminal/paint.ts'
import { verifyCommand } from './verify/verify-command.ts'

const COMMANDS: readonly ((context: Context) => CommandUnknownOpts)[] = [
  sendCommand,
  tailCommand,
  searchCommand,
  showCommand,
  traceCommand,
  historyCommand,
  statsCommand,
  proofCommand,
  exportCommand,
  verifyCommand,
  ledgerCommand,
  keyCommand,
  keysCommand,
  rolesCommand,
  usersCommand,
  sessionsCommand,
  quarantineCommand,
  eraseCommand,
  subjectCommand,
  approvalsCommand,
  holdsCommand,
  retentionCommand,
  indexCommand,
  migrateCommand,
  demoCommand,
  doctorCommand,
  completionCommand,
]

/** Runs the command that `args` name; rejects with a Failure that the caller prints. */
export async function runProgram(args: readonly string[], context: Context): Promise<void> {
  const program = await buildProgram(args, context)
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    // Commander has printed its message, or the help that was asked for.
    if (!(error instanceof CommanderError)) throw error
    context.exitWith(error.exitCode === 0 ? EXIT.ok : EXIT.usage)
  }
}

async function buildProgram(args: readonly string[], context: Context): Promise<CommandUnknownOpts> {
  const program = new Command('trailproof')
    .description('The audit trail that proves itself: run the server, send and read records, verify them.')
    .version(context.version, '-v, --version', 'print the version')
    .enablePositionalOptions() // `verify export` has options that `verify` has too
    .addHelpText('after', EXIT_CODES_HELP)
  program.addCommand(await serve(args, context))
  for (const command of COMMANDS) program.addCommand(command(context))
  program.addCommand(completeCommand(program, context), { hidden: true })
  adopt(program, context)
  return program
}

/** The server is loaded only by those who start it: it would slow down every other command. */
async function serve(args: readonly string[], context: Context): Promise<CommandUnknownOpts> {
  if (args.includes('serve')) return (await import('./serve/serve-command.ts')).serveCommand(context)
  return new Command('serve').description('start the server')
}

/** One way of failing and of speaking for all commands and their subcommands. */
function adopt(command: CommandUnknownOpts, context: Context): void {
  const paint = painterOf(context.stderr)
  const out = painterOf(context.stdout)
  command
    .exitOverride()
    .showHelpAfterError('(trailproof <command> --help says more)')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error:/, paint('red', 'error:'))),
    })
    .configureHelp({
      styleTitle: (text) => out('bold', text),
      styleCommandText: (text) => out('cyan', text),
      styleOptionTerm: (text) => out('cyan', text),
      styleSubcommandTerm: (text) => out('cyan', text),
    })
  for (const sub of command.commands) adopt(sub, context)
}
