/** Entries of many shapes, and filters that find some of them, for the suites of the search index. */
import type { Filter } from '@trailproof/core/query'
import type { IndexedEntry } from '@trailproof/server/ports'
import fc from 'fast-check'

const EPOCH_MS = Date.UTC(2026, 0, 1)
const SPREAD_MS = 40 * 86_400_000

const word = fc.constantFrom(
  'pay',
  'order',
  'Refund',
  'Ünïcode',
  'x1',
  '500',
  'true',
  'o-1',
  'a_b',
  'http://h:80/p?q=1',
  '日本',
)
const text = fc.array(word, { maxLength: 4 }).map((words) => words.join(' '))
const id = fc.constantFrom(
  'u-1',
  'U-1',
  'u-10',
  'svc.billing',
  'a b',
  '0f'.repeat(16),
  '0f'.repeat(15) + '00',
  '12',
  '12.0',
)
const ip = fc.constantFrom(
  '10.0.0.1',
  '10.0.0.10',
  '10.1.2.3',
  '::ffff:10.0.0.1',
  '2001:db8::1',
  '2001:0db8:0:0::1',
  'unknown',
)
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 })

const core = fc.record(
  {
    kind: fc.constantFrom('event', 'trail', 'log'),
    service: fc.constantFrom('pay-api', 'Order-API', 'gateway'),
    action: fc.constantFrom('order.placed', 'order.shipped', 'payment.created'),
    outcome: fc.constantFrom('success', 'failure', 'denied'),
    severity: fc.constantFrom('info', 'warn', 'error'),
    actor_type: fc.constantFrom('user', 'service'),
    target_types: fc.subarray(['order', 'invoice']),
    trace_id: fc.constantFrom(
      '4bf92f3577b34da6a3ce929d0e0e4736',
      '4bf92f3577b34da6ffffffffffffffff',
      'short',
    ),
    request_id: id,
    latency_ms: fc.constantFrom(0, 1.5, 20, 500),
  },
  { requiredKeys: ['kind', 'service'] },
)

const personal = fc.record(
  {
    actor: fc.record({ id: optional(id), name: optional(text), roles: fc.array(word, { maxLength: 2 }) }),
    targets: fc.array(fc.record({ type: fc.constantFrom('order', 'invoice'), id }), { maxLength: 2 }),
    labels: fc.dictionary(
      fc.constantFrom('team', 'Team', 'a=b', 'app.kubernetes.io/name'),
      fc.oneof(word, fc.integer(), fc.boolean()),
    ),
    metadata: fc.record({
      order: optional(fc.record({ id })),
      amount: optional(fc.integer({ max: 3, min: 0 })),
      note: optional(text),
      ok: optional(fc.boolean()),
    }),
    message: text,
    session_id: id,
    source: fc.record({ ip }),
    response: fc.record({
      status: fc.constantFrom<unknown>(200, 404, 500, '500', 'odd'),
      status_code: optional(fc.constant(500)),
    }),
  },
  { requiredKeys: [] },
)

/** Entries `0…`, with times that mostly rise, and one or another that is erased. */
export const sampleEntries: fc.Arbitrary<IndexedEntry[]> = fc
  .array(fc.tuple(core, optional(personal), fc.integer({ min: 0, max: SPREAD_MS })), {
    minLength: 1,
    maxLength: 60,
  })
  .map((parts) =>
    parts.map(([group, rest, at], index) => ({
      index,
      recordedAt: (EPOCH_MS + index) * 1000,
      core: {
        id: `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`,
        timestamp: new Date(EPOCH_MS + at).toISOString(),
        ...group,
      },
      personal: rest && Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    })),
  )

const FIELDS = [
  'actor.id',
  'actor.name',
  'actor.roles',
  'targets.id',
  'targets.type',
  'labels.team',
  'labels.Team',
  'labels.a=b',
  'labels.app.kubernetes.io/name',
  'metadata.order.id',
  'metadata.amount',
  'metadata.note',
  'metadata.ok',
  'message',
  'session_id',
  'source.ip',
  'response.status',
  'kind',
  'service',
  'action',
  'outcome',
  'severity',
  'actor_type',
  'target_types',
  'trace_id',
  'request_id',
  'latency_ms',
  'event_type',
  'resource',
  'id',
]

const value = fc.oneof(
  word,
  id,
  ip,
  text.filter((words) => words !== ''),
  fc.constantFrom(
    'order.placed',
    'pay-api',
    'team',
    '200',
    '1.5',
    '3',
    'warn',
    '4BF92F3577B34DA6A3CE929D0E0E4736',
    'success',
    'invoice',
  ),
)
const bound = fc.record({
  value: fc.constantFrom('0', '1', '20', '200', '404', 'm'),
  inclusive: fc.boolean(),
})
const times = fc.record({
  value: fc.integer({ min: 0, max: SPREAD_MS }).map((at) => new Date(EPOCH_MS + at).toISOString()),
  inclusive: fc.boolean(),
})

const leaf: fc.Arbitrary<Filter> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('field' as const),
      field: fc.constantFrom('latency_ms', 'response.status'),
      test: fc
        .tuple(optional(bound), bound)
        .map(([low, high]) => ({ op: 'range' as const, ...(low && { low }), high })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('text' as const), text: value, phrase: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('field' as const),
      field: fc.constantFrom(...FIELDS),
      test: fc.oneof(
        value.map((wanted) => ({ op: 'equals' as const, value: wanted })),
        fc.array(value, { minLength: 1, maxLength: 3 }).map((values) => ({ op: 'in' as const, values })),
        fc
          .array(fc.oneof(fc.constant(''), value, fc.constantFrom('u-', 'or', '10.')), {
            minLength: 2,
            maxLength: 3,
          })
          .map((parts) => ({ op: 'wildcard' as const, parts })),
        fc.constant({ op: 'exists' as const }),
        bound.map((low) => ({ op: 'range' as const, low })),
        fc.tuple(bound, bound).map(([low, high]) => ({ op: 'range' as const, low, high })),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        { network: '10.0.0.0', prefixLength: 8 },
        { network: '10.0.0.0', prefixLength: 28 },
        { network: '2001:db8::', prefixLength: 32 },
      )
      .map((network) => ({
        kind: 'field' as const,
        field: 'source.ip',
        test: { op: 'cidr' as const, ...network },
      })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(optional(times), times).map(([low, high]) => ({
      kind: 'field' as const,
      field: 'timestamp',
      test: { op: 'range' as const, ...(low && { low }), high },
    })),
  },
)

/** Filters over what the entries have, nested up to three deep. */
export const sampleFilters: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), part: tie('filter') }),
  ),
})).filter
