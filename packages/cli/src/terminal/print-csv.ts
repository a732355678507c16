/** The rows of a table as CSV. */
import { formatCsvRow } from '@trailproof/core'
import type { Context } from '../context.ts'
import type { Column } from './table.ts'

export function printCsv<Row>(
  { stdout }: Context,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { titles }: { titles: boolean },
): void {
  const head = titles ? formatCsvRow(columns.map(({ title }) => title)) : ''
  stdout.write(head + rows.map((row) => formatCsvRow(columns.map(({ value }) => value(row)))).join(''))
}
