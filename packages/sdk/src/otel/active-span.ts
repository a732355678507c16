/** Where the active span of OpenTelemetry is asked for, once it was said which OpenTelemetry that is. */

/** OpenTelemetry's SpanContext, as far as it is used. */
export interface SpanIds {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  readonly traceFlags: number
  readonly traceState?: { serialize(): string } | undefined
}

/** What is used of `@opentelemetry/api`. */
export interface OpenTelemetryApi {
  readonly trace: {
    getActiveSpan(): { spanContext(): SpanIds } | undefined
  }
  isSpanContextValid(ids: SpanIds): boolean
}

let api: OpenTelemetryApi | undefined

/** From now on trails carry the ids of the span that is active when they open. `undefined` ends that. */
export function useOpenTelemetry(openTelemetry: OpenTelemetryApi | undefined): void {
  api = openTelemetry
}

export function activeSpan(): SpanIds | undefined {
  const ids = api?.trace.getActiveSpan()?.spanContext()
  return ids !== undefined && api?.isSpanContextValid(ids) ? ids : undefined
}
