/** Approvals as they are answered. */
import { Type } from 'typebox'
import { APPROVAL_STATES } from '../../approvals/approval-state.ts'
import { answer, ledgerName, orNull, time } from './answer.ts'

const person = (description: string) =>
  answer(description, {
    id: Type.String({ description: 'As records of accesses name them; of a key its prefix.' }),
    name: Type.String(),
  })

const facts = {
  id: Type.String({ description: 'UUIDv7.' }),
  ledger: ledgerName,
  act: Type.String({ description: 'What is asked for, such as erasure or subject-erasure.' }),
  state: Type.Union(
    APPROVAL_STATES.map((state) => Type.Literal(state)),
    { description: 'asked and approved are open; approved is done as soon as it can be.' },
  ),
  digest: Type.String({
    description: 'SHA-256 of what is asked for, hex: who approves says what they looked at.',
  }),
  asked_by: person('Who asks.'),
  asked_at: time('When it was asked for.'),
  expires_at: time('Until when it can be approved.'),
  decision: orNull(
    answer('Who approved, rejected or withdrew it.', {
      by: person('Who decided.'),
      at: time('When.'),
      reason: Type.String(),
    }),
  ),
  outcome: orNull(
    Type.Object({}, { additionalProperties: true, description: 'What came of it, or `error`.' }),
  ),
}

export const approvalFacts = answer('Something grave that somebody asks for.', facts)
export const approvalAnswer = answer('As in the list, and what exactly is asked for.', {
  ...facts,
  request: orNull(
    Type.Object(
      {},
      {
        additionalProperties: true,
        description: 'What exactly; null once nothing becomes of it any more, for it is destroyed then.',
      },
    ),
  ),
})
export const approvalsAnswer = answer('Those that the key may decide, and its own.', {
  approvals: Type.Array(approvalFacts),
})
export const askedAnswer = answer('Asked: somebody else approves it.', { approval: approvalFacts })
