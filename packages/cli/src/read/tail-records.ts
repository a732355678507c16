/** `trailproof tail`: records as they are recorded, going on after any interruption where it stopped. */
import type { RecordView } from '@trailproof/core'
import { clientOf, isTransient } from '../api/api-client.ts'
import { backoffMs, waitMs } from '../api/backoff.ts'
import { type ClientOptions, readingCommand } from '../api/client-options.ts'
import { readServerEvents, type ServerEvent } from '../api/server-events.ts'
import type { Context } from '../context.ts'
import { painterOf } from '../terminal/paint.ts'
import { formatCount } from '../terminal/progress.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { QUERY_ARGUMENT, queryOf } from './query-words.ts'
import { recordLine } from './record-line.ts'

export function tailCommand(context: Context) {
  return readingCommand('tail', 'watch records as they are recorded; ends with Ctrl-C')
    .argument(QUERY_ARGUMENT, 'as in search, without pipes: action:payment.* outcome:failure')
    .option('--from <index>', 'first entry; default: what comes now', wholeNumber())
    .option('-n, --limit <count>', 'end after this many records', wholeNumber({ least: 1 }))
    .action((words, options) => tailRecords(words, options, context))
}

interface TailOptions extends ClientOptions {
  readonly from?: number
  readonly limit?: number
}

async function tailRecords(words: readonly string[], options: TailOptions, context: Context): Promise<void> {
  const client = clientOf(options, context)
  const { stdout, stderr } = context
  const paint = painterOf(stdout)
  const query = { ledger: options.ledger, q: queryOf(words) }
  let left = options.limit ?? Number.POSITIVE_INFINITY
  let from = options.from
  let lastEventId = ''
  let connected = false
  for (let failures = 0; left > 0; failures++)
    try {
      const resume: Record<string, string> = lastEventId === '' ? {} : { 'last-event-id': lastEventId }
      for await (const event of readServerEvents(client, '/v1/tail', {
        query: { ...query, from },
        headers: resume,
      })) {
        if (!connected && failures > 0) stderr.write(`${painterOf(stderr)('dim', 'connected again')}\n`)
        connected = true
        failures = 0
        from ??= startOf(event)
        if (event.id !== '') lastEventId = event.id
        if (event.type === 'lag') stderr.write(`${painterOf(stderr)('dim', lagOf(event))}\n`)
        if (event.type !== 'record') continue
        const record = JSON.parse(event.data) as RecordView // our own API's event
        const line = options.json ? event.data : recordLine(record, paint)
        if (!stdout.write(`${line}\n`)) await new Promise<void>((resolve) => stdout.once('drain', resolve))
        if (--left <= 0) return
      }
      throw new Error('the stream ended')
    } catch (error) {
      // Before the first answer a failure is the user's to know; later the server is waited for.
      if (!connected && failures === 0) throw error
      if (connected) stderr.write(`${painterOf(stderr)('dim', 'interrupted; connecting again')}\n`)
      if (!connected && !isTransient(error)) throw error
      connected = false
      await waitMs(backoffMs(failures))
    }
}

function lagOf({ data }: ServerEvent): string {
  const { behind } = JSON.parse(data) as { behind: number } // our own API's event
  return `the newest ${formatCount(behind)} entries are still to come`
}

/** The stream begins by saying where: without it, what is recorded before the first event could be missed. */
function startOf({ type, data }: ServerEvent): number | undefined {
  const [, size] = (type === 'comment' && /^ledger \S+ at (\d+)$/.exec(data)) || []
  return size === undefined ? undefined : Number(size)
}
