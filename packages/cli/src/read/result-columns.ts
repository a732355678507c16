/** The columns in which found records and counts are shown. */
import type { RecordView } from '@trailproof/core'
import type { Column } from '../terminal/table.ts'
import { actorOf, paintOutcome, targetsOf, timeOf } from './record-line.ts'

const INDEX: Column<RecordView> = {
  title: 'index',
  value: ({ index }) => index,
  align: 'right',
  paint: (text, _, paint) => paint('dim', text),
}

export const RECORD_COLUMNS: readonly Column<RecordView>[] = [
  INDEX,
  { title: 'time', value: timeOf, paint: (text, _, paint) => paint('dim', text) },
  {
    title: 'outcome',
    value: ({ outcome }) => outcome,
    paint: (text, { outcome }, paint) => paintOutcome(outcome, text, paint),
  },
  {
    title: 'action',
    value: ({ action }) => action,
    widthMax: 40,
    paint: (text, _, paint) => paint('bold', text),
  },
  { title: 'actor', value: actorOf, widthMax: 30, paint: (text, _, paint) => paint('cyan', text) },
  { title: 'target', value: targetsOf, widthMax: 30 },
  { title: 'service', value: ({ service }) => service, widthMax: 24 },
  { title: 'id', value: ({ id }) => id, paint: (text, _, paint) => paint('dim', text) },
]

/** Of what a pipe `fields` leaves: the fields that were asked for, behind the index. */
export function fieldColumns(fields: readonly string[]): readonly Column<RecordView>[] {
  const asked = fields.filter((name) => name !== 'index')
  return [
    INDEX,
    ...asked.map((name) => ({
      title: name,
      value: (record: RecordView) => textOf((record as Readonly<Record<string, unknown>>)[name]),
      widthMax: 60,
    })),
  ]
}

const BAR_WIDTH = 24

type Row = readonly (string | number)[]

/** Of a table of counts: its columns, and a bar beside the counts. */
export function countColumns(titles: readonly string[], rows: readonly Row[]): readonly Column<Row>[] {
  const at = titles.length - 1
  const most = rows.reduce((max, row) => Math.max(max, Number(row[at])), 0)
  return titles.map((title, column) =>
    column < at
      ? { title, value: (row) => row[column], widthMax: 60 }
      : {
          title,
          value: (row) => row[column],
          align: 'right',
          bar: (row) => (most === 0 ? 0 : (Number(row[column]) / most) * BAR_WIDTH),
        },
  )
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(textOf).join('; ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
