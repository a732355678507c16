/** Records as they are answered: one, and those that belong together. */
import { CoreGroup, PersonalGroup } from '@trailproof/core/schema'
import { Type } from 'typebox'
import { answer, complete, count, indexedSize, ledgerName, orNull, time } from './answer.ts'

const { stream: _stream, ...core } = CoreGroup.properties
const { stream_chain: _chain, ...personal } = PersonalGroup.properties
const text = Type.Optional(Type.String())

/** Both groups as one object, with the place of the entry. */
export const recordAnswer = Type.Object(
  {
    ...core,
    ...personal,
    stream: Type.Optional(
      Type.Object(
        { id: text, seq: Type.Optional(Type.Integer()), prev_hash: Type.Any(), hash: Type.Any() },
        { required: [] },
      ),
    ),
    recorded_at: time('When it was recorded; the time that its leaf holds.'),
    ledger: ledgerName,
    index: count('Its place in the ledger.'),
    erased: Type.Optional(
      Type.Array(Type.Literal('personal'), { description: 'Groups whose content was destroyed.' }),
    ),
    masked: Type.Optional(
      Type.Array(Type.String(), {
        description: 'What the caller does not see, whether it is there or not: `personal`, or fields.',
      }),
    ),
  },
  { $id: 'Record', description: 'A record as it stands in the ledger.' },
)

export const aRecord = Type.Unsafe({ $ref: 'Record#' })
export const records = Type.Array(aRecord)

const next = orNull(Type.String({ description: '`cursor` of the next page; null on the last one.' }))

/** A page of a search, or the table that its pipes make. */
export const searchAnswer = Type.Union(
  [
    answer('Records, in ledger order; with a pipe `fields` objects with those, `id` and `index`.', {
      ledger: ledgerName,
      size: count('Entries of the ledger.'),
      indexed_size: indexedSize,
      records: Type.Array(Type.Object({ id: Type.String(), index: count('Its place in the ledger.') })),
      next,
      complete,
      total: Type.Optional(
        answer('How many match: when asked for with `count`, and of sorted answers.', {
          count: count('Of matches.'),
          capped: Type.Boolean({ description: 'There are at least so many.' }),
        }),
      ),
      took_ms: Type.Optional(Type.Number()),
    }),
    answer('What a pipe that counts makes.', {
      ledger: ledgerName,
      size: count('Entries of the ledger.'),
      indexed_size: indexedSize,
      columns: Type.Array(Type.String()),
      rows: Type.Array(Type.Array(Type.Union([Type.String(), Type.Number()]))),
      complete,
      sampled: orNull(count('Newest matches read one by one, because the index does not count this.')),
      outside: Type.Optional(
        count('Of a timeline: matches before its first step and after its last one, of clocks far off.'),
      ),
    }),
  ],
  { description: 'Records, or the table that the pipes of the query make.' },
)

export const explainAnswer = answer('How a query is answered.', {
  ledger: ledgerName,
  filter: Type.Unknown({ description: 'The query as a tree, in normal form.' }),
  pipes: Type.Array(Type.Unknown()),
  steps: Type.Array(Type.String()),
})

const treeNode = answer('A record and what it led to.', {
  id: Type.String(),
  index: count('Its place in the ledger.'),
  service: Type.String(),
  action: text,
  kind: Type.String(),
  outcome: text,
  timestamp: Type.String(),
  latency_ms: Type.Optional(orNull(Type.Number())),
  span_id: text,
  by: Type.Optional(
    Type.Union([Type.Literal('span'), Type.Literal('causation')], {
      description: 'By what the record above it is known; missing on a root.',
    }),
  ),
  parent_missing: Type.Boolean({ description: 'It names a parent that is not among the records.' }),
  children: Type.Array(Type.Unsafe({ $ref: 'TreeNode#' })),
})
export const treeNodeAnswer = { ...treeNode, $id: 'TreeNode' }

export const trailAnswer = answer('All records of a trace, at most 1,000.', {
  trace_id: Type.String(),
  ledger: ledgerName,
  records,
  tree: Type.Array(Type.Unsafe({ $ref: 'TreeNode#' })),
  complete,
})

const step = Type.Partial(
  answer('One step: the record without what only its own page needs.', {
    id: Type.String(),
    index: count('Its place in the ledger.'),
    recorded_at: time('When it was recorded.'),
    erased: Type.Array(Type.Literal('personal')),
    masked: Type.Array(Type.String()),
    ...Type.Pick(CoreGroup, ['timestamp', 'action', 'outcome', 'service', 'trace_id']).properties,
    ...Type.Pick(PersonalGroup, ['actor', 'reason', 'message', 'changes']).properties,
  }),
)
const history = { ledger: ledgerName, indexed_size: indexedSize, history: Type.Array(step), next, complete }

export const targetHistoryAnswer = answer('Newest first.', {
  target: answer('Whose history it is.', { type: Type.String(), id: Type.String() }),
  ...history,
})
export const actorHistoryAnswer = answer('Newest first.', {
  actor: answer('Whose history it is.', { id: Type.String() }),
  ...history,
})

export const contextAnswer = answer('In ledger order.', {
  ledger: ledgerName,
  before: records,
  record: aRecord,
  after: records,
  complete,
})
