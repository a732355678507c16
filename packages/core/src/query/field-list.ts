/** The fields that are known by name, in the order in which people look for them (spec/query.md, "Fields"). */

import type { RecordGroup } from '../record/field.ts'

/**
 * How values are compared: `text` by its words, `number`, `time` and `ip` by value, `keyword` and `boolean` as
 * they are written, without case. An `object` has members and can only be asked for its existence.
 */
export type QueryFieldType = 'keyword' | 'text' | 'number' | 'time' | 'ip' | 'boolean' | 'object'

/** For lists of fields that people read. */
export type QueryFieldGroup =
  | 'record'
  | 'actor'
  | 'target'
  | 'source'
  | 'request'
  | 'trail'
  | 'stream'
  | 'free'
  | 'old'

/** Where in a record a field's values stand: a group and the path in it, lists being looked through. */
export interface Place {
  readonly group: RecordGroup
  readonly path: string
}

export interface QueryField {
  /** The canonical name, such as `actor.id`. */
  readonly name: string
  readonly type: QueryFieldType
  readonly group: QueryFieldGroup
  /** Other names for it in queries: short ones, and those of the systems that Trailproof replaces. */
  readonly aliases: readonly string[]
  /** Everywhere its values stand. Empty for `recorded_at`, which is no part of either group. */
  readonly places: readonly Place[]
}

/** Objects and lists of objects whose every member is a field: `labels.team`, `integrations.request.query`. */
export const OPEN_ROOTS: Readonly<Record<string, { group: QueryFieldGroup; aliases: readonly string[] }>> = {
  actor: { group: 'actor', aliases: [] },
  targets: { group: 'target', aliases: ['target'] },
  source: { group: 'source', aliases: [] },
  labels: { group: 'free', aliases: ['label'] },
  metadata: { group: 'free', aliases: ['meta'] },
  changes: { group: 'target', aliases: ['change'] },
  request: { group: 'request', aliases: ['req'] },
  response: { group: 'request', aliases: ['res', 'resp'] },
  internal_steps: { group: 'trail', aliases: ['step', 'steps'] },
  integrations: { group: 'trail', aliases: ['integration'] },
  errors: { group: 'trail', aliases: ['error'] },
  stream: { group: 'stream', aliases: [] },
  truncated: { group: 'record', aliases: [] },
}

const core = (path: string): Place => ({ group: 'core', path })
const personal = (path: string): Place => ({ group: 'personal', path })

type Row = readonly [
  name: string,
  type: QueryFieldType,
  aliases?: readonly string[],
  places?: readonly Place[],
]

/** Top-level fields of the core group that a query can name; every other known name begins in the personal group. */
const CORE: ReadonlySet<string> = new Set([
  'action',
  'actor_type',
  'causation_id',
  'environment',
  'host',
  'id',
  'kind',
  'latency_ms',
  'outcome',
  'parent_span_id',
  'received_at',
  'request_id',
  'schema',
  'service',
  'service_version',
  'severity',
  'span_id',
  'target_types',
  'timestamp',
  'trace_id',
])

/** Where the member `rest` of an open root stands. The members of `stream` are stored apart (spec/record.md). */
export function openPlaces(root: string, rest: string): readonly Place[] {
  const path = rest === '' ? root : `${root}.${rest}`
  if (root !== 'stream') return [personal(path)]
  return [core(path), personal(`stream_chain${path.slice(root.length)}`), personal(`metadata.${path}`)]
}

const ROWS: Readonly<Record<QueryFieldGroup, readonly Row[]>> = {
  record: [
    ['timestamp', 'time', ['ts', 'time', '@timestamp', 'occurred_at', 'occurredAt']],
    ['action', 'keyword'],
    ['outcome', 'keyword'],
    ['service', 'keyword', ['service_name', 'serviceName']],
    ['environment', 'keyword', ['env']],
    ['severity', 'keyword', ['level']],
    ['kind', 'keyword'],
    ['message', 'text', ['msg']],
    ['reason', 'text'],
    ['latency_ms', 'number', ['latency', 'latencyMs', 'duration', 'duration_ms', 'durationMs']],
    ['id', 'keyword'],
    ['source_id', 'keyword', ['_id']],
    ['trace_id', 'keyword', ['trace', 'traceId']],
    ['span_id', 'keyword', ['span', 'spanId']],
    ['parent_span_id', 'keyword', ['parentSpanId']],
    ['request_id', 'keyword', ['request', 'requestId']],
    ['session_id', 'keyword', ['session', 'sessionId']],
    ['causation_id', 'keyword', ['causationId']],
    ['host', 'keyword', ['hostname']],
    ['service_version', 'keyword', ['version', 'serviceVersion']],
    ['received_at', 'time'],
    ['recorded_at', 'time', [], []],
    ['schema', 'keyword'],
    ['redacted', 'keyword'],
    ['coerced', 'keyword'],
    ['truncated', 'object'],
    ['truncated.size', 'number'],
  ],
  actor: [
    ['actor.id', 'keyword', ['actor', 'actor_id', 'actorId', 'user', 'user_id', 'userId']],
    ['actor_type', 'keyword', ['actorType']],
    ['actor.type', 'keyword'],
    ['actor.name', 'keyword'],
    ['actor.email', 'keyword'],
    ['actor.roles', 'keyword', ['role', 'roles']],
    ['actor.auth', 'object'],
    ['actor.auth.method', 'keyword'],
    ['actor.auth.mfa', 'boolean', ['mfa']],
    ['actor.auth.key_id', 'keyword'],
    ['actor.on_behalf_of', 'keyword'],
    ['actor.on_behalf_of.id', 'keyword'],
  ],
  target: [
    ['targets.id', 'keyword', ['target', 'target_id', 'targetId', 'entity_id', 'entityId']],
    ['target_types', 'keyword', ['target_type', 'targetType', 'targetTypes']],
    ['targets', 'object'],
    ['targets.type', 'keyword'],
    ['targets.name', 'keyword'],
    ['targets.parent', 'keyword'],
    ['changes', 'object'],
    ['changes.path', 'keyword'],
    ['changes.old', 'keyword'],
    ['changes.new', 'keyword'],
    ['changes.redacted', 'boolean'],
  ],
  source: [
    ['source.ip', 'ip', ['ip', 'ip_address', 'ipAddress', 'client_ip', 'clientIp']],
    ['source.forwarded', 'ip', ['forwarded']],
    ['source.user_agent', 'text', ['user_agent', 'userAgent']],
    ['source', 'object'],
  ],
  request: [
    [
      'response.status',
      'number',
      ['status', 'status_code', 'statusCode'],
      // The second is what outcomes are read from too; the third is where `status` at the top level of a log is kept.
      [personal('response.status'), personal('response.status_code'), personal('metadata.status')],
    ],
    ['request.method', 'keyword'],
    ['request.route', 'keyword', ['route']],
    ['request.path', 'keyword'],
    ['request.url', 'keyword', ['url']],
    ['request.body', 'text'],
    ['response', 'object'],
    ['response.body', 'text'],
  ],
  trail: [
    ['internal_steps', 'object'],
    ['internal_steps.name', 'keyword', ['step', 'steps']],
    ['internal_steps.latency_ms', 'number'],
    ['integrations', 'object'],
    ['integrations.type', 'keyword', ['integration']],
    ['integrations.name', 'keyword'],
    ['integrations.latency_ms', 'number'],
    ['errors', 'object'],
    ['errors.message', 'text', ['error']],
    ['errors.code', 'keyword'],
  ],
  stream: [
    ['stream', 'object'],
    ['stream.id', 'keyword', [], [core('stream.id')]],
    ['stream.seq', 'number', ['seq'], [core('stream.seq')]],
    ['stream.hash', 'keyword', ['hash'], [personal('stream_chain.hash')]],
    ['stream.prev_hash', 'keyword', ['prev_hash'], [personal('stream_chain.prev_hash')]],
  ],
  free: [
    ['labels', 'object', ['label']],
    ['metadata', 'object', ['meta']],
  ],
  // Names of the replaced systems for what spec/record.md, "Aliases", puts into one place or another.
  old: [
    [
      'event_type',
      'keyword',
      ['eventType'],
      [core('action'), personal('metadata.event_type'), personal('metadata.eventType')],
    ],
    ['result', 'keyword', [], [core('outcome'), personal('metadata.result')]],
    ['resource', 'keyword', [], [personal('metadata.resource'), personal('targets.id')]],
    ['email', 'keyword', [], [personal('actor.email'), personal('metadata.email')]],
    ['method', 'keyword', [], [personal('request.method'), personal('metadata.method')]],
    ['path', 'keyword', [], [personal('request.path'), personal('metadata.path')]],
    ['operation', 'keyword', [], [personal('metadata.operation')]],
  ],
}

/** The known fields. */
export const QUERY_FIELDS: readonly QueryField[] = Object.entries(ROWS).flatMap(([group, rows]) =>
  rows.map(([name, type, aliases = [], places = placesOf(name)]) => ({
    name,
    type,
    group: group as QueryFieldGroup, // Object.entries forgets it
    aliases,
    places,
  })),
)

function placesOf(name: string): readonly Place[] {
  if (CORE.has(name)) return [core(name)]
  const [root = '', ...rest] = name.split('.')
  return openPlaces(root, rest.join('.'))
}
