/** Keys, ledgers, erasures and health as they are answered. */
import { Type } from 'typebox'
import { SCOPES } from '../../directory/directory.ts'
import { answer, bodyOf, checkpoint, count, ledgerName, orNull, time } from './answer.ts'

const key = {
  prefix: Type.String({ description: 'What names the key; it opens nothing.' }),
  name: Type.String(),
  ledger: orNull(Type.String({ description: 'The one ledger that it opens; null: all.' })),
  scopes: Type.Array(Type.Union(SCOPES.map((scope) => Type.Literal(scope)))),
  roles: Type.Array(Type.String(), { description: 'What it may, by name (GET /v1/roles).' }),
  teams: Type.Array(Type.String(), { description: 'What conditions of roles call `caller.teams`.' }),
  created_at: orNull(time('Begin.')),
  created_by: orNull(Type.String({ description: 'Id of the caller who made it; null: not known.' })),
  rotated_by: orNull(
    Type.String({
      description: 'Id of the caller who was given its token for an old one; null: it is the first.',
    }),
  ),
  expires_at: orNull(time('End; null: never.')),
  revoked_at: orNull(time('When it was revoked.')),
  last_used_at: orNull(time('The day of the last use, a minute later; null: not since that is known.')),
}

export const keysAnswer = answer('Without their secrets.', {
  keys: Type.Array(answer('An API key.', key)),
})
export const newKeyAnswer = answer('The new key.', {
  ...key,
  token: Type.String({ description: 'The secret; shown in this answer and nowhere else.' }),
})

export const ledgerAnswer = answer('A ledger.', {
  name: ledgerName,
  origin: Type.String({ description: 'First line of its checkpoints.' }),
  state: Type.Union([
    answer('Takes records.', { kind: Type.Literal('open') }),
    answer('Was succeeded; stays readable.', { kind: Type.Literal('closed'), successor: Type.String() }),
    answer('Was deleted: all but its own records is erased, and nothing follows it.', {
      kind: Type.Literal('deleted'),
    }),
    answer('Cannot be written.', { kind: Type.Literal('blocked'), reason: Type.String() }),
  ]),
  size: count('Entries.'),
  indexed_size: count('Entries that can be searched.'),
  checkpoint,
  verifier_keys: Type.Array(Type.String({ description: 'To pin; C2SP verifier key.' })),
})
export const ledgersAnswer = answer('Those that the key can read.', { ledgers: Type.Array(ledgerAnswer) })

export const erasureAnswer = answer('What was erased, and where that is recorded.', {
  ledger: ledgerName,
  erased: Type.Array(Type.String()),
  erasure_index: count('The entry that says so.'),
  erasure_indexes: Type.Array(
    count(
      'An entry that says so: one for each ledger that the records stood in, of those that this one has succeeded.',
    ),
  ),
  recorded_at: time('When it was recorded.'),
  checkpoint,
})

export const subjectErasureAnswer = answer('What was erased of somebody, and where that is recorded.', {
  ledger: ledgerName,
  complete: Type.Boolean({
    description: 'false: some are held, or there are more records, and the same call goes on.',
  }),
  held: count('Records of theirs that legal holds keep.'),
  holds: Type.Array(Type.String(), { description: 'Names of those holds.' }),
  records: count('Records of the ledger that they did, or that were done in their name or to them.'),
  accesses: count('Records of reads and changes that named them.'),
  quarantined: count('Quarantined records that named them; destroyed.'),
  saved_searches: count('Saved searches that named them; deleted.'),
  erasure_indexes: Type.Array(count('An entry that says so.')),
  subject: Type.String({ description: 'What those entries say of who it was: a keyed hash.' }),
  checkpoint,
})

export const deletionAnswer = answer('What was erased of the ledger, and where that is recorded.', {
  ledger: ledgerName,
  records: count('Entries of which nothing is left but leaf and id.'),
  quarantined: count('Records that waited in its quarantine; destroyed.'),
  saved_searches: count('Saved searches of it; deleted.'),
  erasure_indexes: Type.Array(count('An entry that says so.')),
  recorded_at: time('When the last of them was recorded.'),
  checkpoint,
})

export const rebuildAnswer = answer('Begun; `indexed_size` of the ledger shows how far it is.', {
  ledger: ledgerName,
  size: count('Entries to be indexed.'),
})

export const healthAnswer = answer('The process is alive.', {
  status: Type.Literal('ok'),
  version: Type.String(),
})
export const readyAnswer = answer('Whether records are taken.', {
  status: Type.String({ description: 'ready, or why not.' }),
  blocked_ledgers: Type.Array(Type.String()),
  unreachable: Type.Array(Type.String(), {
    description:
      'What cannot be reached: database and intake, without which no record is taken; search_index.',
  }),
})
export const metricsAnswer = bodyOf('Prometheus’ text format.', 'text/plain')

export const viewerTokenAnswer = answer('The new viewer token.', {
  token: Type.String({ description: 'For one browser; kept nowhere.' }),
  id: Type.String({ description: 'What the ledger of accesses calls the viewer.' }),
  ledger: ledgerName,
  expires_at: time('When it ends; earlier when the key that made it does.'),
})
