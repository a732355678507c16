/** What every command that talks to a server understands. */
import { Command } from '@commander-js/extra-typings'

export interface ClientOptions {
  readonly url?: string
  readonly token?: string
  readonly ledger?: string
  readonly json?: true
  /** Why personal data is to be seen that is masked otherwise. */
  readonly unmask?: string
}

/** A command with `--url`, `--token`, `--ledger` and `--json`. */
export function clientCommand(name: string, summary: string) {
  return new Command(name)
    .description(summary)
    .option('--url <url>', 'server to talk to; default: TRAILPROOF_URL, else http://127.0.0.1:4000')
    .option('--token <token>', 'API key; default: TRAILPROOF_TOKEN')
    .option('--ledger <name>', 'ledger; default: the key’s own, else main')
    .option('--json', 'answer for machines: JSON, or one JSON value a line')
}

/** As `clientCommand`, of those that show records; with `--unmask`. */
export function readingCommand(name: string, summary: string) {
  return clientCommand(name, summary).option(
    '--unmask <reason>',
    'see personal data that is masked for you, for this reason of 10 to 500 characters; it is recorded',
  )
}
