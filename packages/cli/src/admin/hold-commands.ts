/** `trailproof holds list|place|release`: what is neither erased nor destroyed by retention. */
import { Command } from '@commander-js/extra-typings'
import { clientOf } from '../api/api-client.ts'
import { clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { type Asked, askedText, isAsked } from './approval-commands.ts'

interface Hold {
  readonly ledger: string
  readonly name: string
  readonly held: Readonly<Record<string, unknown>> | null
  readonly authority: string
  readonly reason: string
  readonly held_by: { readonly id: string; readonly name: string }
  readonly held_at: string
  readonly entry: number | null
}

export function holdsCommand(context: Context) {
  return new Command('holds')
    .description('keep records from being erased, whoever asks for it (needs permission hold)')
    .addCommand(listCommand(context))
    .addCommand(placeCommand(context))
    .addCommand(releaseCommand(context))
}

function listCommand(context: Context) {
  return clientCommand('list', 'list the legal holds of a ledger').action(
    async ({ json, ledger, ...options }) => {
      const { ledger: name, holds } = await clientOf(options, context).json<{
        ledger: string
        holds: readonly Hold[]
      }>('/v1/holds', { query: { ledger } })
      if (json) {
        for (const hold of holds) printJson(context, hold)
        return
      }
      if (holds.length > 0) printTable(context, holds, COLUMNS)
      else context.stdout.write(`nothing of ledger ${name} is held\n`)
    },
  )
}

const COLUMNS: readonly Column<Hold>[] = [
  { title: 'name', value: ({ name }) => name },
  { title: 'since', value: ({ held_at }) => held_at.slice(0, 19) },
  { title: 'by', value: ({ held_by }) => held_by.name, widthMax: 30 },
  { title: 'holds', value: heldText, widthMax: 60 },
  { title: 'authority', value: ({ authority }) => authority, widthMax: 40 },
]

function heldText({ held }: Hold): string {
  if (held === null) return 'masked'
  return Object.entries(held)
    .map(([kind, what]) => `${kind} ${typeof what === 'string' ? what : JSON.stringify(what)}`)
    .join(', ')
}

function placeCommand(context: Context) {
  return clientCommand('place', 'hold what matches, what is of somebody, or a range; also what comes later')
    .argument('<name>', 'names nobody: it is kept for ever')
    .option('--query <query>', 'what matches')
    .option('--subject <id>', 'what an erasure of this id would find')
    .option('--subject-type <type>', 'only where the subject is of this type, such as user')
    .option('--range <from..to>', 'entries, the last one excluded', rangeOf)
    .requiredOption('--authority <text>', 'who or what law asks for it; kept for ever')
    .requiredOption('--reason <text>', 'why; kept for ever')
    .action(async (name, options) => {
      const { json, ledger, query, subject, subjectType, range, authority, reason, ...others } = options
      const who =
        subject === undefined ? undefined : { id: subject, ...(subjectType && { type: subjectType }) }
      const body = { name, ledger, query, subject: who, range, authority, reason }
      const hold = await clientOf(others, context).json<Hold>('/v1/holds', { method: 'POST', body })
      if (json) return printJson(context, hold)
      context.stdout.write(`held in ledger ${hold.ledger} as ${hold.name}; recorded as entry ${hold.entry}\n`)
    })
}

function rangeOf(text: string): { from: number; to: number } {
  const [, from, to] = /^(\d{1,15})\.\.(\d{1,15})$/.exec(text) ?? []
  if (from === undefined) throw usageFailure(`--range ${printable(text)}: expected such as 0..1000`)
  return { from: Number(from), to: Number(to) }
}

function releaseCommand(context: Context) {
  return clientCommand('release', 'end a hold, once somebody else approves')
    .argument('<name>')
    .requiredOption('--authority <text>', 'who or what law asks for it; kept for ever')
    .requiredOption('--reason <text>', 'why; kept for ever')
    .action(async (name, { json, ledger, authority, reason, ...options }) => {
      const answer = await clientOf(options, context).json<Asked | { ledger: string; hold: string }>(
        `/v1/holds/${encodeURIComponent(name)}`,
        { method: 'DELETE', query: { ledger, authority, reason } },
      )
      if (json) return printJson(context, answer)
      context.stdout.write(
        isAsked(answer) ? askedText(answer) : `released ${answer.hold} in ledger ${answer.ledger}\n`,
      )
    })
}
