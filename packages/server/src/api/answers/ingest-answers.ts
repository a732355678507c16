/** What is answered to records: one receipt each. */
import { Type } from 'typebox'
import { answer, checkpoint, count, hashes, ledgerName, orNull, time } from './answer.ts'

const problems = Type.Array(
  Type.Object(
    { field: Type.String(), code: Type.String(), message: Type.String() },
    { description: 'JSON Pointer, kind, and what is wrong; limits and values where they help.' },
  ),
)

const badReceipts = [
  answer('Not valid, and kept aside for a person.', {
    ledger: ledgerName,
    status: Type.Literal('quarantined'),
    quarantine_id: Type.String(),
    problems,
  }),
  answer('Not valid, and not kept: the quarantine is full.', {
    ledger: ledgerName,
    status: Type.Literal('refused'),
    problems,
  }),
]

const receipt = Type.Union([
  answer('In the ledger.', {
    id: Type.String(),
    ledger: ledgerName,
    index: count('Its place in the ledger.'),
    leaf_hash: Type.String({ description: 'SHA-256, base64.' }),
    recorded_at: time('When it was recorded; the time that its leaf holds.'),
    status: Type.Union([Type.Literal('recorded'), Type.Literal('duplicate'), Type.Literal('conflict')]),
    id_from: Type.Optional(Type.String({ description: 'Where the id came from, when it was not sent.' })),
    leaf: Type.Optional(Type.String({ description: '89 bytes, base64; with `receipt=proof`.' })),
    proof: Type.Optional(hashes),
  }),
  ...badReceipts,
])

const queuedReceipt = Type.Union([
  answer('Held by the broker; no sequencer has seen it.', {
    id: Type.String(),
    ledger: ledgerName,
    status: Type.Literal('queued'),
  }),
  ...badReceipts,
])

export const queuedAnswer = answer(
  'With `Prefer: respond-async` and a broker: queued, which is not recorded. Ask for the ids later.',
  {
    ledger: ledgerName,
    queued: count('Records that the broker holds.'),
    receipts: Type.Array(queuedReceipt),
  },
)

export const ingestAnswer = answer('A receipt for each record, in the order in which they were sent.', {
  ledger: ledgerName,
  recorded: count('New records.'),
  duplicates: count('Recorded before with the same content.'),
  conflicts: count('Recorded before with other content; the attempts are recorded.'),
  quarantined: count('Not valid, kept aside.'),
  refused: count('Not valid, not kept.'),
  indexed: Type.Optional(Type.Boolean({ description: 'With `wait=index`: they can be searched.' })),
  checkpoint,
  receipts: Type.Array(receipt),
})

export const logAnswer = answer('As the old endpoint answered.', {
  message: Type.Literal('Log recorded'),
  id: Type.String(),
})

export const quarantinedAnswer = answer('A record that was not valid.', {
  id: Type.String(),
  ledger: ledgerName,
  received_at: time('When it came.'),
  key: Type.String({ description: 'Prefix of the API key that sent it.' }),
  problems,
  source: orNull(Type.String({ description: 'Its text as it came; null where it is masked.' })),
  masked: Type.Optional(Type.Array(Type.String(), { description: 'What the caller does not see.' })),
})

export const quarantineAnswer = answer('Oldest first.', {
  ledger: ledgerName,
  total: count('In the quarantine of this ledger, on all pages.'),
  records: Type.Array(quarantinedAnswer),
})
