/** `trailproof demo`: fills a ledger with the records of an invented shop, and of one incident that can be found in it. */
import { instantMs } from '@trailproof/core/query'
import { type ApiClient, clientOf } from '../api/api-client.ts'
import { waitMs } from '../api/backoff.ts'
import { type ClientOptions, clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { batchesOf } from '../send/batches.ts'
import { sendBatch } from '../send/send-batch.ts'
import { reportTally, Tally } from '../send/tally.ts'
import { duration } from '../terminal/duration.ts'
import { painterOf } from '../terminal/paint.ts'
import { formatDuration, startProgress } from '../terminal/progress.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { INCIDENT_QUERY } from './incident.ts'
import { backdatedShop, liveShop, RECORDS_LEAST } from './shop.ts'

const RETRIES = 8
const RATE_MOST = 1000
/** Servers warn of producers whose clocks are ahead: the last request is over by now. */
const BEFORE_NOW_MS = 5000
const SEEDS = 2 ** 31

export function demoCommand(context: Context) {
  return clientCommand('demo', 'fill a ledger with the records of an invented shop, and one incident to find')
    .option('--records <count>', 'how many', wholeNumber({ least: RECORDS_LEAST }), 5000)
    .option('--over <time>', 'the time they are spread over: 1h, 24h, 7d', duration, duration('24h'))
    .option('--until <time>', 'when that time ends, as RFC 3339; default: now', instant)
    .option('--live', 'as it happens instead, until Ctrl-C')
    .option('--rate <count>', 'with --live: records a second, at most 1000', wholeNumber({ least: 1 }), 5)
    .option('--for <time>', 'with --live: end after this time', duration)
    .option('--seed <number>', 'makes the same shop again; default: another each time', wholeNumber())
    .addHelpText(
      'after',
      `
It is for a ledger of its own: what is recorded stays. The same --seed, --records, --over and --until make
the very same records, which are recorded once.

Examples:
  $ trailproof demo
  $ trailproof demo --ledger demo --records 20000 --over 7d
  $ trailproof demo --live --rate 5`,
    )
    .action((options) => fillLedger(options, context))
}

function instant(text: string): number {
  const ms = instantMs(text)
  if (ms === undefined) throw usageFailure(`--until ${text} is not a time such as 2026-11-22T12:00:00Z`)
  return ms
}

interface DemoOptions extends ClientOptions {
  readonly records: number
  readonly over: number
  readonly until?: number
  readonly live?: true
  readonly rate: number
  readonly for?: number
  readonly seed?: number
}

async function fillLedger(options: DemoOptions, context: Context): Promise<void> {
  const { now } = context
  if (options.rate > RATE_MOST) throw usageFailure(`--rate is at most ${RATE_MOST}`)
  const seed = options.seed ?? Math.floor(Math.random() * SEEDS)
  const client = clientOf(options, context)
  const startedAt = now()
  const tally = options.live
    ? await runLive(client, seed, options, context)
    : await fillBackdated(client, seed, options, context)
  const query = INCIDENT_QUERY
  const link = linkTo(client.url, options.ledger)
  reportTally(tally, now() - startedAt, { ...options, more: { seed, query, link } }, context)
  if (!options.json) tellIncident({ seed, link }, options, context)
}

async function fillBackdated(
  client: ApiClient,
  seed: number,
  { records, over, until, ledger }: DemoOptions,
  context: Context,
): Promise<Tally> {
  const toMs = until ?? context.now() - BEFORE_NOW_MS
  const tally = new Tally()
  using progress = startProgress(context, 'recording', 'records')
  for await (const batch of batchesOf(texts(backdatedShop(seed, records, { fromMs: toMs - over, toMs })))) {
    await send(client, batch, { ledger, tally }, context)
    progress.update(tally.total, records)
  }
  return tally
}

/** Sends what happened since the last look, many requests in one batch where there are many. */
async function runLive(
  client: ApiClient,
  seed: number,
  { rate, for: forMs, ledger }: DemoOptions,
  context: Context,
): Promise<Tally> {
  const { now, stderr } = context
  const startedAt = now()
  const shop = liveShop(seed, startedAt, forMs)
  const tally = new Tally()
  const stop = stopSignal()
  if (!stderr.isTTY) stderr.write('recording; Ctrl-C ends it\n')
  using progress = startProgress(context, 'recording (Ctrl-C ends it)', 'records')
  let made = 0
  const isOver = (): boolean => stop.aborted || (forMs !== undefined && now() - startedAt >= forMs)
  while (!isOver()) {
    const due = ((now() - startedAt) / 1000) * rate
    const batch: string[] = []
    while (made < due) {
      const records = shop.until(now())
      made += records.length
      batch.push(...records.map((record) => JSON.stringify(record)))
    }
    if (batch.length > 0) await send(client, batch, { ledger, tally }, context)
    progress.update(tally.total, undefined)
    await waitMs(Math.min(1000, Math.max(50, 1000 / rate)))
  }
  return tally
}

/** Aborted by the first Ctrl-C, so that what was done is told; the next one ends the process as usual. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  return stop.signal
}

async function send(
  client: ApiClient,
  batch: readonly string[],
  { ledger, tally }: { readonly ledger: string | undefined; readonly tally: Tally },
  { stderr }: Context,
): Promise<void> {
  const answers = await sendBatch(client, batch, {
    ledger,
    proofs: false,
    waitForIndex: true,
    // A server that was never there is not waited for.
    retriesMax: tally.total === 0 ? 0 : RETRIES,
    onRetry: (failure, ms) =>
      stderr.write(`${painterOf(stderr)('yellow', 'waiting')} ${formatDuration(ms)}: ${failure.message}\n`),
  })
  for (const { receipts } of answers) tally.add(receipts)
}

async function* texts(records: Iterable<object>): AsyncGenerator<string> {
  for (const record of records) yield JSON.stringify(record)
}

function linkTo(url: string, ledger: string | undefined): string {
  const asked = new URLSearchParams({ q: INCIDENT_QUERY, last: '', ...(ledger !== undefined && { ledger }) })
  return `${url}/#/?${asked.toString()}`
}

function tellIncident(
  { seed, link }: { readonly seed: number; readonly link: string },
  { ledger }: DemoOptions,
  { stdout }: Context,
): void {
  const paint = painterOf(stdout)
  const where = ledger === undefined ? '' : ` --ledger ${ledger}`
  stdout.write(`
${paint('bold', 'There is an incident in it.')} A password was guessed, and money left the shop. Who, from where, and how much?
  ${paint('cyan', link)}
  trailproof search${where} --oldest '${INCIDENT_QUERY}'

${paint('dim', `The same shop again: --seed ${seed}`)}
`)
}
