/** `trailproof retention show|set|preview`: how long the records of a ledger are kept. */
import { readFileSync } from 'node:fs'
import { Command } from '@commander-js/extra-typings'
import { clientOf } from '../api/api-client.ts'
import { clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { confirm } from '../terminal/confirm.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatCount } from '../terminal/progress.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { type Asked, askedText, isAsked } from './approval-commands.ts'

interface Rule {
  readonly name: string
  readonly keep_days: number | null
  readonly query: string | null
}

interface Retention {
  readonly ledger: string
  readonly rules: readonly Rule[]
}

interface Preview {
  readonly ledger: string
  readonly rules: readonly {
    readonly name: string
    readonly records: number
    readonly bytes: number
    readonly held: number
  }[]
  readonly complete: boolean
}

export function retentionCommand(context: Context) {
  return new Command('retention')
    .description('say how long the records of a ledger are kept (needs permission retain)')
    .addCommand(showCommand(context))
    .addCommand(setCommand(context))
    .addCommand(previewCommand(context))
}

const pathOf = (ledger: string): string => `/v1/retention/${encodeURIComponent(ledger)}`

function showCommand(context: Context) {
  return clientCommand('show', 'show the rules of a ledger').action(
    async ({ json, ledger = 'main', ...options }) => {
      const retention = await clientOf(options, context).json<Retention>(pathOf(ledger))
      if (json) return printJson(context, retention)
      printRules(context, retention)
    },
  )
}

const COLUMNS: readonly Column<Rule>[] = [
  { title: 'rule', value: ({ name }) => name },
  { title: 'kept', value: ({ keep_days }) => (keep_days === null ? 'for ever' : `${keep_days} days`) },
  { title: 'records', value: ({ query }) => query ?? 'all', widthMax: 80 },
]

function printRules(context: Context, { ledger, rules }: Retention): void {
  if (rules.length > 0) printTable(context, rules, COLUMNS)
  else context.stdout.write(`ledger ${ledger} keeps its records for ever\n`)
}

function setCommand(context: Context) {
  return clientCommand(
    'set',
    'say how long records are kept; what may destroy some sooner, somebody else approves',
  )
    .requiredOption('--file <file>', 'rules as JSON: {"rules": [{"name", "keep_days", "query"}]}')
    .option('--yes', 'do not ask')
    .action(async ({ json, yes, file, ledger = 'main', ...options }) => {
      const body = rulesIn(file)
      await confirm(context, `Records of ledger ${ledger} that these rules name are destroyed. Go on?`, {
        yes,
      })
      const answer = await clientOf(options, context).json<Retention | Asked>(pathOf(ledger), {
        method: 'PUT',
        body,
      })
      if (json) return printJson(context, answer)
      if (isAsked(answer)) context.stdout.write(askedText(answer))
      else printRules(context, answer)
    })
}

function previewCommand(context: Context) {
  return clientCommand('preview', 'say what the rules would destroy now')
    .option('--file <file>', 'these rules; default: those of the ledger')
    .action(async ({ json, file, ledger = 'main', ...options }) => {
      const call = file === undefined ? {} : { method: 'POST' as const, body: rulesIn(file) }
      const preview = await clientOf(options, context).json<Preview>(`${pathOf(ledger)}/preview`, call)
      if (json) return printJson(context, preview)
      for (const { name, records, bytes, held } of preview.rules)
        context.stdout.write(
          `${name}: ${formatCount(records)} records, ${formatCount(bytes)} bytes${held > 0 ? `; ${formatCount(held)} held` : ''}\n`,
        )
      if (!preview.complete) context.stdout.write('and more: there was no time to look at all of it\n')
    })
}

function rulesIn(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw usageFailure(`${file}: ${(cause as Error).message}`)
  }
}
