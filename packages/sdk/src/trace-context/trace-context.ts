/** Which trace a request belongs to: from its headers, or new; and the headers that carry it on. */
import { hash } from 'node:crypto'
import { newSpanId, newTraceId } from './ids.ts'
import { formatTraceparent, parseTraceparent, usableTracestate } from './traceparent.ts'

export interface TraceContext {
  /** As the caller named it, or 32 hex digits. */
  readonly traceId: string
  readonly requestId: string
  /** 16 hex digits; this piece of work. */
  readonly spanId: string
  /** The caller's span, where it sent one. */
  readonly parentSpanId: string | undefined
  /** The trace id of the headers traceparent: `traceId` where that is fit for it. */
  readonly w3cTraceId: string
  /** Two hex digits. */
  readonly flags: string
  readonly tracestate: string | undefined
}

/** Names of headers, in lower case. */
export interface TraceHeaderNames {
  /** Default `x-trace-id`. */
  readonly traceId: string
  /** Default `x-request-id`. */
  readonly requestId: string
}

export type HeaderReader = (name: string) => string | undefined

/** Ids from outside: visible ASCII that needs no quoting anywhere, at most 128 characters. */
const ID = /^[A-Za-z0-9_.:@/+=~-]{1,128}$/
const HEX_32 = /^[0-9a-f]{32}$/
const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/

/**
 * The first of X-Trace-ID, traceparent, X-Request-ID and X-Correlation-ID that is fit to be an id names the trace; without any
 * it is new. What is not fit is passed over: an id with a newline or of a megabyte would end up in every line.
 */
export function incomingContext(header: HeaderReader, names: TraceHeaderNames): TraceContext {
  const parent = parseTraceparent(header('traceparent'))
  const requested = idOf(header(names.requestId))
  const named =
    idOf(header(names.traceId)) ?? parent?.traceId ?? requested ?? idOf(header('x-correlation-id'))
  const traceId = named ?? newTraceId()
  return {
    traceId,
    requestId: requested ?? newSpanId(),
    spanId: newSpanId(),
    parentSpanId: parent?.parentId,
    w3cTraceId: parent?.traceId ?? w3cTraceIdOf(traceId),
    flags: parent?.flags ?? '01',
    tracestate: parent === undefined ? undefined : usableTracestate(header('tracestate')),
  }
}

/** A trace that nobody began before. */
export function newContext(): TraceContext {
  const traceId = newTraceId()
  return {
    traceId,
    requestId: newSpanId(),
    spanId: newSpanId(),
    parentSpanId: undefined,
    w3cTraceId: traceId,
    flags: '01',
    tracestate: undefined,
  }
}

/** What an outgoing call carries. */
export function outgoingHeaders(context: TraceContext, names: TraceHeaderNames): Record<string, string> {
  const { w3cTraceId, spanId, flags, tracestate } = context
  const headers: Record<string, string> = {
    traceparent: formatTraceparent({ traceId: w3cTraceId, parentId: spanId, flags }),
    [names.requestId]: context.requestId,
  }
  if (tracestate !== undefined) headers['tracestate'] = tracestate
  if (context.traceId !== w3cTraceId) headers[names.traceId] = context.traceId
  return headers
}

/** The text when it is fit to be an id. */
export function idOf(text: string | undefined): string | undefined {
  return text !== undefined && ID.test(text) ? text : undefined
}

/** The same for the same id, in every service: those that only read traceparent still find each other. */
function w3cTraceIdOf(traceId: string): string {
  if (HEX_32.test(traceId) && /[^0]/.test(traceId)) return traceId
  if (UUID.test(traceId)) return traceId.replaceAll('-', '').toLowerCase()
  return hash('sha256', traceId).slice(0, 32)
}
