/** Asks the server that served these pages. */
import type { Credentials } from './credentials.ts'
import { ApiProblem, type ProblemDocument, Unreachable } from './problem.ts'

export type Parameters = Readonly<Record<string, string | number | boolean | undefined>>

export interface AskOptions {
  readonly parameters?: Parameters
  readonly signal?: AbortSignal | undefined
}

export class Client {
  readonly #credentials: Credentials

  constructor(credentials: Credentials) {
    this.#credentials = credentials
  }

  /** The JSON at a path such as `v1/search`. Rejects with ApiProblem, Unreachable, or as the signal aborts. */
  async get<Answer>(path: string, { parameters = {}, signal }: AskOptions = {}): Promise<Answer> {
    const response = await this.fetch(addressOf(path, parameters), signal === undefined ? {} : { signal })
    return (await response.json()) as Answer
  }

  /** Sends JSON, and gives the JSON of the answer; undefined of an empty one. Rejects as `get` does. */
  async send<Answer>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<Answer> {
    const response = await this.fetch(path, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    const text = await response.text()
    return (text === '' ? undefined : JSON.parse(text)) as Answer
  }

  /** The answer itself, if it is one of success. What was refused because a session's token ran out is asked again with the next one. */
  async fetch(address: string, init: RequestInit = {}): Promise<Response> {
    const response = await this.#ask(address, init)
    if (response.ok) return response
    if (response.status === 401 && (await this.#credentials.renew())) {
      const again = await this.#ask(address, init)
      if (again.ok) return again
      throw new ApiProblem(again.status, await documentOf(again))
    }
    throw new ApiProblem(response.status, await documentOf(response))
  }

  async #ask(address: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    const shown = this.#credentials.headers(init.method ?? 'GET')
    for (const [name, value] of Object.entries(shown)) headers.set(name, value)
    return fetch(address, { ...init, headers }).catch((cause: unknown) => {
      if (init.signal?.aborted) throw cause
      throw new Unreachable(cause)
    })
  }
}

export function addressOf(path: string, parameters: Parameters): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') query.set(name, String(value))
  return query.size === 0 ? path : `${path}?${query}`
}

async function documentOf(response: Response): Promise<ProblemDocument> {
  const text = await response.text().catch(() => '')
  try {
    return JSON.parse(text) as ProblemDocument
  } catch {
    return {} // something between us and the server answered
  }
}
