/** What is to be verified: a data directory, a server, or a file of receipts. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { EXPORT_FORMAT } from '@trailproof/core'
import type { EncryptionOptions } from '@trailproof/server/ports'
import { clientOf } from '../api/api-client.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { printJson } from '../terminal/print-json.ts'
import { startProgress } from '../terminal/progress.ts'
import { openDirectory } from './directory-evidence.ts'
import { exportIn, readFileOf } from './export-in-file.ts'
import { openServer } from './http-evidence.ts'
import { judgeExport } from './judge-export.ts'
import { type Judged, judgeLedger } from './judge-ledger.ts'
import { judgeReceipts } from './judge-receipts.ts'
import { type EvidencePlace, pinnedKeys } from './ledger-evidence.ts'
import { exitCodeOf, judgedJson, printJudged, worstOf } from './print-judged.ts'
import { RememberedFile } from './remembered-file.ts'

export interface VerifyOptions {
  readonly vkey?: readonly string[]
  readonly keys?: string
  readonly masterKey?: string
  readonly token?: string
  readonly ledger?: string
  readonly against?: string
  readonly remember?: string
  readonly from?: number
  readonly json?: true
}

export async function verifyTarget(target: string, options: VerifyOptions, context: Context): Promise<void> {
  if (isFile(target)) {
    if (options.remember !== undefined || options.from !== undefined)
      throw usageFailure('--remember and --from are for ledgers, not for files')
    if (beginsAsExport(target)) return verifyExportFile(target, options, context)
    await using against =
      options.against === undefined ? undefined : await openPlace(options.against, options, context)
    const pinned = pinnedKeys(options.vkey ?? [])
    await judgeReceipts(target, { pinned, against, json: options.json === true }, context)
    return
  }
  if (options.against !== undefined)
    throw usageFailure('--against is for receipts and exports; what is given is itself a ledger')
  await using place = await openPlace(target, options, context)
  await judgeLedgers(target, place, options, context)
}

export async function verifyExportFile(
  target: string,
  options: VerifyOptions,
  context: Context,
): Promise<void> {
  const { against, json } = options
  if (target !== '-' && !isFile(target)) throw usageFailure(`there is no file ${target}`)
  await using place = against === undefined ? undefined : await openPlace(against, options, context)
  const pinned = pinnedKeys(options.vkey ?? [])
  const kept = await exportIn(readFileOf(target, context.stdin))
  await judgeExport(kept, { target, pinned, against: place, json: json === true }, context)
}

async function judgeLedgers(
  target: string,
  place: EvidencePlace,
  { from, remember, json }: VerifyOptions,
  context: Context,
): Promise<void> {
  const remembered = remember === undefined ? undefined : new RememberedFile(remember)
  const all: Judged[] = []
  for (const name of place.names) {
    using progress = startProgress(context, 'verifying', 'entries')
    const judged = await judgeLedger(place, name, { from, remembered, progress, now: context.now })
    progress[Symbol.dispose]()
    all.push(judged)
    if (!json) printJudged(judged, context)
  }
  const verdict = worstOf(all.map((judged) => judged.verdict))
  context.exitWith(exitCodeOf(verdict))
  if (json) printJson(context, { target, verdict, ledgers: all.map(judgedJson) })
}

/** A server by its URL, with or without `/ledgers/<name>`, or a data directory. */
async function openPlace(target: string, options: VerifyOptions, context: Context): Promise<EvidencePlace> {
  const { vkey = [], keys, masterKey, token, ledger } = options
  const pinned = pinnedKeys(vkey)
  if (!/^https?:\/\//i.test(target)) {
    if (!isDirectory(target))
      throw usageFailure(
        `there is no ${target}`,
        'give a data directory, the URL of a server, or a file of receipts',
      )
    const encryption = masterKey === undefined ? undefined : await encryptionOf(masterKey, context)
    return openDirectory(target, { keys, pinned, ledger, encryption })
  }
  const [, url = target, named] = /^(.*?)\/ledgers\/([^/?#]+)\/?$/.exec(target) ?? []
  const client = clientOf({ url, ...(token === undefined ? {} : { token }) }, context)
  return openServer(client, { pinned, ledger: named === undefined ? ledger : decodeURIComponent(named) })
}

/** The server is loaded only by those who need its settings: for Vault there are more of them. */
async function encryptionOf(masterKey: string, context: Context): Promise<EncryptionOptions> {
  const { readEncryption } = await import('../admin/read-encryption.ts')
  return readEncryption({ masterKey }, context)
}

const EXPORT_BEGIN = `{"format":"${EXPORT_FORMAT}"`

function beginsAsExport(path: string): boolean {
  const bytes = Buffer.alloc(EXPORT_BEGIN.length)
  const file = openSync(path, 'r')
  try {
    readSync(file, bytes, 0, bytes.length, 0)
  } finally {
    closeSync(file)
  }
  return bytes.toString() === EXPORT_BEGIN
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
