/** `trailproof send [file]`: records from a file or stdin, in batches, until each one is answered. */
import { createReadStream, statSync } from 'node:fs'
import type { IngestAnswer } from '../api/answers.ts'
import { clientOf } from '../api/api-client.ts'
import { type ClientOptions, clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { Failure, usageFailure } from '../failure.ts'
import { painterOf } from '../terminal/paint.ts'
import { formatCount, formatDuration, startProgress } from '../terminal/progress.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { batchesOf } from './batches.ts'
import { withId } from './give-id.ts'
import { readJsonValues } from './json-values.ts'
import { ReceiptFile } from './receipt-file.ts'
import { sendBatch } from './send-batch.ts'
import { reportTally, Tally } from './tally.ts'

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
  reportTally(tally, now() - startedAt, options, context)
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

function stoppedAfter({ total }: Tally, error: unknown): unknown {
  if (!(error instanceof Failure) || total === 0) return error
  return new Failure(error.exitCode, `${error.message}; ${formatCount(total)} records were answered before`, {
    hint: 'send the same input again: records with an id of their own are recorded once',
    cause: error,
  })
}
