/**
 * One request and its response on Node's HTTP server, observed without altering or delaying a byte. Every framework on Node comes
 * down to these two objects, so this is the one place that knows when a request is over.
 */
import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http'
import { BodyCapture } from '../capture/body-capture.ts'
import { bodyValue } from '../capture/body-value.ts'
import { pathOf, queryOf } from '../capture/query-string.ts'
import type { Safe } from '../delivery/delivery.ts'
import type { Recorder } from '../recorder/recorder.ts'
import type { Json } from '../recorder/snapshot.ts'
import type { Trail } from '../recorder/trail.ts'
import { ACTOR_HEADER, verifyActor } from '../trace-context/signed-actor.ts'
import { clientAddress } from './client-address.ts'
import { HeldResponse } from './held-response.ts'
import { Originals, type ResponseMethods } from './response-methods.ts'

/** Where an exchange is found from its response, whoever opened it: two middlewares on one request share one trail. */
const EXCHANGE = Symbol.for('trailproof.exchange.v1')

type Members = Readonly<Record<string, unknown>>

type Observed = ServerResponse & { [EXCHANGE]?: HttpExchange }

export interface ExchangeOptions {
  /** How the response tells the trace and request ids; default: as headers set on it. */
  readonly echo?: (name: string, value: string) => void
}

/** Opens the trail of a request, or finds the one it has. Undefined for requests that make none. */
export function openExchange(
  recorder: Recorder,
  request: IncomingMessage,
  response: ServerResponse,
  options: ExchangeOptions = {},
): HttpExchange | undefined {
  const observed = response as Observed
  const known = observed[EXCHANGE]
  try {
    if (known !== undefined) {
      known.adopt(recorder)
      return known
    }
    const { method = '', url = '' } = request
    if (recorder.ignores(method, pathOf(url))) return undefined
    const exchange = new HttpExchange(recorder, request, response)
    observed[EXCHANGE] = exchange
    try {
      exchange.observe(options)
    } catch (error) {
      Reflect.deleteProperty(observed, EXCHANGE)
      exchange.giveUp()
      throw error
    }
    return exchange
  } catch (error) {
    recorder.fault('middleware', error)
    return known
  }
}

/** The exchange that `openExchange` opened for this response. */
export function exchangeOf(response: ServerResponse): HttpExchange | undefined {
  return (response as Observed)[EXCHANGE]
}

export class HttpExchange {
  readonly trail: Trail
  /** The route's template, told by the framework's adapter; asked when the request is over. */
  routeOf: (() => string | undefined) | undefined
  #recorder: Recorder
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #method: string
  readonly #url: string
  /** @internal Used by the functions that stand in for the response's own. */
  readonly originals: Originals
  /** @internal Headers that went to writeHead and nowhere else. */
  headArguments: unknown
  /** @internal Whether the host ended the response itself, not the stream under it. */
  wasEnded = false
  #requestBody: BodyCapture | undefined
  #responseBody: BodyCapture | undefined
  #held: HeldResponse | undefined
  #failed: unknown
  /** Whether the response went out whole. */
  #isComplete = false

  constructor(recorder: Recorder, request: IncomingMessage, response: ServerResponse) {
    this.#recorder = recorder
    this.#request = request
    this.#response = response
    this.#method = request.method ?? ''
    this.#url = request.url ?? '' // frameworks rewrite it while they route
    const { headers } = request
    this.originals = new Originals(response)
    this.trail = recorder.openTrail({}, (name) => singleHeader(headers[name]))
  }

  /** @internal Tells the ids and begins to watch; throws what the host's request or response do. */
  observe({ echo }: ExchangeOptions): void {
    const recorder = this.#recorder
    const request = this.#request
    const response = this.#response
    const { headers } = request
    this.trail.parts.source = clientAddress(request, recorder.options.capture.trustedProxies)
    const { headerNames, contextKey } = recorder.options
    if (contextKey !== undefined) {
      const signed = singleHeader(headers[ACTOR_HEADER])
      const seal = { key: contextKey, traceId: this.trail.traceId, way: 'http' } as const
      this.trail.parts.actor = verifyActor(signed, Date.now(), seal)
    }
    const tell = echo ?? ((name: string, value: string) => void response.setHeader(name, value))
    if (!response.headersSent) {
      tell(headerNames.traceId, this.trail.traceId)
      tell(headerNames.requestId, this.trail.requestId)
    }
    const methods = response as unknown as ResponseMethods
    methods.writeHead = observedWriteHead
    methods.write = observedWrite
    methods.end = observedEnd
    methods.flushHeaders = observedFlushHeaders
    response.on('close', onClose)
    // However it ends: should the process end before there is a response, what was asked is known all the same.
    this.trail.parts.describe = () => this.#describe()
    if (!recorder.isUnrecorded(this.trail)) this.#captureBodies()
  }

  /** @internal Nothing can be watched: the response is the host's own again, and the record says why there is no more in it. */
  giveUp(): void {
    this.originals.restore()
    void this.trail.abandon({ code: 'not_observed', message: 'the request could not be observed' })
  }

  /** A middleware with a recorder of its own has the say over one that found the request before it, as automatic mode does. */
  adopt(recorder: Recorder): void {
    if (recorder === this.#recorder || !this.trail.isOpen) return
    this.#recorder = recorder
    recorder.adopt(this.trail)
  }

  /** Runs `fn`, and whatever it starts, as part of the trail. */
  run<Result>(fn: () => Result): Result {
    return this.trail.run(fn)
  }

  /** Something the framework caught, or would have passed on; the same is noted once, whoever tells of it. */
  fail(error: unknown): void {
    if (this.#failed !== undefined && this.#failed === error) return
    this.#failed = error
    this.trail.addError(error)
  }

  /** @internal */
  captureResponse(chunk: unknown, encoding: unknown): void {
    this.#responseBody?.add(chunk, encoding)
  }

  /** @internal What holds the response back, where its delivery must be sure first. */
  get held(): HeldResponse | undefined {
    if (this.#held !== undefined) return this.#held
    const mode = this.trail.parts.delivery ?? this.#recorder.options.delivery
    if (mode === 'async' || this.#recorder.isUnrecorded(this.trail)) return undefined
    this.#held = new HeldResponse(this.#response, this.originals, {
      complete: () => this.#complete(),
      undelivered: (error) => this.#undelivered(mode, error),
    })
    return this.#held
  }

  /** @internal The response is over, one way or another. */
  closed(): void {
    if (!this.trail.isOpen) return
    if (isFinished(this.#response)) {
      void this.#complete()
      return
    }
    void this.trail.abandon(abandonment(this.#request, this.#response))
  }

  #complete(): Promise<Safe> | undefined {
    this.#isComplete = true
    return this.trail.finish()
  }

  #undelivered(mode: 'disk' | 'ack', error: unknown): 'fail' | 'pass' {
    return this.#recorder.undelivered(this.trail, mode, error)
  }

  /** Writes what was observed into the trail. */
  #describe(): void {
    if (this.#recorder.isUnrecorded(this.trail)) return
    const { parts } = this.trail
    const request = this.#request
    const response = this.#response
    const sent = streamHeaders(response)
    const set = sentHeaders(response, this.headArguments)
    const responseHeaders = sent === undefined ? set : { ...set, ...sent.headers }
    // A stream that the host wrote to itself: nothing was seen of its body, which does not mean that there was none.
    const isUnseen = sent !== undefined && !this.wasEnded
    parts.observed = {
      request: {
        body: this.#body(this.#requestBody, '/request/body', request.headers),
        bodyBytes: this.#requestBody?.size,
        headers: request.headers,
        httpVersion: request.httpVersion,
        method: this.#method,
        path: pathOf(this.#url).toWellFormed(),
        query: this.trail.take(queryOf(this.#url), '/request/query'),
        route: this.#route(),
      },
      response: {
        body: this.#body(this.#responseBody, '/response/body', responseHeaders),
        bodyBytes: isUnseen ? undefined : this.#responseBody?.size,
        complete: this.#isComplete ? undefined : false,
        headers: responseHeaders,
        status: this.#isComplete || response.headersSent ? (sent?.status ?? response.statusCode) : undefined,
      },
    }
  }

  #body(body: BodyCapture | undefined, path: string, headers: Members): Json | undefined {
    if (body === undefined) return undefined
    const value = bodyValue(body, described(path, headers), this.trail.cuts)
    return typeof value === 'object' ? this.trail.take(value, path) : (value as Json | undefined)
  }

  #route(): string | undefined {
    try {
      return this.routeOf?.() ?? this.trail.parts.route
    } catch (error) {
      this.#recorder.fault('route', error)
      return undefined
    }
  }

  #captureBodies(): void {
    const { requestBody, requestBodyBytesMax, responseBody, responseBodyBytesMax } =
      this.#recorder.options.capture
    if (responseBody) this.#responseBody = new BodyCapture(responseBodyBytesMax)
    const request = this.#request
    if (!hasBody(request)) return
    const body = requestBody ? new BodyCapture(requestBodyBytesMax) : undefined
    this.#requestBody = body
    const { push } = request as { push: (this: IncomingMessage, ...args: unknown[]) => boolean }
    // The parser hands over each piece of the body here, before anybody reads it and whether or not anybody does; what listens to it is
    // part of the trail, though the parser is not.
    request.push = (chunk: unknown, encoding?: BufferEncoding) => {
      body?.add(chunk, encoding)
      return this.trail.run(() => push.call(request, chunk, encoding))
    }
  }
}

/** HTTP/1 says so in its headers; HTTP/2 by not ending the stream with them. */
function hasBody(request: IncomingMessage): boolean {
  const { headers } = request
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return true
  const { stream } = request as { readonly stream?: { readonly endAfterHeaders?: boolean } }
  return stream?.endAfterHeaders === false
}

function observedWriteHead(this: Observed, ...args: unknown[]): ServerResponse {
  const { originals, held } = this[EXCHANGE]!
  if (originals.isPassing) return originals.writeHead(args)
  const headers = args[args.length - 1]
  if (typeof headers === 'object' && headers !== null) this[EXCHANGE]!.headArguments = headers
  return held === undefined ? originals.writeHead(args) : held.writeHead(args)
}

function observedFlushHeaders(this: Observed): void {
  const { originals, held } = this[EXCHANGE]!
  if (held === undefined || originals.isPassing) originals.flushHeaders()
  else held.flushHeaders()
}

function observedWrite(this: Observed, ...args: unknown[]): boolean {
  const exchange = this[EXCHANGE]!
  const { originals } = exchange
  if (originals.isPassing) return originals.write(args)
  exchange.captureResponse(args[0], args[1])
  const { held } = exchange
  return held === undefined ? originals.write(args) : held.write(args)
}

function observedEnd(this: Observed, ...args: unknown[]): ServerResponse {
  const exchange = this[EXCHANGE]!
  const { originals } = exchange
  if (originals.isPassing) return originals.end(args)
  exchange.wasEnded = true
  if (args[0] !== undefined && args[0] !== null && typeof args[0] !== 'function')
    exchange.captureResponse(args[0], args[1])
  const { held } = exchange
  return held === undefined ? originals.end(args) : held.end(args)
}

function onClose(this: Observed): void {
  this[EXCHANGE]!.closed()
}

function described(path: string, headers: Members) {
  return {
    contentType: singleHeader(headers['content-type']),
    encoding: singleHeader(headers['content-encoding']),
    path,
  }
}

function singleHeader(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return singleHeader(value[0])
  return typeof value === 'number' ? String(value) : undefined
}

/** Headers set one by one, and those that only writeHead was given: an object, a flat list, or a list of pairs. */
function sentHeaders(response: ServerResponse, given: unknown): Readonly<Record<string, unknown>> {
  const set = response.getHeaders()
  if (typeof given !== 'object' || given === null) return set
  const merged: Record<string, OutgoingHttpHeader | undefined> = { ...set }
  const add = (name: unknown, value: unknown): void => {
    merged[String(name).toLowerCase()] = value as OutgoingHttpHeader // as Node took it
  }
  if (!Array.isArray(given)) for (const [name, value] of Object.entries(given)) add(name, value)
  else if (Array.isArray(given[0])) for (const [name, value] of given as unknown[][]) add(name, value)
  else for (let i = 0; i + 1 < given.length; i += 2) add(given[i], given[i + 1])
  return merged
}

/** HTTP/2 tells it of the stream, where the host answered on that itself. */
function isFinished(response: ServerResponse): boolean {
  if (response.writableFinished) return true
  const { stream } = response as { readonly stream?: Http2Stream }
  return stream?.sentHeaders !== undefined && stream.writableFinished === true && stream.rstCode === 0
}

/** What is used of one. */
interface Http2Stream {
  readonly sentHeaders?: Members
  readonly writableFinished?: boolean
  readonly rstCode?: number
}

/** What HTTP/2 sent, which a host may have done on the stream itself: `response.stream.respond(…)`. */
function streamHeaders(response: ServerResponse): { status: number; headers: Members } | undefined {
  const { stream } = response as { readonly stream?: Http2Stream }
  const sent = stream?.sentHeaders
  const status = sent?.[':status']
  if (sent === undefined || typeof status !== 'number') return undefined
  return {
    status,
    headers: Object.fromEntries(Object.entries(sent).filter(([name]) => !name.startsWith(':'))),
  }
}

function abandonment(request: IncomingMessage, response: ServerResponse): { code: string; message: string } {
  const error = response.errored ?? request.errored
  const { code } = (error ?? {}) as { readonly code?: string }
  if (error !== null && code !== 'ECONNRESET')
    return { code: code ?? 'response_failed', message: `the response was broken off: ${error.message}` }
  return response.headersSent
    ? { code: 'client_disconnected', message: 'the client disconnected before the response was complete' }
    : { code: 'client_disconnected', message: 'the client disconnected before there was a response' }
}
