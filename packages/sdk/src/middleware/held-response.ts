/**
 * Holds back the end of a response until its trail is safe, for deliveries that promise it: all goes out as the host wrote it, except
 * the piece that would complete the response. Where nothing has gone out yet, not even the head, it can still become a 503.
 */
import type { ServerResponse } from 'node:http'
import type { Safe } from '../delivery/delivery.ts'

type Call = readonly unknown[]

interface Originals {
  readonly writeHead: (...args: unknown[]) => ServerResponse
  readonly write: (...args: unknown[]) => boolean
  readonly end: (...args: unknown[]) => ServerResponse
}

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
  #head: Call | undefined
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
    if (this.#isReleased || response.headersSent) return this.#originals.writeHead.apply(response, [...args])
    this.#head = args
    response.statusCode = args[0] as number
    // The host may ask; for all it can tell the head is out.
    Object.defineProperty(response, 'headersSent', { value: true, configurable: true })
    return response
  }

  write(args: Call): boolean {
    if (this.#isReleased) return this.#originals.write.apply(this.#response, [...args])
    if (this.#isHolding || this.#completes(args[0], args[1])) {
      this.#hold(() => this.#originals.write.apply(this.#response, [...args]))
      return true
    }
    this.#sendHead()
    return this.#originals.write.apply(this.#response, [...args])
  }

  end(args: Call): ServerResponse {
    if (this.#isReleased) return this.#originals.end.apply(this.#response, [...args])
    this.#hold(() => this.#originals.end.apply(this.#response, [...args]))
    return this.#response
  }

  #hold(send: () => unknown): void {
    this.#waiting.push(send)
    if (this.#isHolding) return
    this.#isHolding = true
    const safe = this.#options.complete()
    if (safe === undefined) {
      this.#release()
      return
    }
    void safe.then((outcome) => this.#settle(outcome)) // never rejects
  }

  #settle(outcome: Safe): void {
    if (outcome.kind !== 'failed' || this.#options.undelivered(outcome.error) === 'pass') this.#release()
    else this.#refuse()
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
    delete (response as { headersSent?: boolean }).headersSent // the class's own again
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
    this.#originals.writeHead.call(response, 503, headers)
    this.#originals.end.call(response, body)
  }

  #sendHead(): void {
    const head = this.#head
    if (head === undefined) return
    this.#head = undefined
    delete (this.#response as { headersSent?: boolean }).headersSent // the class's own again
    this.#originals.writeHead.apply(this.#response, [...head])
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
