/** The core group: what stays for ever. Fields in the order of their canonical bytes. */

import { type Static, Type } from 'typebox'
import { FIELD_NOTE, identifier, LIST_ITEMS_MAX } from './field.ts'

export const SCHEMA_NAME = 'trailproof/v1'

const core = { group: 'core' } as const
const byServer = { group: 'core', setBy: 'server' } as const

export const RECORD_KINDS = ['trail', 'event', 'log'] as const
export type RecordKind = (typeof RECORD_KINDS)[number]

export const OUTCOMES = ['success', 'failure', 'denied', 'unknown'] as const
export type Outcome = (typeof OUTCOMES)[number]

const StreamPosition = Type.Object(
  {
    id: Type.String({
      minLength: 1,
      maxLength: 512,
      description: 'One start of one process of the producer.',
    }),
    seq: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Counts the records of the stream; a missing number is a gap that the server records.',
    }),
  },
  {
    description: "The record's place in its producer's own stream.",
    [FIELD_NOTE]: { ...core, limit: 'id: 512 characters; seq: 0 to 2^53 - 1', over: 'refused' },
  },
)

export const CoreGroup = Type.Object({
  action: Type.Optional(
    identifier('What was done, as noun.verb ("payment.created"); a trail defaults to METHOD and route.'),
  ),
  actor_type: Type.Optional(
    identifier('Copy of actor.type, so that it outlives an erasure.', { setBy: 'server' }),
  ),
  causation_id: Type.Optional(identifier('The id of the record that caused this one.')),
  environment: Type.Optional(identifier('Where the service runs, such as production.')),
  host: Type.Optional(identifier('The machine, container or pod.')),
  id: Type.String({
    format: 'uuid',
    pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
    description: 'A UUID in lower case: the idempotency key, for ever.',
    [FIELD_NOTE]: core,
  }),
  kind: Type.Union(
    RECORD_KINDS.map((kind) => Type.Literal(kind)),
    {
      description: 'The tier: a request (trail), an audit event, or an application log line.',
      [FIELD_NOTE]: core,
    },
  ) as unknown as ReturnType<typeof Type.Unsafe<RecordKind>>, // map() forgets the literals; RECORD_KINDS keeps them
  latency_ms: Type.Optional(
    Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
      description: 'Duration in milliseconds, fractions allowed; null on a trail that did not measure it.',
      [FIELD_NOTE]: core,
    }),
  ),
  outcome: Type.Optional(
    Type.Union(
      OUTCOMES.map((outcome) => Type.Literal(outcome)),
      { description: 'How it ended; denied is not failure.', [FIELD_NOTE]: core },
    ) as unknown as ReturnType<typeof Type.Unsafe<Outcome>>, // as above
  ),
  parent_span_id: Type.Optional(identifier('The span that this one is part of.')),
  received_at: Type.String({
    description: "The receiver's clock: RFC 3339, UTC, milliseconds.",
    [FIELD_NOTE]: byServer,
  }),
  request_id: Type.Optional(identifier('The id of the request, such as X-Request-ID.')),
  schema: Type.Literal(SCHEMA_NAME, { description: 'The version of this schema.', [FIELD_NOTE]: core }),
  service: identifier('The service that did it.'),
  service_version: Type.Optional(identifier('The release of that service.')),
  severity: Type.Optional(
    identifier('How serious: trace, debug, info, notice, warn, error, fatal, or the word sent.'),
  ),
  span_id: Type.Optional(identifier('The span in which it happened.')),
  stream: Type.Optional(StreamPosition),
  target_types: Type.Optional(
    Type.Array(Type.String({ maxLength: 512 }), {
      maxItems: LIST_ITEMS_MAX,
      description: 'The different targets[].type, in their order, so that they outlive an erasure.',
      [FIELD_NOTE]: byServer,
    }),
  ),
  timestamp: Type.String({
    maxLength: 64,
    description: "The producer's time: RFC 3339 in any zone, up to nanoseconds, kept as sent.",
    [FIELD_NOTE]: { ...core, limit: '9 digits of a second', over: 'refused' },
  }),
  trace_id: Type.Optional(identifier('The trace that the record belongs to.')),
})

/** The core group as stored. */
export type CoreGroup = Static<typeof CoreGroup>
