/** `trailproof users invite|list|disable|enable|remove|import`: the people who may log in. */
import { readFileSync } from 'node:fs'
import { Command } from '@commander-js/extra-typings'
import type { InvitationAnswer, UserAnswer } from '../api/answers.ts'
import { type ApiClient, clientOf } from '../api/api-client.ts'
import { clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { Failure, usageFailure } from '../failure.ts'
import { confirm } from '../terminal/confirm.ts'
import { painterOf, printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

const USER = 'their e-mail address, or id'
const ROLE = 'what they may: a role of all ledgers, or role@ledger'

export function usersCommand(context: Context) {
  return new Command('users')
    .description('look after the people who may log in (needs the permission manage-users)')
    .addCommand(inviteCommand(context))
    .addCommand(listCommand(context))
    .addCommand(switchCommand(context, 'disable', 'let a user log in no more; their sessions end'))
    .addCommand(switchCommand(context, 'enable', 'let a user who was disabled log in again'))
    .addCommand(removeCommand(context))
    .addCommand(importCommand(context))
}

function inviteCommand(context: Context) {
  return clientCommand('invite', 'invite somebody; the token of the invitation is shown this once')
    .argument('<email>', 'what they will log in with')
    .requiredOption('--role <role...>', `${ROLE}; see: trailproof roles list`)
    .option('--team <name...>', 'what conditions of roles call caller.teams')
    .option('--hours <count>', 'how long it can be accepted; default: 72', wholeNumber({ least: 1 }))
    .action(async (email, { role, team, hours, json, ...options }) => {
      const client = clientOf(options, context)
      const invitation = await client.json<InvitationAnswer>('/v1/invitations', {
        method: 'POST',
        body: {
          email,
          roles: role,
          ...(team === undefined ? {} : { teams: team }),
          ...(hours === undefined ? {} : { expires_hours: hours }),
        },
      })
      if (json) return printJson(context, invitation)
      const paint = painterOf(context.stdout)
      context.stdout.write(
        `${paint(['bold', 'yellow'], 'Token, shown only now:')} ${paint('bold', invitation.token ?? '')}\n` +
          `for ${printable(email)}, until ${invitation.expires_at.slice(0, 19)}; it is accepted with POST /v1/invitations/accept\n`,
      )
    })
}

function listCommand(context: Context) {
  return clientCommand('list', 'list users').action(async ({ json, ...options }) => {
    const users = await listUsers(clientOf(options, context))
    if (json) for (const user of users) printJson(context, user)
    else printTable(context, users, COLUMNS)
  })
}

const COLUMNS: readonly Column<UserAnswer>[] = [
  { title: 'user', value: ({ id }) => id },
  { title: 'e-mail', value: ({ email }) => email ?? '', widthMax: 40 },
  { title: 'name', value: ({ name }) => name, widthMax: 30 },
  { title: 'roles', value: ({ roles }) => roles.join(' '), widthMax: 50 },
  { title: 'last login', value: ({ last_login_at }) => last_login_at?.slice(0, 19) ?? 'never' },
  {
    title: 'state',
    value: stateOf,
    paint: (text, user, paint) => paint(user.disabled_at === null ? 'green' : 'red', text),
  },
]

function stateOf({ disabled_at }: UserAnswer): string {
  return disabled_at === null ? 'may log in' : `disabled ${disabled_at.slice(0, 19)}`
}

function switchCommand(context: Context, name: 'disable' | 'enable', summary: string) {
  return clientCommand(name, summary)
    .argument('<user>', USER)
    .action(async (asked, { json, ...options }) => {
      const client = clientOf(options, context)
      const id = await idOf(asked, client)
      const body = { disabled: name === 'disable' }
      const user = await client.json<UserAnswer>(`/v1/users/${id}`, { method: 'PATCH', body })
      if (json) return printJson(context, user)
      context.stdout.write(`${printable(asked)} ${stateOf(user)}\n`)
    })
}

function removeCommand(context: Context) {
  return clientCommand('remove', 'destroy the account of a user; what is recorded of them stays')
    .argument('<user>', USER)
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      '\nWhat the ledgers of accesses say of them is erased with: trailproof erase --subject user:<id>',
    )
    .action(async (asked, { yes, json, ...options }) => {
      const client = clientOf(options, context)
      const id = await idOf(asked, client)
      await confirm(context, `The account of ${printable(asked)} will be destroyed.`, { yes })
      await client.call(`/v1/users/${id}`, { method: 'DELETE' })
      if (json) return printJson(context, { removed: id })
      context.stdout.write(`removed ${printable(asked)}; they were user:${id}\n`)
    })
}

function importCommand(context: Context) {
  return clientCommand('import', 'take users over from another system, with the hashes of their passwords')
    .argument('<file>', 'NDJSON of {"email","name","hash","roles","teams"}; hash is argon2id or bcrypt')
    .action(async (file, { json, ...options }) => {
      const client = clientOf(options, context)
      let imported = 0
      for (const [at, line] of readLines(file).entries()) {
        if (line.trim() === '') continue
        const { email, name, hash, roles, teams } = readUser(line, `${file}:${at + 1}`)
        const body = { email, name: name ?? email, password_hash: hash, roles, ...(teams && { teams }) }
        const user = await client
          .json<UserAnswer>('/v1/users', { method: 'POST', body })
          .catch((error: unknown) => {
            // Those before it are there: what is left can be imported once it is mended.
            if (!(error instanceof Failure)) throw error
            throw new Failure(error.exitCode, `${file}:${at + 1}: ${error.message}`, {
              hint: `${imported} users were imported; those are refused when they come again`,
              cause: error,
            })
          })
        imported++
        if (json) printJson(context, user)
      }
      if (!json) context.stdout.write(`imported ${imported} users\n`)
    })
}

interface ImportedUser {
  readonly email: string
  readonly name?: string
  readonly hash: string
  readonly roles: readonly string[]
  readonly teams?: readonly string[]
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch (cause) {
    throw new Failure(EXIT.usage, `cannot read ${file}`, { cause })
  }
}

/** The server says what is wrong with its members. */
function readUser(line: string, place: string): ImportedUser {
  try {
    return JSON.parse(line) as ImportedUser
  } catch (cause) {
    throw new Failure(EXIT.usage, `${place}: not JSON`, { cause })
  }
}

async function listUsers(client: ApiClient): Promise<readonly UserAnswer[]> {
  return (await client.json<{ users: readonly UserAnswer[] }>('/v1/users')).users
}

/** Of an address; an id stays one. */
export async function idOf(asked: string, client: ApiClient): Promise<string> {
  if (!asked.includes('@')) return encodeURIComponent(asked)
  const address = asked.trim().toLowerCase()
  const user = (await listUsers(client)).find(({ email }) => email === address)
  if (!user) throw usageFailure(`there is no user ${printable(asked)}`, 'see: trailproof users list')
  return user.id
}
