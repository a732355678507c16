/** The verdict about an export, by itself. */

import type { VerifierKey } from '@trailproof/core'
import { formatVerifierKey } from '@trailproof/core'
import { sha256, verifyEd25519 } from '@trailproof/server/ports'
import { type ExportReport, verifyExport } from '@trailproof/verify'
import type { Context } from '../context.ts'
import { painterOf, printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatCount, formatEntries, startProgress } from '../terminal/progress.ts'
import type { KeptExport } from './export-in-file.ts'
import { type EvidencePlace, type KeysFrom, keysOfLedger, type LedgerEvidence } from './ledger-evidence.ts'
import { exitCodeOf, paintVerdict } from './print-judged.ts'

const ITEMS_SHOWN = 10

export interface JudgeExportOptions {
  readonly target: string
  readonly pinned: readonly VerifierKey[]
  /** Where the ledger is served now, and the keys come from when none is pinned. */
  readonly against: EvidencePlace | undefined
  readonly json: boolean
}

type Keys = Pick<LedgerEvidence, 'verifierKeys' | 'keysFrom'> & Partial<Pick<LedgerEvidence, 'source'>>

export async function judgeExport(
  { header, pieces }: KeptExport,
  options: JudgeExportOptions,
  context: Context,
): Promise<void> {
  const keys = await keysFor(header?.ledger, options)
  using progress = startProgress(context, 'verifying', 'entries')
  const report = await verifyExport(pieces, {
    verifierKeys: keys.verifierKeys,
    ...(keys.source && { source: keys.source }),
    sha256,
    verifyEd25519,
    onProgress: ({ checked, range }) => progress.update(checked, range.to - range.from),
  })
  progress[Symbol.dispose]()
  context.exitWith(exitCodeOf(report.verdict))
  if (options.json) printJson(context, jsonOf(report, options.target, keys))
  else print(report, keys, context)
}

async function keysFor(ledger: string | undefined, { pinned, against }: JudgeExportOptions): Promise<Keys> {
  if (ledger === undefined) return { verifierKeys: [], keysFrom: 'nobody' }
  if (against?.names.includes(ledger)) return against.open(ledger)
  const verifierKeys = keysOfLedger(pinned, ledger)
  return { verifierKeys, keysFrom: pinned.length > 0 ? 'pinned' : 'nobody' }
}

function jsonOf(report: ExportReport, target: string, { verifierKeys, keysFrom }: Keys): unknown {
  return { target, ...report, keys_from: keysFrom, verifier_keys: verifierKeys.map(formatVerifierKey) }
}

function print(report: ExportReport, { verifierKeys, keysFrom }: Keys, { stdout }: Context): void {
  const paint = painterOf(stdout)
  const { verdict, ledger, range, size, firstBad, badCount, query, shown, withheld } = report
  const row = (name: string, value: string): string => `  ${paint('dim', name.padEnd(16))} ${value}`
  const lines = [`${paintVerdict(verdict, paint)}  export${ledger && ` of ledger ${printable(ledger)}`}`]
  if (firstBad !== undefined) {
    const more = badCount > 1 ? `, the first of ${formatCount(badCount)} findings` : ''
    lines.push(
      `  first bad line   ${paint('bold', String(firstBad.line))} (${firstBad.step}, entry ${firstBad.index}${more})`,
    )
    lines.push(`                   ${printable(firstBad.detail)}`)
  }
  for (const { what, from, to, detail } of report.unproven.slice(0, ITEMS_SHOWN))
    lines.push(row('not proven', `${what}${entriesText(from, to)}: ${printable(detail)}`))
  for (const { from, to, erasedBy, authority, reason } of report.erasedRanges.slice(0, ITEMS_SHOWN))
    lines.push(
      row(
        'erased',
        `${entriesText(from, to).trim()} by entry ${erasedBy}: ${printable(`${authority}; ${reason}`)}`,
      ),
    )
  const hidden =
    Math.max(0, report.unproven.length - ITEMS_SHOWN) + Math.max(0, report.erasedRanges.length - ITEMS_SHOWN)
  if (hidden > 0) lines.push(`  and ${formatCount(hidden)} more; --json lists all`)
  if (report.origin !== '') {
    const counts = `${formatCount(shown)} shown, ${formatCount(withheld)} not`
    lines.push(row('range', `${rangeText(range)} of ${formatEntries(size)}: ${counts}`))
    if (query !== '')
      lines.push(row('shown', `what matches ${printable(query)} at ${report.at}, by the server’s word`))
    lines.push(row('origin', printable(report.origin)), row('root', report.root))
  }
  lines.push(...keyLines(keysFrom, verifierKeys.map(formatVerifierKey), report, row))
  stdout.write(`${lines.join('\n')}\n`)
}

function rangeText({ from, to }: ExportReport['range']): string {
  return from === to ? 'no entries' : entriesText(from, to).trim()
}

function entriesText(from: number | undefined, to: number | undefined): string {
  if (from === undefined || to === undefined) return ''
  return to - from === 1 ? ` entry ${from}` : ` entries ${from} to ${to - 1}`
}

function keyLines(
  keysFrom: KeysFrom,
  [key]: readonly string[],
  { verdict }: ExportReport,
  row: (name: string, value: string) => string,
): string[] {
  switch (keysFrom) {
    case 'pinned':
      return [row('verifier key', 'pinned with --vkey')]
    case 'key-file':
      return [row('verifier key', 'from the private key under --keys')]
    case 'server':
      return [
        row('verifier key', 'not pinned: the server named it itself. To pin it:'),
        `                   --vkey ${key!}`,
      ]
    case 'nobody':
      return verdict === 'broken'
        ? []
        : [row('verifier key', 'none: give --vkey, or --against a server or data directory')]
  }
}
