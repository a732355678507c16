/**
 * One request as a tree of what is done for it, and the records that the services make of it: a trail for each service on
 * the way, with steps and calls where they belong in time, and the audit events in between.
 */
import { type Chance, idAt } from './chance.ts'
import { type Person, SERVICE_VERSIONS, type ServiceName } from './world.ts'

/** A record as it is sent. */
export type DemoRecord = Readonly<Record<string, unknown>> & {
  readonly id: string
  readonly timestamp: string
}

export interface Failing {
  readonly name: string
  readonly message: string
  readonly code?: string
}

/** Something that a service does, one after another. */
export type Work =
  | { readonly kind: 'step'; readonly name: string; readonly ms: number }
  | {
      readonly kind: 'call'
      readonly type: 'database' | 'cache' | 'kafka' | 'http'
      readonly name: string
      readonly ms: number
      readonly error?: Failing
    }
  | { readonly kind: 'hop'; readonly hop: Hop }
  /** An audit event; its members are a record's own. */
  | { readonly kind: 'event'; readonly action: string; readonly [member: string]: unknown }
  | { readonly kind: 'log'; readonly message: string; readonly severity: string }

/** A request that a service answers. */
export interface Hop {
  readonly service: ServiceName
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly route: string
  readonly path?: string
  readonly status: number
  readonly body?: unknown
  readonly answer?: unknown
  readonly work: readonly Work[]
  readonly errors?: readonly Failing[]
  /** JSON Pointers of what the service masked itself. */
  readonly redacted?: readonly string[]
}

/** A whole request, and on whose behalf. */
export interface Story {
  readonly hop: Hop
  readonly actor: Person
  /** Undefined: as the actor always comes. */
  readonly ip?: string
  readonly country?: string
  readonly userAgent?: string
  readonly auth?: { readonly method: string; readonly mfa: boolean }
  readonly session?: string
}

interface Doing {
  readonly story: Story
  readonly chance: Chance
  readonly traceId: string
  readonly requestId: string
  readonly records: DemoRecord[]
}

/** By the time at which they began. */
export function recordsOf(story: Story, atMs: number, chance: Chance): readonly DemoRecord[] {
  const doing: Doing = {
    story,
    chance,
    traceId: chance.hex(32),
    requestId: `req-${chance.hex(12)}`,
    records: [],
  }
  answer(story.hop, atMs, undefined, doing)
  return doing.records.toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp))
}

/** Adds the records of one service's part, and says how long it took. */
function answer(hop: Hop, atMs: number, parentSpanId: string | undefined, doing: Doing): number {
  const { service, method, route, path = route, status, body, answer: answered, errors, redacted } = hop
  const { chance } = doing
  const span: Span = { service, id: idAt(atMs, chance), spanId: chance.hex(16), steps: [], calls: [] }
  let offset = chance.between(2, 12) / 10
  for (const work of hop.work)
    offset += doWork(work, { span, atMs, offset }, doing) + chance.between(1, 8) / 10
  const latencyMs = rounded(offset)
  doing.records.push({
    ...common(service, atMs, span.id, doing),
    kind: 'trail',
    span_id: span.spanId,
    ...(parentSpanId !== undefined && { parent_span_id: parentSpanId }),
    latency_ms: latencyMs,
    severity: status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info',
    request: { method, route, path, ...(body !== undefined && { body }) },
    response: { status, ...(answered !== undefined && { body: answered }) },
    internal_steps: span.steps,
    integrations: span.calls,
    errors: errors ?? [],
    ...(redacted && { redacted }),
  })
  return latencyMs
}

/** What one service makes of a request while it answers. */
interface Span {
  readonly service: ServiceName
  /** Of its record. */
  readonly id: string
  readonly spanId: string
  readonly steps: object[]
  readonly calls: object[]
}

interface Place {
  readonly span: Span
  readonly atMs: number
  /** ms since then. */
  readonly offset: number
}

/** Notes what is done, and says how long it took. */
function doWork(work: Work, { span, atMs, offset }: Place, doing: Doing): number {
  const { chance } = doing
  const offset_ms = rounded(offset)
  switch (work.kind) {
    case 'step': {
      const { name, ms } = work
      const latency_ms = spread(ms, chance)
      span.steps.push({ id: span.steps.length + 1, name, offset_ms, latency_ms })
      return latency_ms
    }
    case 'call': {
      const { type, name, ms, error } = work
      const latency_ms = spread(ms, chance)
      span.calls.push({ type, name, offset_ms, latency_ms, ...(error && { error }) })
      return latency_ms
    }
    case 'hop': {
      const { service, method, route, path = route, status } = work.hop
      const latency_ms = rounded(
        answer(work.hop, atMs + offset + SENDING_MS, span.spanId, doing) + 2 * SENDING_MS,
      )
      const name = `${method} ${service}${route}`
      const request = { method, url: `http://${service}.internal${path}` }
      span.calls.push({ type: 'http', name, offset_ms, latency_ms, request, response: { status } })
      return latency_ms
    }
    case 'event':
    case 'log':
      doing.records.push(audited(work, atMs + offset, span, doing))
      return 0
  }
}

/** From one service to the other. */
const SENDING_MS = 0.4

function audited(
  said: Readonly<Record<string, unknown>>,
  atMs: number,
  { service, id, spanId }: Span,
  doing: Doing,
): DemoRecord {
  const { labels, outcome, ...rest } = said
  const base = common(service, atMs, idAt(atMs, doing.chance), doing)
  return {
    ...base,
    parent_span_id: spanId,
    causation_id: id,
    ...(said['kind'] === 'event' && {
      outcome: outcome ?? 'success',
      severity: outcome === undefined || outcome === 'success' ? 'info' : 'warn',
    }),
    labels: { ...(base['labels'] as object), ...(labels as object | undefined) },
    ...rest,
  }
}

function common(service: ServiceName, atMs: number, id: string, doing: Doing): DemoRecord {
  const { story, chance, traceId, requestId } = doing
  const { actor, ip = actor.ip, country = actor.country, userAgent = actor.userAgent, auth, session } = story
  return {
    id,
    timestamp: new Date(atMs).toISOString(),
    service,
    service_version: SERVICE_VERSIONS[service],
    host: `${service}-${chance.between(1, 3)}`,
    environment: 'production',
    trace_id: traceId,
    request_id: requestId,
    actor: {
      type: 'user',
      id: actor.id,
      name: actor.name,
      email: actor.email,
      roles: actor.roles,
      ...(auth && { auth }),
    },
    source: { ip, user_agent: userAgent },
    labels: { country },
    ...(session !== undefined && { session_id: session }),
  }
}

/** Half to twice as long; now and then much longer, as real services are. */
function spread(ms: number, chance: Chance): number {
  return rounded(ms * (0.5 + 1.5 * chance.next()) * (chance.happens(0.02) ? 8 : 1))
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
