/** `trailproof search <query...>`: records newest in the ledger first, or the table that the query's pipes make. */
import { type Pipe, parseQuery } from '@trailproof/core/query'
import type { RecordsAnswer, SearchAnswer, TableAnswer } from '../api/answers.ts'
import { type ApiClient, clientOf } from '../api/api-client.ts'
import { type ClientOptions, readingCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { painterOf } from '../terminal/paint.ts'
import { printCsv } from '../terminal/print-csv.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatCount } from '../terminal/progress.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { QUERY_ARGUMENT, QUERY_HELP, queryOf } from './query-words.ts'
import { countColumns, fieldColumns, RECORD_COLUMNS } from './result-columns.ts'

const PAGE_RECORDS = 1000

export function searchCommand(context: Context) {
  return readingCommand('search', 'search records, newest in the ledger first, or count them')
    .argument(QUERY_ARGUMENT, 'such as: actor:u-1 action:payment.* outcome:failure last:24h')
    .option('-n, --limit <count>', 'most records', wholeNumber({ least: 1 }), 50)
    .option('--all', 'all records that match, page after page')
    .option('--oldest', 'oldest in the ledger first')
    .option('--csv', 'comma-separated values, safe to open in a spreadsheet')
    .addHelpText(
      'after',
      `
Examples:
  $ trailproof search actor:u-1 last:24h
  $ trailproof search --all --json 'action:payment.*' > payments.ndjson
  $ trailproof search 'outcome:failure last:7d | top 10 service'
  $ trailproof search --csv 'last:30d | timeline 1d by outcome' > days.csv
${QUERY_HELP}`,
    )
    .action((words, options) => searchRecords(queryOf(words), options, context))
}

interface SearchOptions extends ClientOptions {
  readonly limit: number
  readonly all?: true
  readonly oldest?: true
  readonly csv?: true
}

async function searchRecords(q: string | undefined, options: SearchOptions, context: Context): Promise<void> {
  if (options.csv && options.json) throw usageFailure('--csv and --json: choose one')
  const pipes = pipesOf(q)
  if (pipes.some(({ kind }) => kind === 'sort') && (options.all || options.limit > PAGE_RECORDS))
    throw usageFailure(
      `a sorted answer has at most ${formatCount(PAGE_RECORDS)} records`,
      'leave out sort for all records, in ledger order; or give --limit',
    )
  const client = clientOf(options, context)
  const order = options.oldest ? 'oldest' : undefined
  const recordsMax = options.all ? Number.POSITIVE_INFINITY : options.limit
  const columns = columnsOf(pipes)
  let shown = 0
  let last: SearchAnswer | undefined
  for await (const page of pages(client, { ledger: options.ledger, q, order }, recordsMax)) {
    const isFirst = last === undefined
    last = page
    if ('rows' in page) printRows(page, options, context)
    else {
      shown += page.records.length
      if (options.json) for (const record of page.records) printJson(context, record)
      else if (options.csv) printCsv(context, page.records, columns, { titles: isFirst })
      else if (page.records.length > 0) printTable(context, page.records, columns)
    }
  }
  const footer = 'rows' in last! ? tableFooter(last, context) : recordsFooter(shown, last!, context)
  if (!options.json && !options.csv) context.stdout.write(`${footer}\n`)
  else if (!last!.complete) context.stderr.write(`${footer}\n`)
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
    if ('rows' in page) return
    left -= page.records.length
    cursor = page.next ?? undefined
  } while (cursor !== undefined && left > 0)
}

function printRows({ columns: titles, rows }: TableAnswer, options: SearchOptions, context: Context): void {
  const columns = countColumns(titles, rows)
  if (options.json)
    for (const row of rows) printJson(context, Object.fromEntries(titles.map((name, at) => [name, row[at]])))
  else if (options.csv) printCsv(context, rows, columns, { titles: true })
  else printTable(context, rows, columns)
}

/** With a pipe `fields`, those. */
function columnsOf(pipes: readonly Pipe[]): readonly Column<RecordsAnswer['records'][number]>[] {
  const pipe = pipes.findLast(({ kind }) => kind === 'fields')
  return pipe?.kind === 'fields' ? fieldColumns(pipe.fields) : RECORD_COLUMNS
}

/** What is wrong with a query is for the server to say. */
function pipesOf(q = ''): readonly Pipe[] {
  try {
    return parseQuery(q).pipes
  } catch {
    return []
  }
}

function recordsFooter(shown: number, answer: RecordsAnswer, { stdout }: Context): string {
  const stopped = answer.complete ? '' : '; the search was stopped before its end: narrow it'
  const text = `${formatCount(shown)}${moreOf(shown, answer)} of ledger ${answer.ledger}`
  const hint = answer.next === null ? '' : '; there are more: --limit or --all'
  return painterOf(stdout)('dim', `${text}${hint}${stopped}${lagOf(answer)}`)
}

/** A sorted answer has one page; it says how many match. */
function moreOf(shown: number, { total }: RecordsAnswer): string {
  if (total === undefined || total.count <= shown) return ''
  return ` of ${formatCount(total.count)}${total.capped ? ' or more' : ''} that match, up to ${formatCount(PAGE_RECORDS)} with --limit,`
}

function tableFooter(answer: TableAnswer, { stdout }: Context): string {
  const { ledger, rows, sampled, complete } = answer
  const part =
    sampled === null
      ? '; the count was stopped before its end: narrow the query'
      : `; counted among the newest ${formatCount(sampled)} that match`
  const lines = `${formatCount(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}`
  return painterOf(stdout)('dim', `${lines} of ledger ${ledger}${complete ? '' : part}${lagOf(answer)}`)
}

function lagOf({ size, indexed_size }: SearchAnswer): string {
  const behind = size - indexed_size
  return behind > 0 ? `; the newest ${formatCount(behind)} entries are not searchable yet` : ''
}
