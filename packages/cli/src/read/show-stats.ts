/** `trailproof stats [query...]`: what is being recorded, as `top` shows what is running. */
import type { FacetsAnswer, HistogramAnswer, LedgerAnswer } from '../api/answers.ts'
import { type ApiClient, clientOf, isTransient } from '../api/api-client.ts'
import { waitMs } from '../api/backoff.ts'
import { type ClientOptions, readingCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { painterOf } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { QUERY_ARGUMENT, queryOf } from './query-words.ts'
import { type Stats, statsScreen } from './stats-screen.ts'

const BUCKETS = 60
const FACETS = ['service', 'action', 'actor', 'outcome']
const FACET_VALUES = 8
/** Ours and the server's, at most. */
const CLOCKS_APART_MS = 60_000

export function statsCommand(context: Context) {
  return readingCommand('stats', 'watch how much is recorded, by whom and how it ends; ends with Ctrl-C')
    .argument(QUERY_ARGUMENT, 'only of these records: service:payments outcome:failure')
    .option('--last <time>', 'how far back to count: 5m, 1h, 7d', '15m')
    .option('--interval <seconds>', 'how often to look', wholeNumber({ least: 1 }), 2)
    .option('--once', 'show it once and end; so where no terminal is')
    .action((words, options) => watchStats(queryOf(words), options, context))
}

interface StatsOptions extends ClientOptions {
  readonly last: string
  readonly interval: number
  readonly once?: true
}

async function watchStats(q: string | undefined, options: StatsOptions, context: Context): Promise<void> {
  const { stdout, stderr } = context
  if (!/^\d{1,6}[smhdw]$/.test(options.last))
    throw usageFailure(`--last ${options.last} is not a time such as 15m`)
  const client = clientOf(options, context)
  if (options.once || (!stdout.isTTY && !options.json)) {
    const stats = await statsOf(client, q, options, context.now())
    if (options.json) printJson(context, stats)
    else stdout.write(statsScreen(stats, painterOf(stdout), stdout.columns))
    return
  }
  for (let isFirst = true; ; isFirst = false) {
    try {
      const stats = await statsOf(client, q, options, context.now())
      if (options.json) printJson(context, stats)
      // Home, the new text over the old line by line, then whatever is left below it: nothing flickers.
      else stdout.write(overwriting(statsScreen(stats, painterOf(stdout), stdout.columns), isFirst))
    } catch (error) {
      if (isFirst || !isTransient(error)) throw error
      stderr.write(`${painterOf(stderr)('dim', `${(error as Error).message}; trying again`)}\n`)
    }
    await waitMs(options.interval * 1000)
  }
}

function overwriting(text: string, isFirst: boolean): string {
  return `${isFirst ? '\x1b[2J' : ''}\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[J`
}

async function statsOf(
  client: ApiClient,
  q: string | undefined,
  { ledger: named, last }: StatsOptions,
  nowMs: number,
): Promise<Stats> {
  // A clock that is ahead would stretch the chart into its future.
  const to = new Date(nowMs + CLOCKS_APART_MS).toISOString()
  const query = { ledger: named, q, last, to }
  const histogram = await client.json<HistogramAnswer>('/v1/histogram', {
    query: { ...query, buckets: BUCKETS, by: 'outcome' },
  })
  const [ledger, { facets }] = await Promise.all([
    client.json<LedgerAnswer>(`/v1/ledgers/${encodeURIComponent(histogram.ledger)}`),
    client.json<FacetsAnswer>('/v1/facets', {
      query: { ...query, fields: FACETS.join(','), limit: FACET_VALUES },
    }),
  ])
  return { ledger, last, histogram, facets }
}
