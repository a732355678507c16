/**
 * Requests to one server over connections of our own: not `fetch`, which hosts instrument and replace in tests. They are
 * kept alive, keep no process alive, and belong to no request of the host.
 */
import http, { type ClientRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http'
import https from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import { outsideRequests } from '../delivery/outside-requests.ts'
import { markOwnTraffic } from './own-traffic.ts'

/** What TLS takes from the caller, as for `tls.connect`. */
export type TlsOptions = Pick<
  ConnectionOptions,
  | 'ca'
  | 'cert'
  | 'key'
  | 'pfx'
  | 'passphrase'
  | 'servername'
  | 'rejectUnauthorized'
  | 'minVersion'
  | 'ciphers'
>

export interface HttpCall {
  readonly method: 'GET' | 'POST'
  /** With its query; joined to the path of the server's URL. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Whether the process stays alive for the answer: where somebody awaits it. Default false. */
  readonly keepsAlive?: boolean
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** One for each lane of delivery, and some for questions. */
const CONNECTIONS_MAX = 4
/** More than any answer of ours. */
const ANSWER_BYTES_MAX = 64 * 2 ** 20

// As they were when the SDK was loaded: who replaces them later means the host's requests.
const requestOf = { 'http:': http.request, 'https:': https.request }

export class HttpClient {
  readonly #url: URL
  readonly #agent: http.Agent
  readonly #tls: TlsOptions

  /** Throws a TypeError for what is not the URL of a server. */
  constructor(url: string | URL, tls: TlsOptions = {}) {
    this.#url = new URL(url)
    const { protocol } = this.#url
    if (protocol !== 'http:' && protocol !== 'https:')
      throw new TypeError(`${String(url)} is not http or https`)
    const options = { keepAlive: true, maxSockets: CONNECTIONS_MAX, maxFreeSockets: CONNECTIONS_MAX }
    this.#agent = markOwnTraffic(protocol === 'http:' ? new http.Agent(options) : new https.Agent(options))
    this.#tls = tls
  }

  /** Rejects when there is no whole answer: what became of the request is not known then. */
  async send(call: HttpCall): Promise<HttpAnswer> {
    for (let stale = 0; ; stale++) {
      const tried = await this.#try(call)
      if (tried.kind === 'answer') return tried.answer
      // The server closed an idle connection as we took it. Not tried often: each one can only be stale once.
      if (!tried.isStale || stale >= CONNECTIONS_MAX) throw tried.error
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #try(call: HttpCall): Promise<Tried> {
    return new Promise((resolve) => {
      const { method, path, headers, body, timeoutMs, signal, keepsAlive = false } = call
      const options: RequestOptions & TlsOptions = {
        ...this.#tls,
        method,
        agent: this.#agent,
        headers: { ...headers, ...(body && { 'content-length': String(body.length) }) },
      }
      const url = new URL(this.#url.pathname.replace(/\/+$/, '') + path, this.#url)
      const request: ClientRequest = outsideRequests(() =>
        requestOf[this.#url.protocol as 'http:' | 'https:'](url, options),
      )
      const stop = (): void => void request.destroy(signal?.reason as Error)
      const timer = setTimeout(
        () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)),
        timeoutMs,
      )
      if (!keepsAlive) timer.unref()
      const done = (tried: Tried): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', stop)
        resolve(tried)
      }
      const failed = (error: Error): void =>
        done({ kind: 'failed', error, isStale: request.reusedSocket && isReset(error) })
      request.on('socket', (socket) => socket.unref())
      request.on('error', failed)
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          bytes += chunk.length
          if (bytes > ANSWER_BYTES_MAX)
            request.destroy(new Error(`an answer of more than ${ANSWER_BYTES_MAX} bytes`))
        })
        response.on('error', failed)
        response.on('end', () => {
          const { statusCode = 0, headers: answered } = response
          const text = Buffer.concat(chunks).toString()
          done({ kind: 'answer', answer: { status: statusCode, headers: answered, text } })
        })
      })
      if (signal?.aborted === true) return stop()
      signal?.addEventListener('abort', stop, { once: true })
      request.end(body)
    })
  }
}

type Tried =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  | { readonly kind: 'failed'; readonly error: Error; readonly isStale: boolean }

function isReset({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE'
}

/** What Retry-After says, in seconds or as a date (RFC 9110, 10.2.3). */
export function retryAfterMs({ headers }: HttpAnswer): number | undefined {
  const value = headers['retry-after']
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value) ? 1000 * Number(value) : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
