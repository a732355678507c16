/** `trailproof serve` with a flag for every setting. */
import { Command } from '@commander-js/extra-typings'
import type { Context } from '../context.ts'
import { runServer } from './run-server.ts'
import { settingOptions } from './setting-flags.ts'

export function serveCommand(context: Context): Command {
  const command = new Command('serve')
    .summary('start the server')
    .description(
      'Starts the server. Settings come from defaults, then the file, then TRAILPROOF_… variables, then flags.',
    )
    .option('--config <file>', 'YAML file of settings. Default: trailproof.yaml, if it is there.')
    .action((options: Record<string, unknown>) => runServer(options, context))
    .addHelpText(
      'after',
      `
Examples:
  $ trailproof serve
  $ trailproof serve --data /var/lib/trailproof --keys /mnt/keys/trailproof --port 8080`,
    )
  for (const option of settingOptions()) command.addOption(option)
  return command
}
