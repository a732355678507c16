/** Legal holds as they are answered. */
import { Type } from 'typebox'
import { answer, count, ledgerName, orNull, time } from './answer.ts'

const hold = {
  ledger: ledgerName,
  name: Type.String(),
  held: orNull(
    Type.Object(
      {},
      { additionalProperties: true, description: 'query, subject or range; null where it is masked.' },
    ),
  ),
  authority: Type.String(),
  reason: Type.String(),
  held_by: answer('Who placed it.', { id: Type.String(), name: Type.String() }),
  held_at: time('Since when.'),
  entry: orNull(count('The entry of the ledger that says so; null: not recorded yet.')),
}

export const holdAnswer = answer('A legal hold.', hold)
export const holdsAnswer = answer('Legal holds of a ledger.', {
  ledger: ledgerName,
  holds: Type.Array(holdAnswer),
})
export const releasedAnswer = answer('It holds no more.', { ledger: ledgerName, hold: Type.String() })
