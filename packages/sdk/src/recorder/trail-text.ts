/**
 * The text of a usual trail, written straight away: most of a record is the same from request to request, or safe by how it was made, and need
 * not be walked, copied and ordered again to be masked. What it gives is what seal.ts makes of the trail's draft, to the byte; a trail that
 * is in any way unusual is left to that. (trail-text.test.ts holds the two against each other.)
 */
import { redactPersonal, redactText } from '@trailproof/core'
import { inOrder } from '../capture/in-order.ts'
import { actionOf, outcomeOf, SCHEMA_NAME, severityOf } from './draft.ts'
import type { ObservedExchange } from './observed.ts'
import type { ResolvedOptions } from './options.ts'
import type { Trail } from './trail.ts'

type Members = Readonly<Record<string, unknown>>

/** More than this may be more than a ledger takes, once it is UTF-8. */
const CHARS_MAX = 65_536

/** Texts that are the same in all trails of a process. */
export class TrailText {
  readonly #options: ResolvedOptions
  readonly #place: string
  readonly #environment: string
  readonly #host: string
  readonly #service: string

  /** `place`: what stands for `stream`. */
  constructor(options: ResolvedOptions, place: string) {
    const { environment, host, service, serviceVersion } = options.producer
    this.#options = options
    this.#place = place
    this.#environment = `"environment":${JSON.stringify(environment)},`
    this.#host = host === undefined ? '' : `"host":${JSON.stringify(host)},`
    this.#service = `"schema":"${SCHEMA_NAME}","service":${JSON.stringify(service)},${
      serviceVersion === undefined ? '' : `"service_version":${JSON.stringify(serviceVersion)},`
    }`
  }

  /** Undefined for a trail that is not usual. */
  of(trail: Trail): string | undefined {
    const { parts, context } = trail
    const { observed } = parts
    if (observed === undefined || parts.request !== undefined || parts.response !== undefined)
      return undefined
    if (
      !this.#options.redactsPlainly ||
      !trail.isOrdered ||
      trail.cuts.length > 0 ||
      trail.leftOut !== undefined
    )
      return undefined
    const redacted: string[] = parts.masked === undefined ? [] : [...parts.masked]
    const free = this.#free(trail, observed, redacted)
    const ids = [trail.traceId, trail.requestId]
    const request = this.#request(observed.request, free, ids, redacted)
    const response = this.#response(observed.response, free, ids, redacted)
    if (request === undefined || response === undefined) return undefined
    const { status } = observed.response
    const outcome = outcomeOf(trail)
    const text = `{${member('action', actionOf(trail))}${member('actor', free['actor'])}${member('causation_id', trail.causationId)}${list('changes', free['changes'])}${
      this.#environment
    }"errors":${json(free['errors'])},${this.#host}"id":"${trail.id}","integrations":${json(free['integrations'])},"internal_steps":${json(
      free['internal_steps'],
    )},"kind":"trail",${member('labels', free['labels'])}"latency_ms":${trail.latencyMs},${member('message', free['message'])}"metadata":${json(
      free['metadata'],
    )},"outcome":"${outcome}",${member('parent_span_id', context.parentSpanId)}${member('reason', free['reason'])}${list(
      'redacted',
      redacted,
    )}"request":${request},"request_id":"${context.requestId}","response":${response},${this.#service}${member('session_id', parts.sessionId)}"severity":${json(
      parts.severity ?? severityOf(outcome, status),
    )},${member('source', free['source'])}"span_id":"${context.spanId}","stream":"${this.#place}",${list('targets', free['targets'])}"timestamp":"${new Date(
      trail.startedAtMs,
    ).toISOString()}","trace_id":"${context.traceId}"}`
    return text.length > CHARS_MAX || text.includes('\\ud') ? undefined : text
  }

  /** All that the application gave, and the bodies: masked by what it is. Headers and the rest of both sides are not in it. */
  #free(trail: Trail, { request, response }: ObservedExchange, redacted: string[]): Members {
    const { parts } = trail
    const { redaction } = this.#options
    const free = {
      actor: parts.actor,
      changes: parts.changes,
      errors: parts.errors,
      integrations: parts.integrations,
      internal_steps: parts.steps,
      labels: parts.labels && inOrder(parts.labels),
      message: parts.message,
      metadata: inOrder(parts.metadata),
      reason: parts.reason,
      redacted: undefined,
      request: sideOf(request.body, request.query),
      response: sideOf(response.body, undefined),
      source: parts.source,
      targets: parts.targets,
    }
    if (redaction === undefined) return free
    const masked = redactPersonal<Members>(free, redaction)
    if (masked !== free) redacted.push(...(masked['redacted'] as readonly string[]))
    return masked
  }

  #request(
    observed: ObservedExchange['request'],
    free: Members,
    ids: readonly string[],
    redacted: string[],
  ): string | undefined {
    const { body, query } = (free['request'] ?? {}) as Members
    const headers = this.#options.headers.text(observed.headers, { path: '/request/headers', ids, redacted })
    if (headers === undefined) return undefined
    return `{${member('body', body)}${member('body_bytes', observed.bodyBytes)}"headers":${headers},"http_version":"${observed.httpVersion}","method":${json(
      observed.method,
    )},"path":${this.#text(observed.path, '/request/path', redacted)}${query === undefined ? '' : `,"query":${json(query)}`}${
      observed.route === undefined ? '' : `,"route":${this.#text(observed.route, '/request/route', redacted)}`
    }}`
  }

  #response(
    observed: ObservedExchange['response'],
    free: Members,
    ids: readonly string[],
    redacted: string[],
  ): string | undefined {
    const { body } = (free['response'] ?? {}) as Members
    const { bodyBytes, complete, status } = observed
    const headers = this.#options.headers.text(observed.headers, { path: '/response/headers', ids, redacted })
    if (headers === undefined) return undefined
    return `{${member('body', body)}${member('body_bytes', bodyBytes)}${member('complete', complete)}"headers":${headers}${
      status === undefined ? '' : `,"status":${status}`
    }}`
  }

  #text(text: string, path: string, redacted: string[]): string {
    const { redaction } = this.#options
    const masked = redaction === undefined ? text : redactText(text, redaction)
    if (masked !== text) redacted.push(path)
    return JSON.stringify(masked)
  }
}

function sideOf(body: unknown, query: unknown): Members | undefined {
  return body === undefined && query === undefined ? undefined : { body, query }
}

/** `"name":value,`, or nothing. */
function member(name: string, value: unknown): string {
  return value === undefined ? '' : `"${name}":${json(value)},`
}

/** The same of a list, or nothing when it is empty. */
function list(name: string, value: unknown): string {
  return (value as readonly unknown[]).length === 0 ? '' : `"${name}":${JSON.stringify(value)},`
}

const EMPTY_LIST = '[]'

function json(value: unknown): string {
  return Array.isArray(value) && value.length === 0 ? EMPTY_LIST : JSON.stringify(value)
}
