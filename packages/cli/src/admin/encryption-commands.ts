/** `trailproof keys create|list|rotate|rewrap`: the keys that encrypt content. API keys are `trailproof key`. */
import { Command } from '@commander-js/extra-typings'
import type { Context } from '../context.ts'

export function keysCommand(context: Context) {
  return new Command('keys')
    .description('make and rotate the keys that encrypt content at rest; beside a running server, too')
    .addCommand(createCommand(context))
    .addCommand(listCommand(context))
    .addCommand(rotateCommand(context))
    .addCommand(rewrapCommand(context))
}

function createCommand(context: Context) {
  return new Command('create')
    .description('make a file with a master key, for master_key file:<path>')
    .argument('<path>', 'not in the directory of the data')
    .option('--add', 'put a new master key first in the file that is there; then run: trailproof keys rewrap')
    .action(async (path, options) =>
      (await import('./change-encryption.ts')).createMasterKey(path, options, context),
    )
}

/** What all of them need to find the data keys. */
function dataKeysCommand(name: string, description: string) {
  return new Command(name)
    .description(description)
    .option('--ledger <name>', 'one ledger; default: all that have data keys')
    .option('--data <dir>', 'as for serve')
    .option('--keys <dir>', 'as for serve')
    .option('--config <file>', 'as for serve')
    .option('--json', 'answer for machines')
}

function listCommand(context: Context) {
  return dataKeysCommand('list', 'list the data keys of ledgers, and the master keys that wrap them').action(
    async (options) => (await import('./change-encryption.ts')).listDataKeys(options, context),
  )
}

function rotateCommand(context: Context) {
  return dataKeysCommand(
    'rotate',
    'make a new data key for each ledger: what is written from now on goes under it; nothing is written anew',
  )
    .option('--master-key <key>', 'as for serve')
    .action(async (options) => (await import('./change-encryption.ts')).rotateDataKeys(options, context))
}

function rewrapCommand(context: Context) {
  return dataKeysCommand('rewrap', 'wrap all data keys anew, under the newest master key')
    .option('--master-key <key>', 'as for serve; what wraps them afterwards')
    .option('--from-master-key <key>', 'what wraps them now; default: the same')
    .action(async (options) => (await import('./change-encryption.ts')).rewrapAll(options, context))
}
