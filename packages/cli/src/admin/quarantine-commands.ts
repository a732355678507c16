/** `trailproof quarantine list|show|replay|discard`: records that were not valid. */
import { readFileSync } from 'node:fs'
import { Command } from '@commander-js/extra-typings'
import type { IngestAnswer, QuarantinedAnswer } from '../api/answers.ts'
import { clientOf } from '../api/api-client.ts'
import { clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { confirm } from '../terminal/confirm.ts'
import { painterOf, printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatCount } from '../terminal/progress.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

export function quarantineCommand(context: Context) {
  return new Command('quarantine')
    .description('look after records that were not valid (needs scope admin)')
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(replayCommand(context))
    .addCommand(discardCommand(context))
}

function listCommand(context: Context) {
  return clientCommand('list', 'list quarantined records, oldest first')
    .option('-n, --limit <count>', 'most records', wholeNumber({ least: 1 }), 100)
    .option('--after <id>', 'begin behind this one')
    .action(async ({ json, ledger, limit, after, ...options }) => {
      const {
        ledger: name,
        records,
        total,
      } = await clientOf(options, context).json<{
        ledger: string
        records: readonly QuarantinedAnswer[]
        total: number
      }>('/v1/quarantine', { query: { ledger, limit, after } })
      if (json) {
        for (const record of records) printJson(context, record)
        return
      }
      if (records.length > 0) printTable(context, records, COLUMNS)
      const said = `${formatCount(records.length)} shown, ${formatCount(total)} in the quarantine of ledger ${name}`
      context.stdout.write(`${painterOf(context.stdout)('dim', said)}\n`)
    })
}

const COLUMNS: readonly Column<QuarantinedAnswer>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'received', value: ({ received_at }) => received_at.slice(0, 19) },
  { title: 'key', value: ({ key }) => key },
  { title: 'problem', value: problemOf, widthMax: 80, paint: (text, _, paint) => paint('yellow', text) },
]

function problemOf({ problems }: QuarantinedAnswer): string {
  const [first] = problems
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return `${first?.field || 'record'}: ${first?.message ?? ''}${more}`
}

function showCommand(context: Context) {
  return clientCommand('show', 'show one quarantined record and all that is wrong with it')
    .argument('<id>')
    .action(async (id, { json, ...options }) => {
      const record = await clientOf(options, context).json<QuarantinedAnswer>(pathOf(id))
      if (json) return printJson(context, record)
      const paint = painterOf(context.stdout)
      const problems = record.problems.map(
        ({ field, message }) =>
          `  ${paint('yellow', printable(field || 'record'))} ${printable(message ?? '')}\n`,
      )
      const head = `${record.id}  ${record.received_at}  ledger ${record.ledger}, key ${record.key}\n`
      context.stdout.write(
        `${head}${problems.join('')}\n${record.source.split('\n').map(printable).join('\n')}\n`,
      )
    })
}

function replayCommand(context: Context) {
  return clientCommand('replay', 'record it after all, as it is or mended')
    .argument('<id>')
    .option('--file <file>', 'the mended record as JSON')
    .action(async (id, { json, file, ...options }) => {
      const body = file === undefined ? undefined : mended(file)
      const answer = await clientOf(options, context).json<IngestAnswer>(`${pathOf(id)}/replay`, {
        method: 'POST',
        ...(body === undefined ? {} : { body }),
      })
      if (json) return printJson(context, answer)
      const [receipt] = answer.receipts
      context.stdout.write(`${receipt?.status} as ${receipt?.id}, entry ${String(receipt?.['index'])}\n`)
    })
}

function mended(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw usageFailure(`${file}: ${(cause as Error).message}`)
  }
}

function discardCommand(context: Context) {
  return clientCommand('discard', 'destroy quarantined records')
    .argument('<id...>')
    .option('--yes', 'do not ask')
    .action(async (ids, { json, yes, ...options }) => {
      await confirm(context, `Destroy ${ids.length} quarantined record(s) for ever?`, { yes })
      const client = clientOf(options, context)
      for (const id of ids) await client.call(pathOf(id), { method: 'DELETE' })
      if (json) return printJson(context, { discarded: ids })
      context.stdout.write(`discarded ${ids.length}\n`)
    })
}

function pathOf(id: string): string {
  return `/v1/quarantine/${encodeURIComponent(id)}`
}
