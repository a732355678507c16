/** `trailproof verify <target>`. */
import { Command } from '@commander-js/extra-typings'
import type { Context } from '../context.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

export function verifyCommand(context: Context) {
  return new Command('verify')
    .enablePositionalOptions() // as in program.ts
    .description(
      'Judge a ledger, receipts or an export: intact, erased, broken or unproven. Needs no server.',
    )
    .argument(
      '<target>',
      'data directory, URL of a server (or of one ledger of it), file of receipts or export',
    )
    .option('--vkey <key>', 'verifier key to trust, or a file with one a line; may be repeated', repeated)
    .option(
      '--keys <dir>',
      'directory of keys and checkpoint locks of a data directory; default: trailproof-keys beside it',
    )
    .option(
      '--master-key <key>',
      'opens the content of an encrypted data directory; as for serve. Without it content is withheld: unproven',
    )
    .option('--ledger <name>', 'one ledger; default: all of them')
    .option('--against <url|dir>', 'hold receipts against the ledger as it is now')
    .option('--remember <file>', 'hold the ledger against the checkpoints in this file, and add the new one')
    .option(
      '--from <index>',
      'judge entries from this one on; what is before is tied to the root by tiles',
      wholeNumber(),
    )
    .option('--token <token>', 'API key with scope read; default: TRAILPROOF_TOKEN')
    .option('--json', 'the whole report as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 intact or erased, 3 broken, 4 unproven, 2 wrong use, 5 unreachable, 6 refused.

Examples:
  $ trailproof verify ./trailproof-data
  $ trailproof verify https://audit.example.com/ledgers/main --vkey main.vkey --remember seen.jsonl
  $ trailproof verify receipts.ndjson --vkey main.vkey --against https://audit.example.com
  $ trailproof verify export main.ndjson --vkey main.vkey`,
    )
    .action(async (target, options) =>
      (await import('./verify-target.ts')).verifyTarget(target, options, context),
    )
    .addCommand(verifyExportCommand(context))
}

function verifyExportCommand(context: Context) {
  return new Command('export')
    .description('Judge an export as ndjson: that nothing in its range is missing or altered.')
    .argument('<file>', 'the export, compressed by gzip or not; - for stdin')
    .option('--vkey <key>', 'verifier key to trust, or a file with one a line; may be repeated', repeated)
    .option(
      '--against <url|dir>',
      'take the verifier key from there, and hold the export against the ledger as it is now',
    )
    .option('--keys <dir>', 'directory of keys of that data directory; default: trailproof-keys beside it')
    .option('--token <token>', 'API key with scope read; default: TRAILPROOF_TOKEN')
    .option('--json', 'the whole report as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 intact or erased, 3 broken (the first bad line is named), 4 unproven, 2 wrong use.

Examples:
  $ trailproof verify export main.ndjson --vkey main.vkey
  $ gpg --decrypt main.ndjson.gz.gpg | trailproof verify export - --vkey main.vkey`,
    )
    .action(async (file, options) =>
      (await import('./verify-target.ts')).verifyExportFile(file, options, context),
    )
}

function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
