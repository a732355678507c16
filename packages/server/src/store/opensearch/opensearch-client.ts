/** Requests to the first host of a cluster that answers, and what its errors mean to us. */
import { setTimeout as delay } from 'node:timers/promises'
import { TrailproofError } from '../../trailproof-error.ts'
import type { ResolvedOpenSearchOptions } from './opensearch-options.ts'

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below the host, encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number>>
  /** JSON, or lines of JSON that were written already. */
  readonly body?: object | string
  /** Default: the option. */
  readonly timeoutMs?: number
  /** Error statuses that the caller tells apart; every other one is thrown. */
  readonly expects?: readonly number[]
  /** Whether sending it twice does what sending it once does: then a lost answer is no reason to give up. */
  readonly isRepeatable: boolean
}

export interface Answer<Body> {
  readonly status: number
  readonly body: Body
}

interface Cause {
  readonly type?: string
  readonly reason?: string
}

/** What an answer says when something failed. */
export interface Failure {
  readonly error?: (Cause & { readonly root_cause?: readonly Cause[] }) | string
}

/** Rounds through all hosts for what may be sent again. */
const ROUNDS = 2
const BACKOFF_MS = 100

export class OpenSearchClient {
  readonly #options: ResolvedOpenSearchOptions
  /** The host that answered last. */
  #current = 0

  constructor(options: ResolvedOpenSearchOptions) {
    this.#options = options
  }

  /**
   * `Body` is what the documented API answers with. Rejects with STORE_UNAVAILABLE when no host answers, OVERLOADED when
   * the cluster has too much to do (both retryable), BAD_SETTING when it lets nobody in, and STORE_REFUSED else.
   */
  async request<Body>(request: Request): Promise<Answer<Body>> {
    const { origins } = this.#options
    let last: unknown
    for (let attempt = 0; attempt < ROUNDS * origins.length; attempt++) {
      const at = (this.#current + attempt) % origins.length
      if (attempt >= origins.length) await delay(BACKOFF_MS)
      try {
        const answer = await this.#send<Body>(origins[at]!, request)
        this.#current = at
        return answer
      } catch (error) {
        if (!(error instanceof TrailproofError) || error.code !== 'STORE_UNAVAILABLE') throw error
        if (!request.isRepeatable && !wasNotSent(error.cause)) throw error
        if (isTimeout(error.cause)) throw error
        last = error
      }
    }
    throw last
  }

  async #send<Body>(origin: string, request: Request): Promise<Answer<Body>> {
    const { authorization, requestTimeoutMs } = this.#options
    const { method, path, query = {}, body, timeoutMs = requestTimeoutMs } = request
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) search.set(name, String(value))
    const url = `${origin}${path}${search.size === 0 ? '' : `?${search.toString()}`}`
    const what = `${method} ${path}`
    try {
      const response = await fetch(url, {
        method,
        headers: {
          ...(body !== undefined && {
            'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json',
          }),
          ...(authorization !== undefined && { authorization }),
        },
        body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(Math.ceil(timeoutMs)),
      })
      const text = await response.text()
      if (response.ok || request.expects?.includes(response.status))
        return { status: response.status, body: JSON.parse(text) as Body }
      throw refusal(what, response.status, text)
    } catch (error) {
      if (error instanceof TrailproofError) throw error
      throw unavailable(what, error)
    }
  }
}

/** What a status other than the expected ones means. */
export function refusal(what: string, status: number, text: string): TrailproofError {
  const { type, reason } = failureIn(text)
  const message = `OpenSearch: ${what}: ${status} ${type}: ${reason}`
  if (status === 429) return new TrailproofError('OVERLOADED', message, { retryable: true })
  // A disk at its flood stage blocks writes until there is room again.
  if (status >= 500 || type === 'cluster_block_exception')
    return new TrailproofError('STORE_UNAVAILABLE', message, { retryable: true })
  if (status === 401 || status === 403) return new TrailproofError('BAD_SETTING', message)
  return new TrailproofError('STORE_REFUSED', message)
}

export function failureIn(text: string): { readonly type: string; readonly reason: string } {
  try {
    const { error } = JSON.parse(text) as Failure
    if (typeof error === 'object') {
      const { type = '', reason = '', root_cause: causes = [] } = error
      return { type, reason: causes[0]?.reason ?? reason }
    }
    return { type: '', reason: error ?? '' }
  } catch {
    return { type: '', reason: text.slice(0, 200) } // a proxy's page
  }
}

export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError'
}

function unavailable(what: string, error: unknown): TrailproofError {
  const { cause, message } = error as Error
  const reason = cause instanceof Error ? cause.message || cause.name : message
  return new TrailproofError('STORE_UNAVAILABLE', `OpenSearch: ${what}: ${reason}`, {
    retryable: true,
    cause: error,
  })
}

const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Of what `fetch` throws: whether there was no connection at all. */
function wasNotSent(error: unknown): boolean {
  const { cause } = (error ?? {}) as { cause?: { code?: unknown } }
  return typeof cause?.code === 'string' && NOT_SENT.has(cause.code)
}
