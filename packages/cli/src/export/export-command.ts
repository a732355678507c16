/** `trailproof export [query...]`: evidence to take away. */

import { existsSync } from 'node:fs'
import { Option } from '@commander-js/extra-typings'
import { type ApiClient, clientOf } from '../api/api-client.ts'
import { type ClientOptions, readingCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { Failure, usageFailure } from '../failure.ts'
import { QUERY_ARGUMENT, queryOf } from '../read/query-words.ts'
import { painterOf } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatCount, formatDuration, startProgress } from '../terminal/progress.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { type DownloadOptions, downloadPlain, downloadProven, type ExportQuery } from './download-export.ts'
import { ExportFile, type ExportOutput, ExportStdout } from './export-output.ts'
import { ExportPosition } from './export-position.ts'

const RETRIES_MAX = 8

export function exportCommand(context: Context) {
  return readingCommand(
    'export',
    'take records of a range away, with a proof that none is missing or altered',
  )
    .argument(QUERY_ARGUMENT, 'as in search, without pipes; default: every record')
    .addOption(
      new Option('--format <format>', 'ndjson proves itself; csv and ocsf are for other programs')
        .choices(['ndjson', 'csv', 'ocsf'])
        .default('ndjson'),
    )
    .option('--from <time>', 'not before this time (RFC 3339)')
    .option('--to <time>', 'before this time (RFC 3339)')
    .option('--last <duration>', 'instead of --from: 15m, 24h, 7d, 4w')
    .option('--from-index <index>', 'first entry; default: 0', wholeNumber())
    .option('--to-index <index>', 'the entry after the last one; default: all there are now', wholeNumber())
    .option('--fields <names>', 'further columns of a CSV, joined by commas')
    .option('-o, --out <file>', 'write it there, as <file>.partial until it is whole; default: stdout')
    .option('--resume', 'go on with <file>.partial after its last mark')
    .addHelpText(
      'after',
      `
An export as ndjson goes on by itself when its connection is cut. Times choose by the records' timestamps; what is
not chosen is proven to be there, and not shown: only --from-index and --to-index make the range smaller.

Exit codes: 0 whole, 2 wrong use, 5 unreachable or cut too often (go on with --resume), 6 refused.

Examples:
  $ trailproof export --out main.ndjson
  $ trailproof export --out main.ndjson --resume
  $ trailproof verify export main.ndjson --vkey main.vkey
  $ trailproof export 'action:payment.* last:30d' | gzip > payments.ndjson.gz
  $ trailproof export --format csv --fields metadata.amount 'action:payment.*' > payments.csv`,
    )
    .action((words, options) => exportRecords(queryOf(words), options, context))
}

interface ExportOptions extends ClientOptions {
  readonly format: 'ndjson' | 'csv' | 'ocsf'
  readonly from?: string
  readonly to?: string
  readonly last?: string
  readonly fromIndex?: number
  readonly toIndex?: number
  readonly fields?: string
  readonly out?: string
  readonly resume?: true
}

async function exportRecords(q: string | undefined, options: ExportOptions, context: Context): Promise<void> {
  const { format, out, resume } = options
  const query = exportQuery(q, options)
  if (resume) assertResumable(query, options)
  if (out !== undefined && existsSync(out))
    throw usageFailure(
      `${out} is there already`,
      'evidence is not written over: choose another name, or delete it',
    )
  const client = clientOf(options, context)
  await using file = out === undefined ? undefined : await ExportFile.open(out, resume ? 'r+' : 'wx')
  const position = new ExportPosition()
  if (file && resume) await takeUp(file, position)
  const output = file ?? new ExportStdout(context.stdout)
  const startedAt = context.now()
  const bytes = await download(format, position, { client, query, output }, options, context).catch(
    async (error: unknown) => {
      if (position.header === undefined) await file?.discard()
      throw error
    },
  )
  report({ position, bytes, tookMs: context.now() - startedAt }, options, context)
}

function exportQuery(q: string | undefined, options: ExportOptions): ExportQuery {
  const { ledger, from, to, last, fromIndex, toIndex, fields } = options
  const format = options.format === 'ndjson' ? undefined : options.format
  return { ledger, q, from, to, last, from_index: fromIndex, to_index: toIndex, fields, format }
}

/** What is exported stands in the first line of the file: said once more it could only be something else. */
function assertResumable({ ledger, ...query }: ExportQuery, { out }: ExportOptions): void {
  if (out === undefined) throw usageFailure('--resume goes on with a file: name it with --out')
  if (Object.values({ ...query, ledger }).some((value) => value !== undefined))
    throw usageFailure('--resume goes on with what the file began with: leave out query, range and format')
}

/** Reads what an earlier run wrote, and cuts off what is behind its last mark. */
async function takeUp(file: ExportFile, position: ExportPosition): Promise<void> {
  for await (const bytes of file.read()) position.take(bytes)
  if (position.header === undefined)
    throw usageFailure(`${file.path}.partial does not say what it is of`, 'delete it and begin anew')
  if (!position.isWhole) position.rewind()
  await file.rewind(position.keptBytes)
}

async function download(
  format: ExportOptions['format'],
  position: ExportPosition,
  what: { readonly client: ApiClient; readonly query: ExportQuery; readonly output: ExportOutput },
  { out }: ExportOptions,
  context: Context,
): Promise<number> {
  const { stderr } = context
  const isProven = format === 'ndjson'
  let bytes = 0
  using progress = startProgress(context, 'exporting', isProven ? 'entries' : 'KiB')
  const options: DownloadOptions = {
    ...what,
    retriesMax: RETRIES_MAX,
    onRetry: (error, waitMs) =>
      stderr.write(`${painterOf(stderr)('dim', `${error.message}; again in ${formatDuration(waitMs)}`)}\n`),
    onBytes: (count) => {
      bytes += count
      const { header, mark } = position
      if (!isProven) progress.update(Math.round(bytes / 1024), undefined)
      else if (header && mark) progress.update(mark.index - header.from, header.to - header.from)
    },
  }
  try {
    await (isProven ? downloadProven(position, options) : downloadPlain(options))
  } catch (error) {
    if (
      error instanceof Failure &&
      error.exitCode === EXIT.unreachable &&
      position.header &&
      out !== undefined
    )
      throw new Failure(error.exitCode, error.message, {
        hint: `go on with: trailproof export --out ${out} --resume`,
        cause: error,
      })
    throw error
  }
  return bytes
}

interface Done {
  readonly position: ExportPosition
  /** That came in this run. */
  readonly bytes: number
  readonly tookMs: number
}

/** On stderr when the export itself went to stdout. */
function report(
  { position: { header }, bytes, tookMs }: Done,
  { out, json, format }: ExportOptions,
  context: Context,
): void {
  const range = header && { ledger: header.ledger, from: header.from, to: header.to, size: header.head.size }
  if (json && out !== undefined)
    return printJson(context, { file: out, format, ...range, bytes, ms: Math.round(tookMs) })
  const what = range ? `${rangeText(range)} of ledger ${range.ledger}, ` : ''
  const lines = [`exported ${what}${formatCount(bytes)} bytes in ${formatDuration(tookMs)}`]
  if (range && out !== undefined) lines.push(`check it with: trailproof verify export ${out} --vkey <key>`)
  context.stderr.write(`${lines.join('\n')}\n`)
}

function rangeText({ from, to }: { from: number; to: number }): string {
  if (to === from) return 'no entries'
  return to - from === 1 ? `entry ${from}` : `entries ${from} to ${to - 1}`
}
