/** `trailproof search <query...>`: a page, or all pages, newest in the ledger first. */
import type { RecordView } from '@trailproof/core'
import type { SearchAnswer } from '../api/answers.ts'
import { type ApiClient, clientOf } from '../api/api-client.ts'
import { type ClientOptions, clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { painterOf } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatCount } from '../terminal/progress.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { actorOf, paintOutcome, targetsOf, timeOf } from './record-line.ts'

const PAGE_RECORDS = 1000

export function searchCommand(context: Context) {
  return clientCommand('search', 'search records, newest in the ledger first')
    .argument('[query...]', 'such as: actor:u-1 action:payment.* outcome:failure last:24h')
    .option('-n, --limit <count>', 'most records', wholeNumber({ least: 1 }), 50)
    .option('--all', 'all records that match, page after page')
    .addHelpText(
      'after',
      `
Examples:
  $ trailproof search actor:u-1 last:24h
  $ trailproof search --all --json action:payment.* > payments.ndjson`,
    )
    .action((words, options) => searchRecords(words, options, context))
}

interface SearchOptions extends ClientOptions {
  readonly limit: number
  readonly all?: true
}

async function searchRecords(
  words: readonly string[],
  options: SearchOptions,
  context: Context,
): Promise<void> {
  const client = clientOf(options, context)
  const query = { ledger: options.ledger, q: words.map(quoted).join(' ') || undefined }
  let shown = 0
  let last: SearchAnswer | undefined
  for await (const page of pages(client, query, options.all ? Number.POSITIVE_INFINITY : options.limit)) {
    last = page
    shown += page.records.length
    if (options.json) for (const record of page.records) printJson(context, record)
    else if (page.records.length > 0) printTable(context, page.records, COLUMNS)
  }
  if (!options.json) context.stdout.write(`${footer(shown, last!, context)}\n`)
}

async function* pages(
  client: ApiClient,
  query: Readonly<Record<string, string | undefined>>,
  recordsMax: number,
): AsyncGenerator<SearchAnswer> {
  let left = recordsMax
  let cursor: string | undefined
  do {
    const limit = Math.min(left, PAGE_RECORDS)
    const page: SearchAnswer = await client.json('/v1/search', { query: { ...query, limit, cursor } })
    yield page
    left -= page.records.length
    cursor = page.next ?? undefined
  } while (cursor !== undefined && left > 0)
}

/** The shell took the quotes of `message:"two words"` away; the server wants them. */
function quoted(word: string): string {
  const [, field, value] = /^([a-z_]+):(.*\s.*)$/s.exec(word) ?? []
  return field === undefined || value!.startsWith('"') ? word : `${field}:"${value}"`
}

const COLUMNS: readonly Column<RecordView>[] = [
  {
    title: 'index',
    value: ({ index }) => index,
    align: 'right',
    paint: (text, _, paint) => paint('dim', text),
  },
  { title: 'time', value: timeOf, paint: (text, _, paint) => paint('dim', text) },
  {
    title: 'outcome',
    value: ({ outcome }) => outcome,
    paint: (text, { outcome }, paint) => paintOutcome(outcome, text, paint),
  },
  {
    title: 'action',
    value: ({ action }) => action,
    widthMax: 40,
    paint: (text, _, paint) => paint('bold', text),
  },
  { title: 'actor', value: actorOf, widthMax: 30, paint: (text, _, paint) => paint('cyan', text) },
  { title: 'target', value: targetsOf, widthMax: 30 },
  { title: 'service', value: ({ service }) => service, widthMax: 24 },
  { title: 'id', value: ({ id }) => id, paint: (text, _, paint) => paint('dim', text) },
]

function footer(
  shown: number,
  { ledger, next, size, indexed_size }: SearchAnswer,
  { stdout }: Context,
): string {
  const more = next === null ? '' : '; there are more: --limit or --all'
  const behind = size - indexed_size
  const lag = behind > 0 ? `; the newest ${formatCount(behind)} entries are not searchable yet` : ''
  return painterOf(stdout)('dim', `${formatCount(shown)} of ledger ${ledger}${more}${lag}`)
}
