/** `trailproof roles list`: what keys can be allowed. */
import { Command } from '@commander-js/extra-typings'
import type { RoleAnswer } from '../api/answers.ts'
import { clientOf } from '../api/api-client.ts'
import { clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { printJson } from '../terminal/print-json.ts'
import { type Column, printTable } from '../terminal/table.ts'

export function rolesCommand(context: Context) {
  return new Command('roles')
    .description('the roles that keys can have (needs the permission manage-keys)')
    .addCommand(listCommand(context))
}

function listCommand(context: Context) {
  return clientCommand('list', 'list roles and what they may').action(async ({ json, ...options }) => {
    const { roles } = await clientOf(options, context).json<{ roles: readonly RoleAnswer[] }>('/v1/roles')
    if (json) for (const role of roles) printJson(context, role)
    else printTable(context, roles, COLUMNS)
  })
}

const COLUMNS: readonly Column<RoleAnswer>[] = [
  { title: 'role', value: ({ name }) => name },
  { title: 'may', value: ({ permissions }) => permissions.join(' '), widthMax: 60 },
  { title: 'rows', value: ({ rows }) => rows ?? 'all', widthMax: 40 },
  { title: 'hidden', value: ({ hidden }) => hidden.join(' '), widthMax: 30 },
  { title: 'what it is', value: ({ description }) => description, widthMax: 60 },
]
