/** Tables for people: columns as wide as they need, the last ones cut to the width of the terminal. */
import type { Context } from '../context.ts'
import { type Paint, painterOf, printable } from './paint.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string | number | null | undefined
  readonly align?: 'right'
  readonly paint?: (text: string, row: Row, paint: Paint) => string
  /** Longest text shown; what is beyond is cut with an ellipsis. */
  readonly widthMax?: number
  /** Beside the last column where a person reads: a bar of so many characters. */
  readonly bar?: (row: Row) => number
}

const GAP = '  '
const WIDTH_WITHOUT_TERMINAL = Number.POSITIVE_INFINITY

export function printTable<Row>(
  { stdout }: Context,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): void {
  const paint = painterOf(stdout)
  const cells = rows.map((row) => columns.map((column) => cellText(column, row)))
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...cells.map((line) => widthOf(line[at]!))),
  )
  shrink(widths, stdout.isTTY ? stdout.columns : WIDTH_WITHOUT_TERMINAL)
  const header = columns.map((column, at) => pad(column.title, widths[at]!, column.align)).join(GAP)
  let text = `${paint('dim', header.trimEnd())}\n`
  for (const [at, line] of cells.entries()) {
    const shown = columns.map((column, of) => {
      const fitted = pad(cut(line[of]!, widths[of]!), widths[of]!, column.align)
      return column.paint ? column.paint(fitted, rows[at]!, paint) : fitted
    })
    const bar = stdout.isTTY ? columns.at(-1)?.bar?.(rows[at]!) : undefined
    if (bar !== undefined) shown.push(paint('cyan', barOf(bar)))
    text += `${shown.join(GAP).trimEnd()}\n`
  }
  stdout.write(text)
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** To an eighth of a character; what is not nothing shows. */
function barOf(width: number): string {
  const eighths = Math.max(width > 0 ? 1 : 0, Math.round(width * 8))
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!
}

function cellText<Row>({ value, widthMax }: Column<Row>, row: Row): string {
  const text = printable(String(value(row) ?? ''))
  return widthMax === undefined ? text : cut(text, widthMax)
}

/** Takes from the widest column until the line fits. */
function shrink(widths: number[], total: number): void {
  const LEAST = 6
  for (;;) {
    const over = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1) - total
    const widest = Math.max(...widths)
    if (over <= 0 || widest <= LEAST) return
    const at = widths.lastIndexOf(widest)
    widths[at] = Math.max(LEAST, widest - over)
  }
}

function cut(text: string, width: number): string {
  return widthOf(text) <= width
    ? text
    : `${Array.from(text)
        .slice(0, width - 1)
        .join('')}…`
}

function pad(text: string, width: number, align: 'right' | undefined): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'right' ? space + text : text + space
}

/** Code points: close enough to columns for ids, names and times. */
function widthOf(text: string): number {
  return Array.from(text).length
}
