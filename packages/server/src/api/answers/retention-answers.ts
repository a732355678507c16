/** Retention as it is answered. */
import { Type } from 'typebox'
import { answer, count, ledgerName, orNull, time } from './answer.ts'

const rule = answer('A rule.', {
  name: Type.String(),
  keep_days: orNull(Type.Integer({ description: 'Since recorded_at; null: for ever.' })),
  query: orNull(Type.String({ description: 'What it is about; null: every record.' })),
})

export const retentionAnswer = answer('How long the records of a ledger are kept.', {
  ledger: ledgerName,
  rules: Type.Array(rule, { description: 'The first that matches counts; where none does, for ever.' }),
  changed_by: orNull(answer('Who said so.', { id: Type.String(), name: Type.String() })),
  changed_at: orNull(time('When; null: there were never any rules.')),
})

export const retentionPreviewAnswer = answer('What would be destroyed now.', {
  ledger: ledgerName,
  rules: Type.Array(
    answer('By one rule.', {
      name: Type.String(),
      records: count('Records that are due.'),
      bytes: count('Of their content, as it was recorded.'),
      held: count('Records that are due and stay, as legal holds keep them.'),
    }),
  ),
  complete: Type.Boolean({ description: 'False: time ran out, and there is more.' }),
})
