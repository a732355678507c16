/**
 * Turns the spans of OpenTelemetry's own instrumentations into integrations and steps of the trail that they belong to, so that every
 * library that is instrumented for OpenTelemetry is in the trail.
 */
import { currentScope } from '../recorder/scope.ts'
import type { IntegrationType, Step } from '../recorder/step.ts'
import type { Trail } from '../recorder/trail.ts'

/** OpenTelemetry's times: seconds and nanoseconds. */
type HrTime = readonly [seconds: number, nanoseconds: number]

/** What is read of OpenTelemetry's ReadableSpan. */
export interface EndedSpan {
  readonly name: string
  /** INTERNAL 0, SERVER 1, CLIENT 2, PRODUCER 3, CONSUMER 4 */
  readonly kind: number
  readonly attributes: Readonly<Record<string, unknown>>
  /** UNSET 0, OK 1, ERROR 2 */
  readonly status: { readonly code: number; readonly message?: string }
  readonly duration: HrTime
  readonly events: readonly {
    readonly name: string
    readonly attributes?: Readonly<Record<string, unknown>>
  }[]
}

/** OpenTelemetry's SpanProcessor. */
export interface TrailSpanProcessor {
  onStart(span: object): void
  onEnd(span: EndedSpan): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

export interface SpanProcessorOptions {
  /** Spans that do not go into the trail. Default: none. */
  readonly ignore?: ((span: EndedSpan) => boolean) | undefined
}

const CLIENT = 2
const PRODUCER = 3
const INTERNAL = 0

/** Give it to the tracer provider: `new NodeTracerProvider({ spanProcessors: [trailSpanProcessor()] })`. */
export function trailSpanProcessor({ ignore = () => false }: SpanProcessorOptions = {}): TrailSpanProcessor {
  // A span ends in another context than it began in; where it belongs was known at its beginning.
  const places = new WeakMap<object, { readonly trail: Trail; readonly step: Step | undefined }>()
  return {
    onStart(span) {
      const scope = currentScope()
      if (scope !== undefined) places.set(span, { trail: scope.trail as Trail, step: scope.step })
    },
    onEnd(span) {
      const place = places.get(span)
      if (place === undefined || !place.trail.isOpen || ignore(span)) return
      addSpan(span, place.trail, place.step)
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}

function addSpan(span: EndedSpan, trail: Trail, step: Step | undefined): void {
  const latencyMs = span.duration[0] * 1_000 + span.duration[1] / 1_000_000
  const error = errorOf(span)
  switch (span.kind) {
    case CLIENT:
    case PRODUCER:
      trail.addIntegration({
        type: typeOf(span.attributes),
        name: span.name,
        request: span.attributes,
        latencyMs,
        ...(error !== undefined && { error }),
      })
      return
    case INTERNAL:
      trail.addStep(span.name, {
        latencyMs,
        parent: step,
        request: span.attributes,
        ...(error !== undefined && { error }),
      })
  }
}

/** By the attributes of OpenTelemetry's semantic conventions, old names and new. */
function typeOf(attributes: Readonly<Record<string, unknown>>): IntegrationType {
  const has = (...names: readonly string[]): boolean => names.some((name) => attributes[name] !== undefined)
  const system = attributes['db.system.name'] ?? attributes['db.system']
  if (system === 'redis' || system === 'memcached') return 'cache'
  if (system !== undefined) return 'database'
  if (attributes['messaging.system'] === 'kafka') return 'kafka'
  if (has('messaging.system')) return 'messaging'
  if (attributes['rpc.system'] === 'grpc' || attributes['rpc.system.name'] === 'grpc') return 'grpc'
  return has('http.request.method', 'http.method', 'url.full', 'http.url') ? 'http' : 'custom'
}

function errorOf({ status, events }: EndedSpan): { message: string; name: string } | undefined {
  if (status.code !== 2) return undefined
  const thrown = events.find(({ name }) => name === 'exception')?.attributes
  const message = thrown?.['exception.message'] ?? status.message ?? 'the span ended with an error'
  const type = thrown?.['exception.type']
  return {
    message: typeof message === 'string' ? message : 'the span ended with an error',
    name: typeof type === 'string' ? type : 'Error',
  }
}
