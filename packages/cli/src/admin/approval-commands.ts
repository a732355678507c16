/** `trailproof approvals list|show|approve|reject|withdraw`: what takes two people. */
import { Command } from '@commander-js/extra-typings'
import { clientOf } from '../api/api-client.ts'
import { clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { confirm } from '../terminal/confirm.ts'
import { painterOf, printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

interface Person {
  readonly id: string
  readonly name: string
}

interface Approval {
  readonly id: string
  readonly ledger: string
  readonly act: string
  readonly state: string
  readonly digest: string
  readonly asked_by: Person
  readonly asked_at: string
  readonly expires_at: string
  readonly decision: { readonly by: Person; readonly at: string; readonly reason: string } | null
  readonly outcome: Readonly<Record<string, unknown>> | null
}

interface WholeApproval extends Approval {
  readonly request: Readonly<Record<string, unknown>> | null
}

/** The answer to what takes a second person. */
export interface Asked {
  readonly approval: Approval
}

export function isAsked(answer: object): answer is Asked {
  return 'approval' in answer
}

/** What to say where something was asked for and is not done yet. */
export function askedText({ approval: { id, expires_at } }: Asked): string {
  return (
    `asked, not done: somebody else approves it before ${expires_at.slice(0, 10)} with:\n` +
    `  trailproof approvals approve ${id}\n`
  )
}

export function approvalsCommand(context: Context) {
  return new Command('approvals')
    .description('decide what somebody else asks for, where it takes two (needs permission approve)')
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(approveCommand(context))
    .addCommand(turnDownCommand(context, 'reject', 'reject what somebody asks for; it is not done'))
    .addCommand(turnDownCommand(context, 'withdraw', 'take back what you have asked for'))
}

function listCommand(context: Context) {
  return clientCommand('list', 'list what is asked for, the newest first')
    .option('--state <state>', 'such as asked or done; default: asked')
    .option('--all', 'whatever its state')
    .option('-n, --limit <count>', 'most of them', wholeNumber({ least: 1 }), 100)
    .action(async ({ json, ledger, state = 'asked', all, limit, ...options }) => {
      const query = { ledger, limit, ...(all ? {} : { state }) }
      const { approvals } = await clientOf(options, context).json<{ approvals: readonly Approval[] }>(
        '/v1/approvals',
        { query },
      )
      if (json) {
        for (const approval of approvals) printJson(context, approval)
        return
      }
      if (approvals.length > 0) printTable(context, approvals, COLUMNS)
      else context.stdout.write(all ? 'none\n' : `none is ${state}\n`)
    })
}

const COLUMNS: readonly Column<Approval>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'state', value: ({ state }) => state },
  { title: 'what', value: ({ act }) => act },
  { title: 'ledger', value: ({ ledger }) => ledger },
  { title: 'asked', value: ({ asked_at }) => asked_at.slice(0, 19) },
  { title: 'by', value: ({ asked_by }) => personText(asked_by), widthMax: 40 },
]

function showCommand(context: Context) {
  return clientCommand('show', 'show one, and what exactly is asked for')
    .argument('<id>')
    .action(async (id, { json, ...options }) => {
      const approval = await clientOf(options, context).json<WholeApproval>(pathOf(id))
      if (json) return printJson(context, approval)
      context.stdout.write(approvalText(approval, context))
    })
}

function approveCommand(context: Context) {
  return clientCommand('approve', 'approve what somebody else asks for; it is done at once')
    .argument('<id>')
    .requiredOption('--reason <text>', 'why; recorded with the accesses of the ledger')
    .option('--yes', 'do not ask')
    .action(async (id, { json, yes, reason, ...options }) => {
      const client = clientOf(options, context)
      const shown = await client.json<WholeApproval>(pathOf(id))
      if (!json) context.stdout.write(approvalText(shown, context))
      await confirm(context, 'Approve it?', { yes })
      // What was shown is what is approved.
      const body = { reason, digest: shown.digest }
      const approval = await client.json<Approval>(`${pathOf(id)}/approve`, { method: 'POST', body })
      if (json) return printJson(context, approval)
      context.stdout.write(`${approval.state}${outcomeText(approval)}\n`)
    })
}

function turnDownCommand(context: Context, name: 'reject' | 'withdraw', summary: string) {
  return clientCommand(name, summary)
    .argument('<id>')
    .requiredOption('--reason <text>', 'why; recorded with the accesses of the ledger')
    .action(async (id, { json, reason, ...options }) => {
      const client = clientOf(options, context)
      const approval = await client.json<Approval>(`${pathOf(id)}/${name}`, {
        method: 'POST',
        body: { reason },
      })
      if (json) return printJson(context, approval)
      context.stdout.write(`${approval.state}\n`)
    })
}

function approvalText(approval: WholeApproval, { stdout }: Context): string {
  const paint = painterOf(stdout)
  const { id, ledger, act, state, asked_by, asked_at, expires_at, decision, request } = approval
  const lines = [
    `${id}  ${paint('bold', act)} in ledger ${ledger}: ${state}${outcomeText(approval)}`,
    `asked by ${personText(asked_by)} at ${asked_at}, until ${expires_at}`,
    ...(decision ? [`decided by ${personText(decision.by)} at ${decision.at}: ${decision.reason}`] : []),
    ...(request === null ? ['what exactly was asked for is kept no longer'] : requestLines(request)),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function requestLines(request: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(request)
    .filter(([name]) => name !== 'kind' && name !== 'ledger')
    .map(
      ([name, value]) => `  ${name}: ${printable(typeof value === 'string' ? value : JSON.stringify(value))}`,
    )
}

function outcomeText({ outcome }: Approval): string {
  if (outcome === null) return ''
  const said = Object.entries(outcome).filter(
    ([, value]) => !Array.isArray(value) && typeof value !== 'object',
  )
  return `, ${said.map(([name, value]) => `${name} ${printable(String(value))}`).join(', ')}`
}

function personText({ id, name }: Person): string {
  return `${printable(name)} (${printable(id)})`
}

function pathOf(id: string): string {
  return `/v1/approvals/${encodeURIComponent(id)}`
}
