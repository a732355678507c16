/** `trailproof subject export <id>`: everything that is kept of somebody, with proofs, in a folder to hand over. */
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command } from '@commander-js/extra-typings'
import type { DataSubject } from '@trailproof/server/ports'
import type { LedgerAnswer } from '../api/answers.ts'
import { type ApiClient, clientOf } from '../api/api-client.ts'
import { type ClientOptions, clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { Failure, usageFailure } from '../failure.ts'
import { type ProvedRecord, receiptOf } from '../read/receipt-of.ts'
import { printJson } from '../terminal/print-json.ts'
import { accessesOf, accountOf, quarantinedOf, recordsOf, savedSearchesOf } from './find-subject.ts'

export function subjectCommand(context: Context) {
  return new Command('subject').description('what is kept of somebody').addCommand(
    clientCommand('export', 'save everything that is kept of somebody, with proofs, in a new folder')
      .argument('<id>', 'their id, as in actor.id')
      .option('--type <type>', 'only where the subject is of this type, such as user')
      .requiredOption('--reason <text>', 'why, of 10 to 500 characters; it is recorded')
      .requiredOption('-o, --out <folder>', 'a folder that is not there yet')
      .action((id, options) => exportSubject({ id, type: options.type }, options, context)),
  )
}

interface ExportOptions extends ClientOptions {
  readonly reason: string
  readonly out: string
}

/** What was written to each file; a text says why there is none. */
type Counts = Record<string, number | string>

async function exportSubject(
  subject: DataSubject,
  { out, reason, ...options }: ExportOptions,
  context: Context,
): Promise<void> {
  const client = clientOf({ ...options, unmask: reason }, context)
  const { ledgers } = await client.json<{ ledgers: readonly LedgerAnswer[] }>('/v1/ledgers')
  const name = options.ledger ?? 'main'
  const ledger = ledgers.find((each) => each.name === name)
  if (ledger === undefined) throw usageFailure(`there is no ledger ${name} for this key`)
  makeFolder(out)

  const proved = (records: AsyncIterable<ProvedRecord>) => proofs(records, client)
  const access = `${name}.access`
  const counts: Counts = {
    'records.ndjson': await save(out, 'records.ndjson', proved(recordsOf(subject, name, client))),
    'accesses.ndjson': await unlessRefused(() =>
      ledgers.some((each) => each.name === access)
        ? save(out, 'accesses.ndjson', proved(accessesOf(subject, access, client)))
        : Promise.resolve(0),
    ),
    'quarantine.ndjson': await unlessRefused(() =>
      save(out, 'quarantine.ndjson', quarantinedOf(subject, name, client)),
    ),
    'saved-searches.ndjson': await unlessRefused(async () =>
      save(out, 'saved-searches.ndjson', Readable.from(await savedSearchesOf(subject, name, client))),
    ),
    'account.json': await unlessRefused(async () => {
      const account = await accountOf(subject, client)
      return save(out, 'account.json', Readable.from(account === undefined ? [] : [account]))
    }),
  }
  writeOwn(out, 'verifier-keys.txt', `${keysOf(ledgers, [name, access]).join('\n')}\n`)
  writeOwn(out, 'README.txt', readme(subject, counts))
  if (options.json) return printJson(context, { folder: out, files: counts })
  context.stdout.write(`${linesOf(counts).join('\n')}\nsaved in ${out}\n`)
}

async function* proofs(records: AsyncIterable<ProvedRecord>, client: ApiClient): AsyncGenerator<object> {
  for await (const record of records) yield await receiptOf(record, client, { content: true })
}

/** One JSON value a line; how many. */
async function save(folder: string, file: string, values: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  async function* lines(): AsyncGenerator<string> {
    for await (const value of values) {
      count++
      yield `${JSON.stringify(value)}\n`
    }
  }
  await pipeline(lines, createWriteStream(join(folder, file), { mode: 0o600, flags: 'wx' }))
  return count
}

/** A part that the key may not see is left out, and that is said. */
async function unlessRefused(part: () => Promise<number>): Promise<number | string> {
  try {
    return await part()
  } catch (error) {
    if (error instanceof Failure && error.exitCode === EXIT.refused) return `not seen: ${error.message}`
    throw error
  }
}

function keysOf(ledgers: readonly LedgerAnswer[], names: readonly string[]): readonly string[] {
  return ledgers.filter(({ name }) => names.includes(name)).flatMap((ledger) => ledger.verifier_keys)
}

function linesOf(counts: Counts): readonly string[] {
  return Object.entries(counts).map(([file, count]) => `${file.padEnd(22)} ${count}`)
}

function readme({ id, type }: DataSubject, counts: Counts): string {
  return `Everything that is kept of ${id}${type === undefined ? '' : ` (${type})`}

${linesOf(counts).join('\n')}

records.ndjson     what they did, what was done in their name, or to them
accesses.ndjson    who looked for them or at them, and what they did here themselves
quarantine.ndjson  records that name them and were not valid
account.json       their account here, with its sessions

Each line of records.ndjson and accesses.ndjson holds the record as it was recorded, and the proof that the ledger holds it. Without a server:

    trailproof verify records.ndjson --vkey verifier-keys.txt

Compare verifier-keys.txt with keys that came over another way.
`
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (cause) {
    throw usageFailure(`cannot make the folder ${folder}: ${(cause as Error).message}`)
  }
}

function writeOwn(folder: string, file: string, text: string): void {
  writeFileSync(join(folder, file), text, { mode: 0o600, flag: 'wx' })
}
