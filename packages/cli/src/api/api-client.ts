/** Calls to a server, with failures told so that a person knows what to do next. */
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { Failure, usageFailure } from '../failure.ts'
import { printable } from '../terminal/paint.ts'
import type { ClientOptions } from './client-options.ts'

const DEFAULT_URL = 'http://127.0.0.1:4000'

/** The server answered no: an RFC 9457 problem, or whatever stood in its place. */
export class Refusal extends Failure {
  readonly status: number
  readonly problem: Readonly<Record<string, unknown>>
  /** Seconds, when the server said so. */
  readonly retryAfter: number | undefined

  constructor(response: Response, problem: Readonly<Record<string, unknown>>, hint: string | undefined) {
    const { title = response.statusText, detail } = problem as { title?: string; detail?: string }
    const said = detail === undefined ? title : `${title}: ${detail}`
    super(
      response.status === 503 || response.status === 429 ? EXIT.unreachable : EXIT.refused,
      `${said} (${response.status})`,
      hint === undefined ? {} : { hint },
    )
    this.status = response.status
    this.problem = problem
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
    this.retryAfter = Number.isFinite(seconds) ? seconds : undefined
  }
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly query?: Readonly<Record<string, string | number | undefined>>
  /** Sent as JSON unless `type` says otherwise. */
  readonly body?: unknown
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export class ApiClient {
  readonly url: string
  readonly #token: string | undefined
  readonly #unmask: string | undefined

  constructor(url: string, token: string | undefined, unmask?: string) {
    this.url = serverUrl(url)
    this.#token = token
    this.#unmask = unmask
  }

  get hasToken(): boolean {
    return this.#token !== undefined
  }

  /** The answer to a call that succeeded; rejects with Refusal, or Failure when the server is not reached. */
  async call(
    path: string,
    { method = 'GET', query, body, type, headers, signal }: Call = {},
  ): Promise<Response> {
    const url = new URL(this.url + path)
    for (const [name, value] of Object.entries(query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const sent: Record<string, string> = { ...headers }
    if (this.#token !== undefined) sent['authorization'] = `Bearer ${this.#token}`
    // Headers carry bytes, a character each.
    if (this.#unmask !== undefined)
      sent['trailproof-unmask'] = Buffer.from(this.#unmask, 'utf8').toString('latin1')
    if (body !== undefined) sent['content-type'] = type ?? 'application/json'
    const payload = body === undefined || type !== undefined ? body : JSON.stringify(body)
    const init = { method, headers: sent, ...(payload === undefined ? {} : { body: payload as string }) }
    const response = await fetch(url, signal === undefined ? init : { ...init, signal }).catch(
      (cause: unknown) => {
        signal?.throwIfAborted()
        throw unreachable(this.url, cause)
      },
    )
    if (response.ok) return response
    const problem = await problemOf(response)
    throw new Refusal(response, problem, pointAt(problem, query?.['q']) ?? this.#hint(response.status))
  }

  async json<T>(path: string, call?: Call): Promise<T> {
    const response = await this.call(path, call)
    try {
      return (await response.json()) as T // what our own API answers; shape checked where it decides anything
    } catch (cause) {
      throw new Failure(EXIT.unreachable, `${this.url}${path} answered something that is not JSON`, { cause })
    }
  }

  async text(path: string, call?: Call): Promise<string> {
    return (await this.call(path, call)).text()
  }

  #hint(status: number): string | undefined {
    if (status === 401)
      return this.#token === undefined
        ? 'give an API key with --token or TRAILPROOF_TOKEN'
        : 'check --token or TRAILPROOF_TOKEN'
    if (status === 403)
      return 'use a key with a role or scope that allows it; see: trailproof key create --help; who may unmask gives --unmask <reason>'
    return undefined
  }
}

/** The query, and under it a mark where the server says that it is wrong. */
function pointAt({ position, length }: Refusal['problem'], query: unknown): string | undefined {
  if (typeof position !== 'number' || typeof length !== 'number' || typeof query !== 'string')
    return undefined
  const at = Math.min(position, query.length)
  return `  ${printable(query)}\n  ${' '.repeat(at)}${'^'.repeat(Math.max(1, Math.min(length, query.length - at)))}`
}

export function clientOf(
  { url, token, unmask }: Pick<ClientOptions, 'url' | 'token' | 'unmask'>,
  { env }: Context,
): ApiClient {
  return new ApiClient(
    url ?? (env['TRAILPROOF_URL'] || DEFAULT_URL),
    token ?? (env['TRAILPROOF_TOKEN'] || undefined),
    unmask,
  )
}

function serverUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw usageFailure(`${text} is not the URL of a server`, `give one such as ${DEFAULT_URL}`)
  return url.href.replace(/\/+$/, '')
}

/** Whether a call may succeed when it is made again. */
export function isTransient(error: unknown): boolean {
  return error instanceof Failure && error.exitCode === EXIT.unreachable
}

interface Cause {
  readonly code?: string
  readonly message?: string
  readonly cause?: Cause
}

function unreachable(url: string, cause: unknown): Failure {
  // fetch says "fetch failed"; why stands in the causes.
  let deepest = cause as Cause
  while (deepest.cause) deepest = deepest.cause
  const why = deepest.code ?? deepest.message ?? 'no answer'
  return new Failure(EXIT.unreachable, `cannot reach ${url} (${why})`, {
    hint: 'is the server running? start one with: trailproof serve; name another with --url or TRAILPROOF_URL',
    cause,
  })
}

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text().catch(() => '')
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Not ours: a proxy in between, most likely. Its first line is better than nothing.
  }
  return { detail: text.split('\n', 1)[0]?.slice(0, 200) || 'no details' }
}
