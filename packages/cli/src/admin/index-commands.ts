/** `trailproof index rebuild|status`: the search index, which can always be made again. */
import { Command } from '@commander-js/extra-typings'
import type { LedgerAnswer } from '../api/answers.ts'
import { type ApiClient, clientOf, Refusal } from '../api/api-client.ts'
import { clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatCount, startProgress } from '../terminal/progress.ts'
import { type Column, printTable } from '../terminal/table.ts'

export function indexCommand(context: Context) {
  return new Command('index')
    .description('see how far search has come, and build the index again')
    .addCommand(statusCommand(context))
    .addCommand(rebuildCommand(context))
}

function statusCommand(context: Context) {
  return clientCommand('status', 'how many entries can be searched').action(
    async ({ json, ledger, ...options }) => {
      const client = clientOf(options, context)
      const ledgers = (await client.json<{ ledgers: readonly LedgerAnswer[] }>('/v1/ledgers')).ledgers.filter(
        ({ name }) => name === (ledger ?? name),
      )
      if (json) for (const one of ledgers) printJson(context, statusOf(one))
      else printTable(context, ledgers.map(statusOf), COLUMNS)
    },
  )
}

interface Status {
  readonly ledger: string
  readonly size: number
  readonly indexed_size: number
  readonly behind: number
}

function statusOf({ name, size, indexed_size }: LedgerAnswer): Status {
  return { ledger: name, size, indexed_size, behind: Math.max(0, size - indexed_size) }
}

const COLUMNS: readonly Column<Status>[] = [
  { title: 'ledger', value: ({ ledger }) => ledger },
  { title: 'entries', value: ({ size }) => formatCount(size), align: 'right' },
  { title: 'searchable', value: ({ indexed_size }) => formatCount(indexed_size), align: 'right' },
  {
    title: 'behind',
    value: ({ behind }) => formatCount(behind),
    align: 'right',
    paint: (text, { behind }, paint) => paint(behind === 0 ? 'green' : 'yellow', text),
  },
]

function rebuildCommand(context: Context) {
  return clientCommand('rebuild', 'build the search index again from the ledger')
    .option('--wait', 'end when all that is there now can be searched')
    .action(async ({ json, ledger = 'main', wait, ...options }) => {
      const client = clientOf(options, context)
      const path = `/v1/ledgers/${encodeURIComponent(ledger)}/index/rebuild`
      const { size } = await client.json<{ size: number }>(path, { method: 'POST' })
      if (wait && size > 0) await indexed(client, ledger, size, context)
      if (json) return printJson(context, { ledger, size, complete: wait === true })
      const state = wait ? 'rebuilt' : 'is being rebuilt; see trailproof index status'
      context.stdout.write(`the index of ${ledger} (${formatCount(size)} entries) ${state}\n`)
    })
}

/** The server itself waits up to 10 s for an index, and says 503 when it is not there by then. */
async function indexed(client: ApiClient, ledger: string, size: number, context: Context): Promise<void> {
  using progress = startProgress(context, 'indexing', 'entries')
  for (;;)
    try {
      await client.call('/v1/search', { query: { ledger, limit: 1, min_index: size - 1 } })
      return
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 503) throw error
      const { indexed_size } = await client.json<LedgerAnswer>(`/v1/ledgers/${encodeURIComponent(ledger)}`)
      progress.update(indexed_size, size)
    }
}
