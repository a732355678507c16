/** The pipe `fields`, applied to records. */
import type { RecordView } from '@trailproof/core'
import { fieldValues, type Pipe, resolveField } from '@trailproof/core/query'

type Shown = RecordView | Readonly<Record<string, unknown>>

/** The fields that were asked for; all of them without such a pipe. */
export function shapeRecords(records: readonly RecordView[], pipes: readonly Pipe[]): readonly Shown[] {
  const pipe = pipes.findLast(({ kind }) => kind === 'fields')
  return pipe?.kind === 'fields' ? records.map((record) => onlyFields(record, pipe.fields)) : records
}

/** The place of the entry stays: without it nobody could ask for its proof. */
function onlyFields(record: RecordView, fields: readonly string[]): Readonly<Record<string, unknown>> {
  // A record as shown has both groups in one object.
  const searched = { core: { ...record }, personal: { ...record }, recordedAt: 0 }
  const picked = fields.map((field) => {
    const values = fieldValues(searched, resolveField(field)!)
    return [field, values.length > 1 ? values : (values[0] ?? null)] as const
  })
  return { id: record.id, index: record.index, ...Object.fromEntries(picked) }
}
