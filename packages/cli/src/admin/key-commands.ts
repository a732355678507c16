/** `trailproof key create|list|rotate|revoke`: API keys. */
import { Command, Option } from '@commander-js/extra-typings'
import type { KeyAnswer } from '../api/answers.ts'
import { clientOf } from '../api/api-client.ts'
import { clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { painterOf } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

const SCOPES = ['ingest', 'read', 'admin'] as const

export function keyCommand(context: Context) {
  return new Command('key')
    .description('make, list, rotate and revoke API keys (needs the permission manage-keys)')
    .addCommand(createCommand(context))
    .addCommand(listCommand(context))
    .addCommand(rotateCommand(context))
    .addCommand(revokeCommand(context))
}

function createCommand(context: Context) {
  return clientCommand('create', 'make an API key; its token is shown this once')
    .argument('<name>', 'what the key is for')
    .option('--role <name...>', 'what it may do, such as viewer; `trailproof roles list` shows them')
    .addOption(new Option('--scope <scope...>', 'instead of roles: what keys had before').choices(SCOPES))
    .option('--team <name...>', 'what conditions of roles call caller.teams')
    .option('--expires <time>', 'such as 2027-01-31T00:00:00Z; default: never')
    .addHelpText(
      'after',
      '\n--ledger names the one ledger the key opens; default: that of the key in use, or all.',
    )
    .action(async (name, { ledger, role, scope, team, expires, json, ...options }) => {
      if (role === undefined && scope === undefined)
        throw usageFailure('say what the key may do', 'such as --role viewer; see: trailproof roles list')
      const key = await clientOf(options, context).json<KeyAnswer>('/v1/keys', {
        method: 'POST',
        body: {
          name,
          ...(role === undefined ? {} : { roles: role }),
          ...(scope === undefined ? {} : { scopes: scope }),
          ...(team === undefined ? {} : { teams: team }),
          ...(ledger === undefined ? {} : { ledger }),
          ...(expires === undefined ? {} : { expires_at: expires }),
        },
      })
      if (json) return printJson(context, key)
      printNew(key, context)
    })
}

function printNew(key: KeyAnswer, context: Context): void {
  const paint = painterOf(context.stdout)
  context.stdout.write(
    `${paint(['bold', 'yellow'], 'Token, shown only now:')} ${paint('bold', key.token ?? '')}\n` +
      `key ${key.prefix}, ${mayOf(key).join(' and ')}, ${key.ledger === null ? 'all ledgers' : `ledger ${key.ledger}`}\n`,
  )
}

function rotateCommand(context: Context) {
  return clientCommand('rotate', 'make a new token for what an API key may; the old one goes on for a while')
    .argument('<key>', 'its first eight characters, as key list shows them')
    .option('--overlap <minutes>', 'how long the old one goes on, 0 to 43200; default: 60', wholeNumber())
    .action(async (prefix, { json, overlap, ...options }) => {
      const key = await clientOf(options, context).json<KeyAnswer>(
        `/v1/keys/${encodeURIComponent(prefix)}/rotate`,
        { method: 'POST', body: overlap === undefined ? {} : { overlap_minutes: overlap } },
      )
      if (json) return printJson(context, key)
      printNew(key, context)
      context.stdout.write(`${prefix} goes on for ${overlap ?? 60} minutes\n`)
    })
}

function listCommand(context: Context) {
  return clientCommand('list', 'list API keys, without their secrets').action(
    async ({ json, ...options }) => {
      const { keys } = await clientOf(options, context).json<{ keys: readonly KeyAnswer[] }>('/v1/keys')
      if (json) for (const key of keys) printJson(context, key)
      else printTable(context, keys, COLUMNS)
    },
  )
}

const COLUMNS: readonly Column<KeyAnswer>[] = [
  { title: 'key', value: ({ prefix }) => prefix },
  { title: 'name', value: ({ name }) => name, widthMax: 40 },
  { title: 'may', value: (key) => mayOf(key).join(' ') },
  { title: 'ledger', value: ({ ledger }) => ledger ?? 'all' },
  { title: 'created', value: ({ created_at }) => created_at.slice(0, 19) },
  { title: 'used', value: ({ last_used_at }) => last_used_at?.slice(0, 10) ?? '' },
  {
    title: 'state',
    value: stateOf,
    paint: (text, key, paint) => paint(stateOf(key) === 'valid' ? 'green' : 'red', text),
  },
]

/** A server from before there were roles answers scopes alone. */
function mayOf({ roles = [], scopes }: KeyAnswer): readonly string[] {
  return [...roles, ...scopes]
}

function stateOf({ revoked_at, expires_at }: KeyAnswer): string {
  if (revoked_at !== null) return `revoked ${revoked_at.slice(0, 19)}`
  return expires_at === null ? 'valid' : `until ${expires_at.slice(0, 19)}`
}

function revokeCommand(context: Context) {
  return clientCommand('revoke', 'revoke an API key, at once')
    .argument('<key>', 'its first eight characters, as key list shows them')
    .action(async (prefix, { json, ...options }) => {
      await clientOf(options, context).call(`/v1/keys/${encodeURIComponent(prefix)}`, { method: 'DELETE' })
      if (json) return printJson(context, { revoked: prefix })
      context.stdout.write(`revoked ${prefix}\n`)
    })
}
