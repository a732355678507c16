/**
 * Holds back the end of a response until its trail is safe, for deliveries that promise it: all goes out as the host wrote it, except
 * the piece that would complete the response. Where nothing has gone out yet, not even the head, it can still become a 503.
 */
import { ServerResponse } from 'node:http'
import type { Safe } from '../delivery/delivery.ts'
import { report } from '../recorder/diagnostics.ts'
import { FrozenResponse } from './frozen-response.ts'
import type { Originals } from './response-methods.ts'

type Call = readonly unknown[]

export interface HoldOptions {
  /** The response is known: seals the trail, and tells when it is safe. */
  complete(): Promise<Safe> | undefined
  /** It did not become safe: whether the response goes out all the same. */
  undelivered(error: unknown): 'fail' | 'pass'
}

export class HeldResponse {
  readonly #response: ServerResponse
  readonly #originals: Originals
  readonly #options: HoldOptions
  /** What writeHead was given, until it goes out. */
  #head: Call | undefined
  #frozen: FrozenResponse | undefined
  readonly #waiting: (() => unknown)[] = []
  #isHolding = false
  #isReleased = false
  #bytesWritten = 0

  constructor(response: ServerResponse, originals: Originals, options: HoldOptions) {
    this.#response = response
    this.#originals = originals
    this.#options = options
  }

  /** Kept until there is more: a head that has gone out cannot become a 503. */
  writeHead(args: Call): ServerResponse {
    const response = this.#response
    if (this.#isReleased || response.headersSent) return this.#originals.writeHead(args)
    assertHead(response, args)
    response.statusCode = args[0] as number
    if (typeof args[1] === 'string') response.statusMessage = args[1]
    this.#head = args
    this.#frozen ??= new FrozenResponse(response)
    return response
  }

  flushHeaders(): void {
    if (this.#isHolding && !this.#isReleased) return // they go out with the rest
    this.#sendHead()
    this.#originals.flushHeaders()
  }

  write(args: Call): boolean {
    if (this.#isReleased || !isChunk(args[0])) return this.#originals.write(args) // which throws for what is none
    if (this.#isHolding || this.#completes(args[0], args[1])) {
      this.#hold(() => this.#originals.write(args))
      return true
    }
    this.#sendHead()
    return this.#originals.write(args)
  }

  end(args: Call): ServerResponse {
    const [chunk] = args
    const isNone = chunk === undefined || chunk === null || typeof chunk === 'function'
    if (this.#isReleased || !(isNone || isChunk(chunk))) return this.#originals.end(args)
    this.#hold(() => this.#originals.end(args))
    this.#frozen!.end()
    return this.#response
  }

  #hold(send: () => unknown): void {
    this.#waiting.push(send)
    if (this.#isHolding) return
    this.#isHolding = true
    const safe = this.#options.complete()
    this.#frozen ??= new FrozenResponse(this.#response)
    void this.#settle(safe)
  }

  /** Without a promise nothing has to be waited for: sampling left the trail out. */
  async #settle(safe: Promise<Safe> | undefined): Promise<void> {
    const outcome = await safe // never rejects
    try {
      if (outcome?.kind !== 'failed' || this.#options.undelivered(outcome.error) === 'pass') this.#release()
      else this.#refuse()
    } catch (error) {
      // What Node refuses only now. The host's code has long gone on: nobody but the client can be told.
      report({ kind: 'fault', where: 'held response', error })
      this.#response.destroy()
    }
  }

  #release(): void {
    this.#isReleased = true
    this.#sendHead()
    for (const send of this.#waiting.splice(0)) send()
  }

  /** 503 where nothing has gone out; else the connection is cut, so that nobody takes the response for complete. */
  #refuse(): void {
    this.#isReleased = true
    this.#waiting.length = 0
    const response = this.#response
    this.#thaw()
    if (response.headersSent) {
      response.destroy(new Error('the trail of this request could not be recorded'))
      return
    }
    for (const name of response.getHeaderNames()) if (!KEPT.has(name)) response.removeHeader(name)
    const body = JSON.stringify({
      type: 'about:blank',
      title: 'The request could not be recorded',
      status: 503,
      detail: 'This service answers only what its audit trail has safely recorded. Try again.',
    })
    const headers = {
      'content-type': 'application/problem+json',
      'content-length': body.length,
      'retry-after': '1',
    }
    response.statusMessage = ''
    this.#originals.writeHead([503, headers])
    this.#originals.end([body])
  }

  #sendHead(): void {
    this.#thaw()
    const head = this.#head
    this.#head = undefined
    if (head !== undefined) this.#originals.writeHead(head)
  }

  #thaw(): void {
    this.#frozen?.thaw()
    this.#frozen = undefined
  }

  /** Whether the client has all that Content-Length promises with this piece: it would not wait for `end`. */
  #completes(chunk: unknown, encoding: unknown): boolean {
    if (typeof chunk === 'string')
      this.#bytesWritten += Buffer.byteLength(
        chunk,
        typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8',
      )
    else if (chunk instanceof Uint8Array) this.#bytesWritten += chunk.length
    const promised = Number(
      this.#response.getHeader('content-length') ?? lengthIn(this.#head?.at(-1)) ?? Number.NaN,
    )
    return this.#bytesWritten >= promised
  }
}

/** Throws at once what Node would throw for this head, were it not kept. */
function assertHead(response: ServerResponse, args: Call): void {
  // HTTP/2's is a class of its own.
  if (response instanceof ServerResponse) {
    const unsent = new ServerResponse(response.req)
    unsent.writeHead(...(args as Parameters<ServerResponse['writeHead']>))
  }
}

function isChunk(value: unknown): boolean {
  return typeof value === 'string' || value instanceof Uint8Array
}

/** Headers that a refusal keeps: who may read it, and the ids to ask about it. */
const KEPT: ReadonlySet<string> = new Set([
  'x-trace-id',
  'x-request-id',
  'vary',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
])

/** Content-Length among the headers that writeHead was given. */
function lengthIn(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return undefined
  const pairs: readonly (readonly unknown[])[] = !Array.isArray(headers)
    ? Object.entries(headers)
    : Array.isArray(headers[0])
      ? (headers as unknown[][])
      : headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]]] : []))
  return pairs.find(([name]) => String(name).toLowerCase() === 'content-length')?.[1]
}
