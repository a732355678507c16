/**
 * A record of the ledger as an AuditEvent. Sent again, the event is the same record: what a field of the message
 * cannot say exactly (null, a number among texts, an unknown member) is in the JSON text beside it.
 */
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import type { RecordView } from '@trailproof/core'
import { type AuditEvent, AuditEventSchema, Kind, Outcome } from './gen/audit/v1/audit_pb.ts'
import { timestampOf, timestampText } from './timestamp.ts'

/** What `create` takes for a field. */
type Init<Field extends keyof EventInit> = Exclude<EventInit[Field], undefined>
type EventInit = Exclude<MessageInitShape<typeof AuditEventSchema>, AuditEvent>

const KINDS = { trail: Kind.TRAIL, event: Kind.EVENT, log: Kind.LOG }
const OUTCOMES = {
  success: Outcome.SUCCESS,
  failure: Outcome.FAILURE,
  denied: Outcome.DENIED,
  unknown: Outcome.UNKNOWN,
}

export function eventOfRecord(record: RecordView): AuditEvent {
  const { actor, targets, source, stream, metadata, labels } = record
  const texts = splitTexts(metadata)
  const labelTexts = splitTexts(labels)
  const firstTarget = targets?.[0]?.id
  return create(AuditEventSchema, {
    ...timeOf(record.timestamp),
    id: record.id,
    actor: typeof actor?.id === 'string' ? actor.id : '',
    action: record.action ?? '',
    resource: typeof firstTarget === 'string' ? firstTarget : '',
    metadata: texts.texts,
    ...optional('metadataJson', texts.json),
    kind: KINDS[record.kind],
    outcome: record.outcome === undefined ? Outcome.UNSPECIFIED : OUTCOMES[record.outcome],
    service: record.service,
    ...optional('environment', record.environment),
    ...optional('serviceVersion', record.service_version),
    ...optional('host', record.host),
    ...optional('traceId', record.trace_id),
    ...optional('spanId', record.span_id),
    ...optional('parentSpanId', record.parent_span_id),
    ...optional('requestId', record.request_id),
    ...optional('sessionId', record.session_id),
    ...optional('causationId', record.causation_id),
    ...optional('reason', record.reason),
    ...optional('severity', record.severity),
    ...optional('message', record.message),
    ...optional('latencyMs', record.latency_ms ?? undefined),
    ...optional('actorDetails', actor && actorOf(actor)),
    targets: (targets ?? []).map(targetOf),
    changes: (record.changes ?? []).map(changeOf),
    ...optional('source', source && sourceOf(source)),
    ...optional('stream', stream && streamOf(stream)),
    labels: labelTexts.texts,
    ...optional('labelsJson', labelTexts.json),
    ...optional('requestJson', jsonOf(record.request)),
    ...optional('responseJson', jsonOf(record.response)),
    ...optional('internalStepsJson', jsonOf(record.internal_steps)),
    ...optional('integrationsJson', jsonOf(record.integrations)),
    ...optional('errorsJson', jsonOf(record.errors)),
    redacted: [...(record.redacted ?? [])],
    truncated: (record.truncated ?? []).map(({ path, size, sha256 }) => ({
      path,
      size: BigInt(size),
      sha256,
    })),
    entry: entryOf(record),
  })
}

function timeOf(text: string): Pick<EventInit, 'timestamp' | 'timestampText'> {
  const timestamp = timestampOf(text)
  if (!timestamp) return { timestampText: text }
  const said = timestampText(timestamp.seconds ?? 0n, timestamp.nanos ?? 0)
  return said === text ? { timestamp } : { timestamp, timestampText: text }
}

function entryOf(record: RecordView): Init<'entry'> {
  return {
    ledger: record.ledger,
    index: BigInt(record.index),
    ...optional('recordedAt', timestampOf(record.recorded_at)),
    ...optional('receivedAt', timestampOf(record.received_at)),
    ...optional('sourceId', record.source_id),
    coerced: [...(record.coerced ?? [])],
    erased: [...(record.erased ?? [])],
    masked: [...(record.masked ?? [])],
    ...optional('actorType', record.actor_type),
    targetTypes: [...(record.target_types ?? [])],
  }
}

function actorOf(actor: Exclude<RecordView['actor'], undefined>): Init<'actorDetails'> {
  const { type, id, name, email, roles, auth, ...rest } = actor
  const { method, mfa, key_id, ...more } = auth ?? {}
  // An auth that is null or has members or values of its own is told as a whole.
  const plain = auth != null && Object.keys(more).length === 0 && ![method, mfa, key_id].includes(null)
  const said = new Said(rest)
  if (!plain) said.put('auth', auth)
  return {
    ...said.text('type', 'type', type),
    ...said.text('id', 'id', id),
    ...said.text('name', 'name', name),
    ...said.text('email', 'email', email),
    ...said.list('roles', 'roles', roles),
    ...(plain && auth
      ? {
          auth: {
            ...optional('method', auth.method ?? undefined),
            ...optional('mfa', auth.mfa ?? undefined),
            ...optional('keyId', auth.key_id ?? undefined),
          },
        }
      : {}),
    ...said.more(),
  }
}

function targetOf(target: Exclude<RecordView['targets'], undefined>[number]): Init<'targets'>[number] {
  const { type, id, name, ...rest } = target
  const said = new Said(rest)
  return {
    ...said.text('type', 'type', type),
    ...said.text('id', 'id', id),
    ...said.text('name', 'name', name),
    ...said.more(),
  }
}

function changeOf(change: Exclude<RecordView['changes'], undefined>[number]): Init<'changes'>[number] {
  const { path, old, new: to, redacted, ...rest } = change
  const said = new Said(rest)
  if (typeof redacted !== 'boolean') said.put('redacted', redacted)
  return {
    path,
    ...optional('oldJson', jsonOf(old)),
    ...optional('newJson', jsonOf(to)),
    ...(typeof redacted === 'boolean' && { redacted }),
    ...said.more(),
  }
}

function sourceOf(source: Exclude<RecordView['source'], undefined>): Init<'source'> {
  const { ip, forwarded, user_agent, ...rest } = source
  const said = new Said(rest)
  return {
    ...said.text('ip', 'ip', ip),
    ...said.list('forwarded', 'forwarded', forwarded),
    ...said.text('userAgent', 'user_agent', user_agent),
    ...said.more(),
  }
}

function streamOf({ id, seq, prev_hash, hash }: Exclude<RecordView['stream'], undefined>): Init<'stream'> {
  return {
    ...optional('id', id),
    ...optional('seq', seq === undefined ? undefined : BigInt(seq)),
    ...optional('prevHash', prev_hash ?? undefined),
    ...optional('hash', hash ?? undefined),
  }
}

/** Members of an object that fit their fields, and the rest for `more_json`. */
class Said {
  readonly #rest: Record<string, unknown>

  constructor(rest: Readonly<Record<string, unknown>>) {
    this.#rest = { ...rest }
  }

  text<Field extends string>(field: Field, name: string, value: unknown): { [key in Field]?: string } {
    if (typeof value === 'string') return optional(field, value)
    this.put(name, value)
    return {}
  }

  /** An empty list looks like none at all, so it is told in the rest. */
  list<Field extends string>(
    field: Field,
    name: string,
    value: readonly string[] | null | undefined,
  ): { [key in Field]?: string[] } {
    if (value && value.length > 0) return optional(field, [...value])
    this.put(name, value)
    return {}
  }

  /** Puts a member among the rest. */
  put(name: string, value: unknown): void {
    if (value !== undefined) this.#rest[name] = value
  }

  more(): { moreJson?: string } {
    return Object.keys(this.#rest).length === 0 ? {} : { moreJson: JSON.stringify(this.#rest) }
  }
}

/** The members of an object that are texts, and the JSON text of the others. */
function splitTexts(object: object | undefined): {
  readonly texts: Record<string, string>
  readonly json: string | undefined
} {
  const texts: Record<string, string> = {}
  const others: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(object ?? {}) as [string, unknown][])
    if (typeof value === 'string') texts[name] = value
    else others[name] = value
  // An empty object is not the same as none, and an empty map cannot say so.
  const isNone = object === undefined || (Object.keys(others).length === 0 && Object.keys(texts).length > 0)
  return { texts, json: isNone ? undefined : JSON.stringify(others) }
}

function jsonOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value)
}

/** Under `exactOptionalPropertyTypes` a field that is absent may not be there as undefined. */
function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [key in Name]?: Value }
}
