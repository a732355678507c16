/** A verdict about a ledger, for people and for machines. */
import { formatVerifierKey } from '@trailproof/core'
import type { ErasedRange, Verdict } from '@trailproof/verify'
import type { Context } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { type Paint, painterOf, printable } from '../terminal/paint.ts'
import { formatCount, formatDuration, formatEntries } from '../terminal/progress.ts'
import type { Judged } from './judge-ledger.ts'

const STYLES: Readonly<Record<Verdict, Parameters<Paint>[0]>> = {
  intact: ['bold', 'green'],
  erased: ['bold', 'cyan'],
  unproven: ['bold', 'yellow'],
  broken: ['bold', 'red'],
}
const EXIT_CODES: Readonly<Record<Verdict, ExitCode>> = {
  intact: EXIT.ok,
  erased: EXIT.ok,
  unproven: EXIT.unproven,
  broken: EXIT.broken,
}
const WORST_FIRST: readonly Verdict[] = ['broken', 'unproven', 'erased', 'intact']
const ITEMS_SHOWN = 10

export function exitCodeOf(verdict: Verdict): ExitCode {
  return EXIT_CODES[verdict]
}

export function worstOf(verdicts: readonly Verdict[]): Verdict {
  return WORST_FIRST.find((verdict) => verdicts.includes(verdict)) ?? 'unproven'
}

export function paintVerdict(verdict: Verdict, paint: Paint): string {
  return paint(STYLES[verdict], verdict)
}

export function printJudged(judged: Judged, { stdout }: Context): void {
  const paint = painterOf(stdout)
  const { ledger, verdict, size, origin, root, firstBad, badCount, checked, tookMs } = judged
  const lines = [`${paintVerdict(verdict, paint)}  ledger ${ledger}, ${formatEntries(size)}`]
  if (firstBad !== undefined) {
    const more = badCount > 1 ? `, the first of ${formatCount(badCount)} findings` : ''
    lines.push(`  first bad entry  ${paint('bold', String(firstBad.index))} (${firstBad.step}${more})`)
    lines.push(`                   ${printable(firstBad.detail)}`)
  }
  for (const { what, from, to, detail } of judged.unproven.slice(0, ITEMS_SHOWN))
    lines.push(`  not proven       ${what}${rangeOf(from, to)}: ${printable(detail)}`)
  for (const erased of judged.erased.slice(0, ITEMS_SHOWN)) lines.push(erasedLine(erased))
  const hidden =
    Math.max(0, judged.unproven.length - ITEMS_SHOWN) + Math.max(0, judged.erased.length - ITEMS_SHOWN)
  if (hidden > 0) lines.push(`  and ${formatCount(hidden)} more; --json lists all`)
  if (origin !== '') lines.push(row('origin', origin, paint), row('root', root, paint))
  if (checked.to > checked.from) lines.push(row('checked', checkedText(checked, tookMs), paint))
  if (judged.unsigned > 0) lines.push(unsignedLine(judged, paint))
  lines.push(...keyLines(judged, paint))
  stdout.write(`${lines.join('\n')}\n`)
}

function erasedLine(erased: ErasedRange): string {
  const { from, to, erasedBy, ledger, authority, reason, isWhole, rule } = erased
  const what = isWhole ? 'destroyed' : 'erased'
  const where = ledger === undefined ? '' : ` of ledger ${printable(ledger)}`
  const by = rule === undefined ? '' : `, rule ${printable(rule)}`
  const why = printable(`${authority}; ${reason}`)
  return `  ${what.padEnd(16)}${rangeOf(from, to)} by entry ${erasedBy}${where}${by}: ${why}`
}

function unsignedLine({ unsigned, evidence }: Judged, paint: Paint): string {
  const newest = `the newest ${formatEntries(unsigned)}`
  return evidence.hasLock
    ? row('not signed yet', `${newest}; the next start of the server signs them`, paint)
    : row('not judged', `${newest}: their signature is in the lock; name its directory with --keys`, paint)
}

function row(name: string, value: string, paint: Paint): string {
  return `  ${paint('dim', name.padEnd(16))} ${value}`
}

function rangeOf(from: number | undefined, to: number | undefined): string {
  if (from === undefined || to === undefined) return ''
  return to - from === 1 ? ` entry ${from}` : ` entries ${from} to ${to - 1}`
}

function checkedText({ from, to }: { from: number; to: number }, tookMs: number): string {
  const rate = formatCount(Math.round((to - from) / Math.max(0.001, tookMs / 1000)))
  return `entries ${from} to ${to - 1} in ${formatDuration(tookMs)} (${rate}/s)`
}

function keyLines({ keysFrom, evidence, verdict }: Judged, paint: Paint): string[] {
  switch (keysFrom) {
    case 'pinned':
      return [row('verifier key', 'pinned with --vkey', paint)]
    case 'key-file':
      return [row('verifier key', 'from the private key under --keys', paint)]
    case 'server': {
      const [key] = evidence.verifierKeys
      return [
        row(
          'verifier key',
          `${paint('yellow', 'not pinned')}: the server that is judged named it itself. To pin it:`,
          paint,
        ),
        `                   --vkey ${formatVerifierKey(key!)}`,
      ]
    }
    case 'nobody':
      return verdict === 'broken'
        ? []
        : [row('verifier key', 'none: name --keys (the private key’s directory) or --vkey', paint)]
  }
}

export function judgedJson({ ledger, keysFrom, evidence, unsigned, tookMs, ...report }: Judged): unknown {
  return {
    ledger,
    ...report,
    unsigned,
    keys_from: keysFrom,
    verifier_keys: evidence.verifierKeys.map(formatVerifierKey),
    ms: Math.round(tookMs),
  }
}
