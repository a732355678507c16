/** `trailproof send [file]`: records from a file or stdin, in batches, until each one is answered. */
import { createReadStream, statSync } from 'node:fs'
import type { IngestAnswer, ReceiptAnswer } from '../api/answers.ts'
import { clientOf } from '../api/api-client.ts'
import { type ClientOptions, clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { Failure, usageFailure } from '../failure.ts'
import { painterOf, printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatCount, formatDuration, startProgress } from '../terminal/progress.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { batchesOf } from './batches.ts'
import { withId } from './give-id.ts'
import { readJsonValues } from './json-values.ts'
import { ReceiptFile } from './receipt-file.ts'
import { sendBatch } from './send-batch.ts'

export function sendCommand(context: Context) {
  return clientCommand('send', 'record what a file or stdin holds: NDJSON, a JSON array, or objects')
    .argument('[file]', 'file to read; - or nothing: stdin', '-')
    .option('--receipts <file>', 'add the receipts to this file, with proofs; trailproof verify checks them')
    .option('--wait', 'end when the records can be searched')
    .option(
      '--retries <count>',
      'tries after the first when the server is away or overloaded',
      wholeNumber(),
      8,
    )
    .addHelpText(
      'after',
      `
A record without an id is given one here, so that sending again records nothing twice.

Examples:
  $ trailproof send events.ndjson --receipts receipts.ndjson
  $ echo '{"action":"door.opened","actor":{"type":"user","id":"u-1"}}' | trailproof send`,
    )
    .action((file, options) => sendRecords(file, options, context))
}

interface SendOptions extends ClientOptions {
  readonly receipts?: string
  readonly wait?: true
  readonly retries: number
}

async function sendRecords(file: string, options: SendOptions, context: Context): Promise<void> {
  const { stderr, now } = context
  const client = clientOf(options, context)
  const input = openInput(file, context)
  await using receipts = options.receipts === undefined ? undefined : await ReceiptFile.open(options.receipts)
  const startedAt = now()
  const tally = new Tally()
  {
    using progress = startProgress(context, 'sending', 'records')
    const send = (batch: readonly string[]): Promise<IngestAnswer[]> =>
      sendBatch(client, batch, {
        ledger: options.ledger,
        proofs: receipts !== undefined,
        waitForIndex: options.wait === true,
        retriesMax: options.retries,
        onRetry: (failure, ms) =>
          stderr.write(
            `${painterOf(stderr)('yellow', 'waiting')} ${formatDuration(ms)}: ${failure.message}\n`,
          ),
      })
    try {
      for await (const batch of batchesOf(namedRecords(input))) {
        for (const answer of await send(batch)) {
          await receipts?.append(answer)
          tally.add(answer.receipts)
        }
        // Bytes read, not records: how many records a file holds shows at its end.
        progress.update(tally.total, input.size && (tally.total * input.size) / Math.max(1, input.read()))
      }
    } catch (error) {
      throw stoppedAfter(tally, error)
    }
  }
  report(tally, now() - startedAt, options, context)
}

interface Input {
  readonly chunks: AsyncIterable<Uint8Array>
  /** Bytes; undefined when it shows only at the end. */
  readonly size: number | undefined
  /** Bytes read so far. */
  read(): number
}

function openInput(file: string, { stdin }: Context): Input {
  if (file === '-') return { chunks: stdin, size: undefined, read: () => 0 }
  try {
    const stream = createReadStream(file, { highWaterMark: 1 << 18 })
    return { chunks: stream, size: statSync(file).size, read: () => stream.bytesRead }
  } catch (cause) {
    throw usageFailure(`cannot read ${file}: ${(cause as Error).message}`)
  }
}

async function* namedRecords({ chunks }: Input): AsyncGenerator<string> {
  for await (const record of readJsonValues(chunks)) yield withId(record)
}

const PROBLEMS_SHOWN = 5

/** What became of the records so far. */
class Tally {
  readonly counts: Record<ReceiptAnswer['status'], number> = {
    recorded: 0,
    duplicate: 0,
    conflict: 0,
    quarantined: 0,
    refused: 0,
  }
  /** The first few, for the person who must mend them. */
  readonly problems: string[] = []
  total = 0

  add(receipts: readonly ReceiptAnswer[]): void {
    for (const receipt of receipts) {
      this.total++
      this.counts[receipt.status]++
      if (receipt.status !== 'recorded' && receipt.status !== 'duplicate') this.#note(receipt)
    }
  }

  get notRecorded(): number {
    const { conflict, quarantined, refused } = this.counts
    return conflict + quarantined + refused
  }

  #note({ status, problems, id, quarantine_id }: ReceiptAnswer): void {
    if (this.problems.length >= PROBLEMS_SHOWN) return
    const [first] = problems ?? []
    const why =
      status === 'conflict'
        ? 'the id is taken by other content'
        : `${first?.field || 'record'}: ${first?.message}`
    const which = [id, quarantine_id].find((name) => typeof name === 'string')
    this.problems.push(`record ${this.total} ${status}: ${why}${which === undefined ? '' : ` (${which})`}`)
  }
}

function stoppedAfter({ total }: Tally, error: unknown): unknown {
  if (!(error instanceof Failure) || total === 0) return error
  return new Failure(error.exitCode, `${error.message}; ${formatCount(total)} records were answered before`, {
    hint: 'send the same input again: records with an id of their own are recorded once',
    cause: error,
  })
}

function report(tally: Tally, tookMs: number, { json }: SendOptions, context: Context): void {
  const { counts, total, notRecorded, problems } = tally
  if (notRecorded > 0) context.exitWith(EXIT.notAllRecorded)
  if (json) return printJson(context, { records: total, ...counts, problems })
  const paint = painterOf(context.stdout)
  const said = Object.entries(counts)
    .filter(([status, count]) => count > 0 || status === 'recorded')
    .map(([status, count]) => paint(STATUS_COLOUR[status] ?? 'red', `${formatCount(count)} ${status}`))
  const rate = formatCount(Math.round(total / Math.max(0.001, tookMs / 1000)))
  context.stdout.write(`${said.join(', ')} in ${formatDuration(tookMs)} (${rate} records/s)\n`)
  for (const line of problems) context.stderr.write(`${printable(line)}\n`)
  if (notRecorded > problems.length)
    context.stderr.write(`and ${formatCount(notRecorded - problems.length)} more\n`)
  if (counts.quarantined > 0) context.stderr.write('look at them with: trailproof quarantine list\n')
}

const STATUS_COLOUR: Readonly<Record<string, 'green' | 'cyan'>> = { recorded: 'green', duplicate: 'cyan' }
