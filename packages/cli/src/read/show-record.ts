/** `trailproof show <id>`: one record, all of it. */
import type { RecordView } from '@trailproof/core'
import { clientOf } from '../api/api-client.ts'
import { type ClientOptions, readingCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { type Paint, painterOf, printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { paintOutcome } from './record-line.ts'

export function showCommand(context: Context) {
  return readingCommand('show', 'show one record by its id, read from the ledger itself')
    .argument('<id>', 'UUID of the record')
    .action((id, options) => showRecord(id, options, context))
}

async function showRecord(id: string, options: ClientOptions, context: Context): Promise<void> {
  const record = await clientOf(options, context).json<RecordView>(`/v1/events/${encodeURIComponent(id)}`, {
    query: { ledger: options.ledger },
  })
  if (options.json) return printJson(context, record)
  const paint = painterOf(context.stdout)
  const { action = '', outcome = '', ledger, index, recorded_at, ...rest } = record
  const title = `${paint('bold', printable(action))} ${paintOutcome(outcome, outcome, paint)}`
  const place = paint('dim', `entry ${index} of ledger ${ledger}, recorded ${recorded_at}`)
  context.stdout.write(`${title}  ${place}\n${membersOf(rest, paint, '  ')}`)
}

/** `name value` a line; objects and lists indented below their name; empty ones left out. */
function membersOf(value: object, paint: Paint, indent: string): string {
  let text = ''
  for (const [name, member] of Object.entries(value)) {
    if (isEmpty(member)) continue
    const label = `${indent}${paint('cyan', printable(name))}`
    text +=
      typeof member === 'object' && member !== null
        ? `${label}\n${membersOf(member, paint, `${indent}  `)}`
        : `${label} ${typeof member === 'string' ? linesOf(member, indent) : String(member)}\n`
  }
  return text
}

/** Long texts such as stacks keep their lines. */
function linesOf(text: string, indent: string): string {
  return text.split('\n').map(printable).join(`\n${indent}    `)
}

function isEmpty(value: unknown): boolean {
  return (
    value === '' ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0) ||
    value === null
  )
}
