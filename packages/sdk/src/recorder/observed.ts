/** What the middleware saw of a request over HTTP, before it is written down. */
import type { HeaderCapture } from '../capture/header-capture.ts'
import { inOrder } from '../capture/in-order.ts'
import type { Json } from './snapshot.ts'

type Members = Readonly<Record<string, unknown>>

export interface ObservedExchange {
  readonly request: ObservedRequest
  readonly response: ObservedResponse
}

export interface ObservedRequest {
  readonly body: Json | undefined
  readonly bodyBytes: number | undefined
  /** As the server or framework holds them. */
  readonly headers: Members
  readonly httpVersion: string
  readonly method: string
  readonly path: string
  readonly query: Json | undefined
  readonly route: string | undefined
}

export interface ObservedResponse {
  readonly body: Json | undefined
  readonly bodyBytes: number | undefined
  /** Undefined: yes. */
  readonly complete: false | undefined
  readonly headers: Members
  readonly status: number | undefined
}

/** The record's `request`: what was observed, and over it what the application said itself. `redacted`: where headers were masked. */
export function requestMembers(
  observed: ObservedRequest,
  said: Members | undefined,
  headers: HeaderCapture,
  redacted: Set<string>,
): Members {
  return withSaid(said, {
    body: observed.body,
    body_bytes: observed.bodyBytes,
    headers: headers.capture(observed.headers, { path: '/request/headers', redacted }),
    http_version: observed.httpVersion,
    method: observed.method,
    path: observed.path,
    query: observed.query,
    route: observed.route,
  })
}

/** The record's `response`, likewise. */
export function responseMembers(
  observed: ObservedResponse,
  said: Members | undefined,
  headers: HeaderCapture,
  redacted: Set<string>,
): Members {
  return withSaid(said, {
    body: observed.body,
    body_bytes: observed.bodyBytes,
    complete: observed.complete,
    headers: headers.capture(observed.headers, { path: '/response/headers', redacted }),
    status: observed.status,
  })
}

function withSaid(said: Members | undefined, observed: Members): Members {
  return said === undefined ? observed : inOrder({ ...observed, ...said })
}
