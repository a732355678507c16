/** One call over HTTP that the service makes, whichever client makes it. */
import { BodyCapture } from '../capture/body-capture.ts'
import { bodyValue } from '../capture/body-value.ts'
import { currentTrail } from '../recorder/current-trail.ts'
import type { Cut } from '../recorder/snapshot.ts'
import type { Integration } from '../recorder/step.ts'
import type { Trail } from '../recorder/trail.ts'
import { isContextHost } from '../trace-context/context-hosts.ts'
import { ACTOR_HEADER, signActor } from '../trace-context/signed-actor.ts'
import { outgoingHeaders } from '../trace-context/trace-context.ts'

type Headers = Readonly<Record<string, unknown>>

export interface HttpTarget {
  readonly method: string
  /** Absolute. */
  readonly url: string
}

/** A call takes no longer on its way. */
const ACTOR_MS_MAX = 300_000

export class HttpCall {
  readonly #trail: Trail
  readonly #integration: Integration
  readonly #target: HttpTarget
  readonly #receiver: string
  readonly #requestBody: BodyCapture | undefined
  readonly #responseBody: BodyCapture | undefined
  #requestHeaders: Headers = {}
  #response: { readonly status: number; readonly headers: Headers } | undefined

  /**
   * Undefined without a trail that is open: nobody asks what the call is for. `receiver`: the host that is connected to; a proxy, or a Host header
   * of the service's own, make it another than the URL's.
   */
  static begin(target: HttpTarget, receiver: string): HttpCall | undefined {
    const trail = currentTrail()
    if (trail === undefined || !trail.isOpen) return undefined
    const integration = trail.startIntegration({ type: 'http', name: nameOf(target) })
    return integration && new HttpCall(trail, integration, target, receiver)
  }

  constructor(trail: Trail, integration: Integration, target: HttpTarget, receiver: string) {
    const { capture } = trail.owner.options
    this.#trail = trail
    this.#integration = integration
    this.#target = target
    this.#receiver = receiver
    if (capture.requestBody) this.#requestBody = new BodyCapture(capture.requestBodyBytesMax)
    if (capture.responseBody) this.#responseBody = new BodyCapture(capture.responseBodyBytesMax)
  }

  /** Headers that carry the trace on, and to the hosts that may know it the actor; none when the recorder is told not to. */
  get propagated(): Readonly<Record<string, string>> {
    const { propagate, headerNames, contextKey } = this.#trail.owner.options
    if (!propagate) return {}
    const headers = outgoingHeaders(this.#trail.context, headerNames)
    const { traceId, parts } = this.#trail
    if (contextKey === undefined || parts.actor === undefined || !this.#mayKnowActor) return headers
    const signed = signActor(parts.actor, Date.now() + ACTOR_MS_MAX, {
      key: contextKey,
      traceId,
      way: 'http',
    })
    return signed === undefined ? headers : { ...headers, [ACTOR_HEADER]: signed }
  }

  /** Both must be named: who is connected to reads the headers, and may pass them on to whom the URL names. */
  get #mayKnowActor(): boolean {
    const { contextHosts } = this.#trail.owner.options
    return [this.#receiver, hostOf(this.#target.url)].every((host) => isContextHost(host, contextHosts))
  }

  sent(chunk: unknown, encoding?: unknown): void {
    this.#requestBody?.add(chunk, encoding)
  }

  received(chunk: unknown, encoding?: unknown): void {
    this.#responseBody?.add(chunk, encoding)
  }

  /** The answer has begun: that much is known even if nobody reads the rest. */
  answered(status: number, headers: Headers, requestHeaders: Headers): void {
    this.#requestHeaders = requestHeaders
    this.#response = { status, headers: { ...headers } } // axios takes Content-Encoding out while it decompresses
    this.#integration.update({ request: this.#requestPart(), response: this.#responsePart() })
  }

  end(error?: unknown, requestHeaders = this.#requestHeaders): void {
    this.#requestHeaders = requestHeaders
    this.#integration.end({
      request: this.#requestPart(),
      ...(this.#response !== undefined && { response: this.#responsePart() }),
      ...(error !== undefined && { error }),
    })
  }

  #requestPart(): object {
    const headers = this.#captured('request', this.#requestHeaders)
    return { ...this.#target, headers, ...bodyOf(this.#requestBody, this.#requestHeaders) }
  }

  #responsePart(): object {
    const { status, headers } = this.#response!
    const kept = this.#captured('response', headers)
    return { status, headers: kept, ...bodyOf(this.#responseBody, headers) }
  }

  #captured(side: 'request' | 'response', headers: Headers): object {
    const { owner, parts } = this.#trail
    const redacted = (parts.masked ??= new Set())
    return owner.options.headers.capture(headers, {
      path: `${this.#integration.path}/${side}/headers`,
      redacted,
    })
  }
}

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\//i

/** The absolute URL of a request to `origin`: to a proxy, the path is one already; a path that only holds one is not. */
export function urlOf(origin: string, path: string): string {
  if (ABSOLUTE.test(path)) return path
  return path.startsWith('/') ? `${origin}${path}` : `${origin}/${path}` // `*`, the `host:port` of CONNECT
}

/** The host of an absolute URL as `contextHosts` names it: without user, port and brackets. */
export function hostOf(url: string): string {
  return partsOf(url)
    .authority.replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
}

/** `GET api.example.com/users`, as people recognise it; ids in the path are part of it, the query is not. */
function nameOf({ method, url }: HttpTarget): string {
  const { authority, path } = partsOf(url)
  return `${method} ${authority}${path}`
}

/** The user is taken out of the authority alone: a path may hold an `@` too, and would name another host. */
function partsOf(url: string): { readonly authority: string; readonly path: string } {
  const rest = url.slice(url.indexOf('://') + 3)
  const [place = ''] = rest.split(/[?#]/, 1)
  const slash = place.indexOf('/')
  const authority = slash < 0 ? place : place.slice(0, slash)
  return {
    authority: authority.slice(authority.lastIndexOf('@') + 1),
    path: slash < 0 ? '' : place.slice(slash),
  }
}

function bodyOf(body: BodyCapture | undefined, headers: Headers): object {
  if (body === undefined || body.size === 0) return {}
  const cuts: Cut[] = []
  const value = bodyValue(
    body,
    { contentType: header(headers, 'content-type'), encoding: header(headers, 'content-encoding'), path: '' },
    cuts,
  )
  const [cut] = cuts
  return { body: value, body_bytes: body.size, ...(cut !== undefined && { body_sha256: cut.sha256 }) }
}

function header(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return value === undefined ? undefined : String(Array.isArray(value) ? value[0] : value)
}
