/** What became of records that were sent: counted, and told to who must mend them. */
import type { ReceiptAnswer } from '../api/answers.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { painterOf, printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatCount, formatDuration } from '../terminal/progress.ts'

const PROBLEMS_SHOWN = 5

/** What became of the records so far. */
export class Tally {
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

/** Says it, and sees to the exit code. */
export function reportTally(
  tally: Tally,
  tookMs: number,
  {
    json,
    more = {},
  }: { readonly json?: true /** For machines, beside the counts. */; readonly more?: object },
  context: Context,
): void {
  const { counts, total, notRecorded, problems } = tally
  if (notRecorded > 0) context.exitWith(EXIT.notAllRecorded)
  if (json) return printJson(context, { records: total, ...counts, problems, ...more })
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
