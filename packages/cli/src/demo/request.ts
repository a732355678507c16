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
  const spanId = chance.hex(16)
  const id = idAt(atMs, chance)
  const steps: object[] = []
  const calls: object[] = []
  let offset = chance.between(2, 12) / 10
  for (const work of hop.work) {
    const part = { name: '', offset_ms: rounded(offset), latency_ms: 0 }
    switch (work.kind) {
      case 'step':
        part.latency_ms = spread(work.ms, chance)
        steps.push({ ...part, id: steps.length + 1, name: work.name })
        break
      case 'call':
        part.latency_ms = spread(work.ms, chance)
        calls.push({ ...part, type: work.type, name: work.name, ...(work.error && { error: work.error }) })
        break
      case 'hop': {
        const tookMs = answer(work.hop, atMs + offset + 0.4, spanId, doing)
        part.latency_ms = rounded(tookMs + 0.9)
        const request = {
          method: work.hop.method,
          url: `http://${work.hop.service}.internal${work.hop.path ?? work.hop.route}`,
        }
        calls.push({
          ...part,
          type: 'http',
          name: `${work.hop.method} ${work.hop.service}${work.hop.route}`,
          request,
          response: { status: work.hop.status },
        })
        break
      }
      case 'event':
      case 'log': {
        const { kind, ...said } = work
        doing.records.push(
          audited(service, atMs + offset, { kind, ...said }, { spanId, causedBy: id }, doing),
        )
        part.latency_ms = 0.1
      }
    }
    offset += part.latency_ms + chance.between(1, 8) / 10
  }
  const latencyMs = rounded(offset)
  doing.records.push({
    ...common(service, atMs, id, doing),
    kind: 'trail',
    span_id: spanId,
    ...(parentSpanId !== undefined && { parent_span_id: parentSpanId }),
    latency_ms: latencyMs,
    severity: status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info',
    request: { method, route, path, ...(body !== undefined && { body }) },
    response: { status, ...(answered !== undefined && { body: answered }) },
    internal_steps: steps,
    integrations: calls,
    errors: errors ?? [],
    ...(redacted && { redacted }),
  })
  return latencyMs
}

function audited(
  service: ServiceName,
  atMs: number,
  said: Readonly<Record<string, unknown>>,
  { spanId, causedBy }: { readonly spanId: string; readonly causedBy: string },
  doing: Doing,
): DemoRecord {
  const { labels, outcome, ...rest } = said
  const base = common(service, atMs, idAt(atMs, doing.chance), doing)
  return {
    ...base,
    parent_span_id: spanId,
    causation_id: causedBy,
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
