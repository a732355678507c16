/** `trailproof sessions list|revoke`: where somebody is logged in. */
import { Command } from '@commander-js/extra-typings'
import type { SessionAnswer } from '../api/answers.ts'
import { clientOf } from '../api/api-client.ts'
import { clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { idOf } from './user-commands.ts'

export function sessionsCommand(context: Context) {
  return new Command('sessions')
    .description('list and end sessions: own ones, or those of users (needs the permission manage-users)')
    .addCommand(listCommand(context))
    .addCommand(revokeCommand(context))
}

function listCommand(context: Context) {
  return clientCommand('list', 'list sessions, newest first')
    .option('--user <user>', 'of this user (e-mail address or id); default: own ones')
    .action(async ({ user, json, ...options }) => {
      const client = clientOf(options, context)
      const query = { user: user === undefined ? undefined : await idOf(user, client) }
      const { sessions } = await client.json<{ sessions: readonly SessionAnswer[] }>('/v1/sessions', {
        query,
      })
      if (json) for (const session of sessions) printJson(context, session)
      else printTable(context, sessions, COLUMNS)
    })
}

const COLUMNS: readonly Column<SessionAnswer>[] = [
  { title: 'session', value: ({ id }) => id },
  { title: 'begun', value: ({ created_at }) => created_at.slice(0, 19) },
  { title: 'used', value: ({ refreshed_at }) => refreshed_at.slice(0, 19) },
  { title: 'from', value: ({ address }) => address ?? '' },
  { title: 'with', value: ({ client }) => client ?? '', widthMax: 50 },
]

function revokeCommand(context: Context) {
  return clientCommand('revoke', 'end a session, at once')
    .argument('<session>', 'its id, as sessions list shows it')
    .action(async (id, { json, ...options }) => {
      await clientOf(options, context).call(`/v1/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' })
      if (json) return printJson(context, { ended: id })
      context.stdout.write(`ended ${printable(id)}\n`)
    })
}
