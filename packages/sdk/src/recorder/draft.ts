/** A record before it is masked: the fields of docs/record.md, in the order of their canonical bytes. */
import type { HeaderCapture } from '../capture/header-capture.ts'
import { inOrder } from '../capture/in-order.ts'
import { newRecordId } from '../trace-context/ids.ts'
import { requestMembers, responseMembers } from './observed.ts'
import type { Producer } from './producer.ts'
import type { Cut, Json } from './snapshot.ts'
import type { Trail } from './trail.ts'
import type { Outcome } from './trail-parts.ts'

export interface Draft {
  readonly id: string
  readonly kind: 'trail' | 'event' | 'log'
  readonly [field: string]: unknown
}

export const SCHEMA_NAME = 'trailproof/v1'

/** The record of a trail that has ended. The twelve fields of the contract are always there, even when empty. */
export function trailDraft(trail: Trail, producer: Producer, headers: HeaderCapture): Draft {
  const { parts, context, cuts, leftOut } = trail
  const { observed } = parts
  const redacted = new Set(parts.masked)
  const request =
    (observed ? requestMembers(observed.request, parts.request, headers, redacted) : parts.request) ?? {}
  const response =
    (observed ? responseMembers(observed.response, parts.response, headers, redacted) : parts.response) ?? {}
  const outcome = outcomeOf(trail)
  return {
    action: actionOf(trail),
    actor: parts.actor,
    causation_id: trail.causationId,
    changes: listOf(parts.changes),
    environment: producer.environment,
    errors: parts.errors,
    host: producer.host,
    id: trail.id,
    integrations: parts.integrations,
    internal_steps: parts.steps,
    kind: 'trail',
    labels: parts.labels && inOrder(parts.labels),
    latency_ms: trail.latencyMs,
    message: parts.message,
    metadata: inOrder(leftOut === undefined ? parts.metadata : { ...parts.metadata, left_out: leftOut }),
    outcome,
    parent_span_id: context.parentSpanId,
    reason: parts.reason,
    redacted: listOf([...redacted]),
    request,
    request_id: context.requestId,
    response,
    schema: SCHEMA_NAME,
    service: producer.service,
    service_version: producer.serviceVersion,
    session_id: parts.sessionId,
    severity: parts.severity ?? severityOf(outcome, response['status']),
    source: parts.source,
    span_id: context.spanId,
    stream: undefined,
    targets: listOf(parts.targets),
    timestamp: new Date(trail.startedAtMs).toISOString(),
    trace_id: context.traceId,
    truncated: listOf(cuts),
  }
}

/** What an event or a log line says, by the names of the fields; all of it plain JSON already. */
export interface EventParts {
  readonly kind?: 'event' | 'log'
  /** When it happened, ms since 1970. Default: now. */
  readonly atMs?: number
  readonly action?: string | undefined
  readonly actor?: Json | undefined
  readonly causationId?: string | undefined
  readonly changes?: Json | undefined
  readonly errors?: readonly object[] | undefined
  readonly labels?: Json | undefined
  readonly message?: string | undefined
  readonly metadata?: Json | undefined
  readonly outcome?: Outcome | undefined
  readonly reason?: string | undefined
  readonly requestId?: string | undefined
  readonly sessionId?: string | undefined
  readonly severity?: string | undefined
  readonly source?: Json | undefined
  readonly spanId?: string | undefined
  readonly targets?: Json | undefined
  readonly traceId?: string | undefined
  readonly truncated?: readonly Cut[]
}

export function eventDraft(producer: Producer, parts: EventParts): Draft {
  const { atMs = Date.now() } = parts
  return {
    action: parts.action,
    actor: parts.actor,
    causation_id: parts.causationId,
    changes: parts.changes,
    environment: producer.environment,
    errors: parts.errors,
    host: producer.host,
    id: newRecordId(atMs),
    kind: parts.kind ?? 'event',
    labels: parts.labels,
    message: parts.message,
    metadata: parts.metadata,
    outcome: parts.outcome,
    reason: parts.reason,
    redacted: undefined,
    request_id: parts.requestId,
    schema: SCHEMA_NAME,
    service: producer.service,
    service_version: producer.serviceVersion,
    session_id: parts.sessionId,
    severity: parts.severity,
    source: parts.source,
    span_id: parts.spanId,
    stream: undefined,
    targets: parts.targets,
    timestamp: new Date(atMs).toISOString(),
    trace_id: parts.traceId,
    truncated: parts.truncated && listOf(parts.truncated),
  }
}

function listOf<Item>(list: readonly Item[]): readonly Item[] | undefined {
  return list.length === 0 ? undefined : list
}

/** What was done: as it was said, else METHOD and route. */
export function actionOf({ parts }: Trail): string | undefined {
  const method = parts.request?.['method'] ?? parts.observed?.request.method
  const route = parts.request?.['route'] ?? parts.observed?.request.route
  return (
    parts.action ??
    (typeof method === 'string' && typeof route === 'string' ? `${method} ${route}` : undefined)
  )
}

/** How it ended: as it was said, else as the server derives it (spec/record.md, "Mapping"). */
export function outcomeOf({ parts, state }: Trail): Outcome {
  if (parts.outcome !== undefined) return parts.outcome
  if (state === 'abandoned') return 'unknown'
  const status = parts.response?.['status'] ?? parts.observed?.response.status
  if (typeof status !== 'number') return parts.errors.length > 0 ? 'failure' : 'success'
  if (status < 400) return 'success'
  return status === 401 || status === 403 ? 'denied' : 'failure'
}

export function severityOf(outcome: Outcome, status: unknown): string {
  if (typeof status === 'number') return status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info'
  return outcome === 'failure' ? 'error' : outcome === 'success' ? 'info' : 'warn'
}
