/** `trailproof doctor`: what is wrong, and how to mend it. */
import { Command } from '@commander-js/extra-typings'
import type { Context } from '../context.ts'

export function doctorCommand(context: Context) {
  return new Command('doctor')
    .description('check this machine, the data and the server; each problem with its fix')
    .option('--url <url>', 'server to ask; default: TRAILPROOF_URL, else http://127.0.0.1:4000')
    .option('--token <token>', 'API key; default: TRAILPROOF_TOKEN')
    .option('--data <dir>', 'as for serve')
    .option('--keys <dir>', 'as for serve')
    .option('--config <file>', 'as for serve')
    .option('--json', 'answer for machines')
    .action(async (options) => (await import('./run-checks.ts')).runChecks(options, context))
}
