/** A record as a row of CSV. */
import { formatCsvRow, type RecordView } from '@trailproof/core'
import { compileField, resolveField, type SearchedRecord } from '@trailproof/core/query'
import { type Seen, seenEntry, seenRecord } from '../access/seen-record.ts'
import { recordedAtOf } from '../ledger/leaf-time.ts'
import type { ReadEntry } from '../ledger/read-entry.ts'

type Cell = (record: RecordView) => unknown

/** The columns that every export has. */
const FIXED: Readonly<Record<string, Cell>> = {
  index: ({ index }) => index,
  recorded_at: (record) => record.recorded_at,
  id: ({ id }) => id,
  timestamp: ({ timestamp }) => timestamp,
  kind: ({ kind }) => kind,
  service: ({ service }) => service,
  environment: ({ environment }) => environment,
  action: ({ action }) => action,
  outcome: ({ outcome }) => outcome,
  severity: ({ severity }) => severity,
  actor_type: (record) => record.actor_type,
  actor_id: ({ actor }) => actor?.id,
  targets: ({ targets }) => targets?.map(({ type, id }) => [type, id].filter((part) => part).join(':')),
  ip: ({ source }) => source?.ip,
  trace_id: (record) => record.trace_id,
  request_id: (record) => record.request_id,
  message: ({ message }) => message,
  erased: ({ erased }) => erased,
}

/** The first row: the fixed columns, then the fields that were asked for. */
export function csvTitles(fields: readonly string[]): string {
  return formatCsvRow([...Object.keys(FIXED), ...further(fields)])
}

export function csvRow(ledger: string, entry: ReadEntry, fields: readonly string[], seen: Seen): string {
  const record = seenRecord(ledger, entry, seen)
  const cells = Object.values(FIXED).map((cell) => cell(record))
  return formatCsvRow(
    fields.length === 0 ? cells : [...cells, ...fieldCells(seenEntry(entry, seen), further(fields))],
  )
}

/** Those that have no column yet. */
function further(fields: readonly string[]): readonly string[] {
  return fields.filter((name) => !(name in FIXED))
}

function fieldCells({ leaf, core, personal }: ReadEntry, fields: readonly string[]): unknown[] {
  const record: SearchedRecord = {
    core: JSON.parse(core?.text ?? '{}') as Record<string, unknown>,
    personal: personal && (JSON.parse(personal.text) as Record<string, unknown>),
    recordedAt: recordedAtOf(leaf),
  }
  return fields.map((field) => {
    const values: unknown[] = []
    compileField(resolveField(field)!)(record, (value) => {
      values.push(value)
      return false // not the one looked for: all of them are
    })
    return values
  })
}
