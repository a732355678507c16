/**
 * An AuditEvent as the record that it means: the same JSON that a producer would send over HTTP, so that a
 * record is the same whichever way it comes.
 */
import type { Item, JsonObject, ReadLimits } from '@trailproof/core'
import { EventParts } from './event-parts.ts'
import {
  type Actor,
  type AuditEvent,
  Kind,
  Outcome,
  type Stream,
  type Target,
} from './gen/audit/v1/audit_pb.ts'
import { timestampText } from './timestamp.ts'

const KINDS = [undefined, 'trail', 'event', 'log']
const OUTCOMES = [undefined, 'success', 'failure', 'denied', 'unknown']

/** The item at `position` of its batch. Never throws. */
export function itemOfEvent(event: AuditEvent, position: number, limits: ReadLimits): Item {
  const parts = new EventParts(position, limits.depthMax)
  const value = recordOf(event, parts)
  // Only a bad record is ever shown as text: most never need theirs.
  const source = (): string => JSON.stringify(value).slice(0, limits.recordBytesMax)
  if (parts.problems.length > 0) return { kind: 'problem', problems: parts.problems, source: source() }
  return {
    kind: 'record',
    value,
    coerced: parts.coerced,
    get source() {
      return source()
    },
  }
}

function recordOf(event: AuditEvent, parts: EventParts): JsonObject {
  const record: Record<string, unknown> = {}
  const put = (name: string, value: unknown): void => {
    if (value !== undefined) record[name] = value
  }
  if (event.id !== '') record['id'] = event.id
  if (event.action !== '') record['action'] = event.action
  put('timestamp', timeOf(event, parts))
  if (event.kind !== Kind.UNSPECIFIED) put('kind', KINDS[event.kind] ?? event.kind)
  if (event.outcome !== Outcome.UNSPECIFIED) put('outcome', OUTCOMES[event.outcome] ?? event.outcome)
  put('service', event.service)
  put('environment', event.environment)
  put('service_version', event.serviceVersion)
  put('host', event.host)
  put('trace_id', event.traceId)
  put('span_id', event.spanId)
  put('parent_span_id', event.parentSpanId)
  put('request_id', event.requestId)
  put('session_id', event.sessionId)
  put('causation_id', event.causationId)
  put('reason', event.reason)
  put('severity', event.severity)
  put('message', event.message)
  put('latency_ms', event.latencyMs)
  put('actor', actorOf(event.actor, event.actorDetails, parts))
  put('targets', targetsOf(event.resource, event.targets, parts))
  if (event.changes.length > 0) put('changes', changesOf(event, parts))
  put('source', sourceOf(event, parts))
  put('stream', streamOf(event.stream))
  put('labels', parts.merge(event.labels, event.labelsJson, '/labels'))
  put('metadata', parts.merge(event.metadata, event.metadataJson, '/metadata'))
  put('request', parts.json(event.requestJson, '/request'))
  put('response', parts.json(event.responseJson, '/response'))
  put('internal_steps', parts.json(event.internalStepsJson, '/internal_steps'))
  put('integrations', parts.json(event.integrationsJson, '/integrations'))
  put('errors', parts.json(event.errorsJson, '/errors'))
  if (event.redacted.length > 0) put('redacted', event.redacted)
  if (event.truncated.length > 0)
    put(
      'truncated',
      event.truncated.map(({ path, size, sha256 }) => ({ path, size: numberOf(size), sha256 })),
    )
  return record
}

function timeOf({ timestamp, timestampText: text }: AuditEvent, parts: EventParts): string | undefined {
  if (text !== undefined || timestamp === undefined) return text
  const time = timestampText(timestamp.seconds, timestamp.nanos)
  if (time === undefined)
    parts.note(
      '/timestamp',
      'value',
      'the timestamp is outside the years 1 to 9999, or its nanos are not 0 to 999999999',
    )
  return time
}

function actorOf(id: string, details: Actor | undefined, parts: EventParts): JsonObject | undefined {
  if (!details) return id === '' ? undefined : { id }
  const { type, name, email, roles, auth, moreJson } = details
  const actor: Record<string, unknown> = {}
  if (type !== undefined) actor['type'] = type
  if (details.id !== undefined) actor['id'] = details.id
  if (name !== undefined) actor['name'] = name
  if (email !== undefined) actor['email'] = email
  if (roles.length > 0) actor['roles'] = roles
  if (auth) actor['auth'] = given({ method: auth.method, mfa: auth.mfa, key_id: auth.keyId })
  return withId(parts.merge(actor, moreJson, '/actor') ?? {}, id, '/actor/id', parts)
}

function targetsOf(
  resource: string,
  targets: readonly Target[],
  parts: EventParts,
): readonly JsonObject[] | undefined {
  if (targets.length === 0) return resource === '' ? undefined : [{ id: resource }]
  return targets.map(({ type, id, name, moreJson }, i) => {
    const members: Record<string, unknown> = {}
    if (type !== undefined) members['type'] = type
    if (id !== undefined) members['id'] = id
    if (name !== undefined) members['name'] = name
    const target = parts.merge(members, moreJson, `/targets/${i}`) ?? {}
    return i === 0 ? withId(target, resource, '/targets/0/id', parts) : target
  })
}

/** The old fields `actor` and `resource` beside the new ones: they fill in the id, or say the same. */
function withId(object: JsonObject, id: string, path: string, parts: EventParts): JsonObject {
  if (id === '' || object['id'] === id) return object
  if (object['id'] === undefined) return { ...object, id }
  const [, field] = path.split('/')
  parts.note(path, 'value', `${field === 'actor' ? 'actor' : 'resource'} names another id than ${path}`)
  return object
}

function changesOf({ changes }: AuditEvent, parts: EventParts): readonly JsonObject[] {
  return changes.map(({ path, oldJson, newJson, redacted, moreJson }, i) => {
    const at = `/changes/${i}`
    const change = given({
      path,
      old: parts.json(oldJson, `${at}/old`),
      new: parts.json(newJson, `${at}/new`),
      redacted,
    })
    return parts.merge(change, moreJson, at) ?? change
  })
}

function sourceOf({ source }: AuditEvent, parts: EventParts): JsonObject | undefined {
  if (!source) return undefined
  const { ip, forwarded, userAgent, moreJson } = source
  const members: Record<string, unknown> = {}
  if (ip !== undefined) members['ip'] = ip
  if (forwarded.length > 0) members['forwarded'] = forwarded
  if (userAgent !== undefined) members['user_agent'] = userAgent
  return parts.merge(members, moreJson, '/source') ?? {}
}

function streamOf(stream: Stream | undefined): JsonObject | undefined {
  if (!stream) return undefined
  const { id, seq, prevHash, hash } = stream
  return given({ id, seq: seq === undefined ? undefined : numberOf(seq), prev_hash: prevHash, hash })
}

/** A number beyond 2^53 as text: the schema refuses it there, where a rounded one would pass. */
function numberOf(value: bigint): number | string {
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value)
}

/** The members that are there. */
function given(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const name of Object.keys(members)) if (members[name] !== undefined) kept[name] = members[name]
  return kept
}
