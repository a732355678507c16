/** Draws the figures of `trailproof stats`: totals, a line of the last minutes, and who and what is in front. */
import type { FacetsAnswer, HistogramAnswer, LedgerAnswer } from '../api/answers.ts'
import { type Paint, printable } from '../terminal/paint.ts'
import { formatCount, formatEntries } from '../terminal/progress.ts'
import { paintOutcome } from './record-line.ts'

export interface Stats {
  readonly ledger: LedgerAnswer
  readonly last: string
  readonly histogram: HistogramAnswer
  readonly facets: FacetsAnswer['facets']
}

const SPARKS = '▁▂▃▄▅▆▇█'
const WIDTH_WITHOUT_TERMINAL = 100
const PANEL_GAP = 3

export function statsScreen(stats: Stats, paint: Paint, columns = WIDTH_WITHOUT_TERMINAL): string {
  if (stats.histogram.buckets.every(({ count }) => count === 0))
    return `${headLine(stats, paint)}\n\nno records in the last ${stats.last}\n`
  return [
    headLine(stats, paint),
    '',
    ...rateLines(stats, paint, columns),
    '',
    ...panels(stats, paint, columns),
    '',
  ].join('\n')
}

function headLine({ ledger }: Stats, paint: Paint): string {
  const behind = ledger.size - ledger.indexed_size
  const index = behind === 0 ? 'all searchable' : paint('yellow', `${formatCount(behind)} not searchable yet`)
  const state = ledger.state.kind === 'open' ? '' : `  ${paint('red', ledger.state.kind)}`
  return `${paint('bold', `ledger ${ledger.name}`)}  ${formatEntries(ledger.size)}, ${index}${state}`
}

function rateLines({ histogram, last, facets }: Stats, paint: Paint, columns: number): string[] {
  const { buckets, step_seconds: step, complete } = histogram
  const counts = buckets.map(({ count }) => count)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const seconds = (Date.parse(histogram.to) - Date.parse(histogram.from)) / 1000
  const most = Math.max(...counts, 1)
  const shown = counts.slice(-Math.max(10, columns - 2))
  const line = shown.map((count) => (count === 0 ? ' ' : SPARKS[Math.ceil((count / most) * 8) - 1]!)).join('')
  const outcomes = (facets.find(({ field }) => field === 'outcome')?.values ?? []).map(({ value, count }) =>
    paintOutcome(value, `${printable(value)} ${percent(count, total)}`, paint),
  )
  const parts = [
    `${formatCount(total)}${complete ? '' : '+'} records in the last ${last}`,
    `${rate(total / seconds)}/s`,
    ...outcomes,
  ]
  return [
    parts.join('  '),
    '',
    paint('cyan', line),
    paint('dim', `one column: ${step} s; highest: ${formatCount(most)}`),
  ]
}

/** Lists beside each other, as many as the width takes. */
function panels({ facets }: Stats, paint: Paint, columns: number): string[] {
  const lists = facets.filter(({ field }) => field !== 'outcome')
  const width = Math.max(24, Math.floor((columns - PANEL_GAP * (lists.length - 1)) / lists.length))
  const perRow = Math.max(1, Math.floor((columns + PANEL_GAP) / (width + PANEL_GAP)))
  const lines: string[] = []
  for (let at = 0; at < lists.length; at += perRow) {
    const beside = lists.slice(at, at + perRow).map((list) => panel(list, width))
    const height = Math.max(...beside.map(({ length }) => length))
    if (at > 0) lines.push('')
    for (let row = 0; row < height; row++) {
      const text = beside
        .map((panelLines) => (panelLines[row] ?? '').padEnd(width))
        .join(' '.repeat(PANEL_GAP))
      lines.push(row === 0 ? paint('dim', text.trimEnd()) : text.trimEnd())
    }
  }
  return lines
}

function panel({ field, values, distinct }: Stats['facets'][number], width: number): string[] {
  const title = `${field}${distinct > values.length ? ` (${formatCount(distinct)})` : ''}`
  return [
    title,
    ...values.map(({ value, count }) => {
      const figure = ` ${formatCount(count)}`
      const name = Array.from(printable(value))
      const room = width - figure.length
      const fitted = name.length <= room ? name.join('') : `${name.slice(0, room - 1).join('')}…`
      return fitted + ' '.repeat(Math.max(0, room - Array.from(fitted).length)) + figure
    }),
  ]
}

function percent(count: number, total: number): string {
  return total === 0 ? '0 %' : `${((count / total) * 100).toFixed(1)} %`
}

function rate(perSecond: number): string {
  return perSecond >= 100 ? formatCount(Math.round(perSecond)) : perSecond.toFixed(1)
}
