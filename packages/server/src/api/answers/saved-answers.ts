/** Saved searches as they are answered. */
import { Type } from 'typebox'
import { answer, ledgerName, time } from './answer.ts'

export const savedAnswer = answer('A query with a name; queries say `$name`.', {
  name: Type.String(),
  query: Type.String(),
  description: Type.String(),
  shared: Type.Boolean({ description: 'Every reader of the ledger sees it.' }),
  pinned: Type.Boolean(),
  own: Type.Boolean({
    description: 'This key saved it. It may change it, and so may admin keys if it is shared.',
  }),
  changed_at: time('Last change.'),
})

export const savedListAnswer = answer('Pinned ones first, by name.', {
  ledger: ledgerName,
  searches: Type.Array(savedAnswer),
})
