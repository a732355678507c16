/** `trailproof ledger create|list|show|delete|succeed|move`. */
import { Command } from '@commander-js/extra-typings'
import type { LedgerAnswer } from '../api/answers.ts'
import { clientOf } from '../api/api-client.ts'
import { clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { confirm } from '../terminal/confirm.ts'
import { painterOf, printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatCount } from '../terminal/progress.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { type Asked, askedText, isAsked } from './approval-commands.ts'

export function ledgerCommand(context: Context) {
  return new Command('ledger')
    .description('make, list, show, delete and move ledgers, and succeed one that cannot start')
    .addCommand(createCommand(context))
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(deleteCommand(context))
    .addCommand(succeedCommand(context))
    .addCommand(moveCommand(context))
}

function createCommand(context: Context) {
  return clientCommand('create', 'make a ledger with its own tree, key and access')
    .argument('<name>', '1 to 63 of a-z, 0-9 and -')
    .action(async (name, { json, ...options }) => {
      const ledger = await clientOf(options, context).json<LedgerAnswer>('/v1/ledgers', {
        method: 'POST',
        body: { name },
      })
      if (json) printJson(context, ledger)
      else printLedger(ledger, context)
    })
}

function listCommand(context: Context) {
  return clientCommand('list', 'list the ledgers this key can read').action(async ({ json, ...options }) => {
    const { ledgers } = await clientOf(options, context).json<{ ledgers: readonly LedgerAnswer[] }>(
      '/v1/ledgers',
    )
    if (json) for (const ledger of ledgers) printJson(context, ledger)
    else printTable(context, ledgers, COLUMNS)
  })
}

function showCommand(context: Context) {
  return clientCommand('show', 'show a ledger: its head, and the verifier key to pin')
    .argument('[name]', 'default: main', 'main')
    .action(async (name, { json, ...options }) => {
      const ledger = await clientOf(options, context).json<LedgerAnswer>(
        `/v1/ledgers/${encodeURIComponent(name)}`,
      )
      if (json) printJson(context, ledger)
      else printLedger(ledger, context)
    })
}

interface Deleted {
  readonly ledger: string
  readonly records: number
  readonly quarantined: number
  readonly saved_searches: number
  readonly erasure_indexes: readonly number[]
  readonly recorded_at: string
}

function deleteCommand(context: Context) {
  return clientCommand(
    'delete',
    'erase all that a ledger holds and close it for ever, once somebody else approves; its proofs stay valid',
  )
    .argument('<name>')
    .requiredOption('--authority <text>', 'who or what law asks for it; kept for ever')
    .requiredOption('--reason <text>', 'why; kept for ever')
    .option('--yes', 'do not ask')
    .action(async (name, { json, yes, authority, reason, ...options }) => {
      const question = `All that ledger ${name} and those that it has succeeded hold is erased for ever, and its name is never used again.`
      await confirm(context, question, { yes, word: name })
      const query = new URLSearchParams({ authority, reason })
      const answer = await clientOf(options, context).json<Deleted | Asked>(
        `/v1/ledgers/${encodeURIComponent(name)}?${query.toString()}`,
        { method: 'DELETE' },
      )
      if (json) return printJson(context, answer)
      context.stdout.write(isAsked(answer) ? askedText(answer) : deletedText(answer))
    })
}

function deletedText(deleted: Deleted): string {
  const { ledger, records, quarantined, saved_searches, erasure_indexes, recorded_at } = deleted
  return (
    `deleted ledger ${ledger}: ${formatCount(records)} records erased; recorded as entry ${erasure_indexes.join(', ')} at ${recorded_at}\n` +
    `destroyed: ${quarantined} quarantined records, ${saved_searches} saved searches\n`
  )
}

const COLUMNS: readonly Column<LedgerAnswer>[] = [
  { title: 'ledger', value: ({ name }) => name },
  { title: 'entries', value: ({ size }) => formatCount(size), align: 'right' },
  { title: 'searchable', value: ({ indexed_size }) => formatCount(indexed_size), align: 'right' },
  {
    title: 'state',
    value: stateOf,
    paint: (text, { state }, paint) => paint(state.kind === 'open' ? 'green' : 'yellow', text),
  },
  { title: 'origin', value: ({ origin }) => origin },
]

function stateOf({ state }: LedgerAnswer): string {
  switch (state.kind) {
    case 'open':
      return 'open'
    case 'closed':
      return `closed, goes on in ${state.successor}`
    case 'deleted':
      return 'deleted'
    case 'blocked':
      return `blocked: ${state.reason}`
  }
}

function printLedger(ledger: LedgerAnswer, { stdout }: Context): void {
  const paint = painterOf(stdout)
  const rows: readonly (readonly [string, string])[] = [
    ['origin', ledger.origin],
    ['state', stateOf(ledger)],
    ['entries', formatCount(ledger.size)],
    ['searchable', formatCount(ledger.indexed_size)],
    ...ledger.verifier_keys.map((key) => ['verifier key', key] as const),
  ]
  const lines = rows.map(([name, value]) => `  ${paint('dim', name.padEnd(12))} ${printable(value)}`)
  stdout.write(`${paint('bold', ledger.name)}\n${lines.join('\n')}\n`)
}

/** Offline: the server must be stopped, as it would not have started this ledger anyway. */
function succeedCommand(context: Context) {
  return new Command('succeed')
    .description(
      'close a ledger that cannot start (restored or lost data) and open its successor; server stopped',
    )
    .argument('<name>')
    .requiredOption('--reason <text>', 'why; kept in the successor for ever')
    .option('--data <dir>', 'as for serve')
    .option('--keys <dir>', 'as for serve')
    .option('--master-key <key>', 'as for serve')
    .option('--origin <prefix>', 'as for serve')
    .option('--config <file>', 'as for serve')
    .option('--json', 'answer for machines')
    .action(async (name, options) => (await import('./succeed-ledger.ts')).succeed(name, options, context))
}

function moveCommand(context: Context) {
  return new Command('move')
    .description('move all ledgers, keys and quarantine from SQLite to PostgreSQL; server stopped')
    .option('--database <url>', 'where to; its schemas made by: trailproof migrate up; default: as for serve')
    .option(
      '--lock-database <url>',
      'where the checkpoint locks go; default: as for serve, else they stay files',
    )
    .option('--data <dir>', 'as for serve')
    .option('--keys <dir>', 'as for serve')
    .option('--master-key <key>', 'as for serve')
    .option('--config <file>', 'as for serve')
    .option('--json', 'answer for machines')
    .action(async (options) => (await import('./move-ledgers.ts')).move(options, context))
}
