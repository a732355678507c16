/** Counts of records: by time, by value, and which fields and values there are. */
import { Type } from 'typebox'
import { answer, complete, count, indexedSize, ledgerName, sampled, time } from './answer.ts'

const valueCounts = Type.Array(
  answer('A value and how many records have it.', { value: Type.String(), count: count('Of records.') }),
)

export const histogramAnswer = answer('Matching records by time.', {
  ledger: ledgerName,
  indexed_size: indexedSize,
  from: time('Begin.'),
  to: time('End.'),
  step_seconds: Type.Number(),
  before: count('Matching records before `from`, of clocks that were never set.'),
  after: count('Matching records at `to` or later, of clocks that are more than a day ahead.'),
  buckets: Type.Array(
    answer('From the one time on, before the other.', {
      from: time('Begin.'),
      to: time('End.'),
      count: count('Of records.'),
      by: Type.Optional(Type.Record(Type.String(), Type.Integer())),
    }),
  ),
  field: Type.Optional(Type.String()),
  values: Type.Optional(valueCounts),
  other_values: Type.Optional(count('Values of the field that have no line of their own.')),
  complete,
  sampled,
})

export const facetsAnswer = answer('The most frequent values of each field.', {
  ledger: ledgerName,
  indexed_size: indexedSize,
  facets: Type.Array(
    answer('One field.', {
      field: Type.String(),
      values: valueCounts,
      distinct: count('Different values that were seen.'),
      complete,
      sampled,
    }),
  ),
})

export const fieldsAnswer = answer('What queries can ask for.', {
  ledger: ledgerName,
  fields: Type.Array(
    answer('A field that is known by name.', {
      name: Type.String(),
      type: Type.String(),
      group: Type.String(),
      aliases: Type.Array(Type.String()),
    }),
  ),
  found: Type.Array(
    answer('A path in the free objects of the newest records.', {
      name: Type.String(),
      records: count('That have it.'),
    }),
  ),
  sampled: count('Newest records that were looked at.'),
})

export const valuesAnswer = answer('Values of a field, the most frequent first.', {
  ledger: ledgerName,
  field: Type.String(),
  values: valueCounts,
  complete,
  sampled,
})
