/** Calls with fetch and undici, as undici tells of them on its channels; nothing is patched. */
import { subscribe } from 'node:diagnostics_channel'
import { contained } from './contained.ts'
import { HttpCall, hostOf, urlOf } from './http-call.ts'

/** What is read of undici's request. */
interface UndiciRequest {
  readonly method: string
  readonly origin: string | URL
  readonly path: string
  /** Flat list of names and values; undici 5 had one text. */
  readonly headers: readonly (string | readonly string[])[] | string
  readonly body?: unknown
  addHeader(name: string, value: string): unknown
}

interface Message {
  readonly request: UndiciRequest
  readonly response?: { readonly statusCode: number; readonly headers: readonly Uint8Array[] }
  readonly chunk?: unknown
  readonly error?: unknown
}

const calls = new WeakMap<object, HttpCall>()
/** Whether this undici tells of the pieces of request bodies (since 7.0). */
const told = new WeakSet<object>()

export function collectUndici(): void {
  subscribe('undici:request:create', (message) =>
    contained('undici collector', () => begin((message as Message).request)),
  )
  on('request:bodyChunkSent', ({ request, chunk }, call) => {
    told.add(request)
    call.sent(chunk)
  })
  on('request:bodySent', ({ request }, call) => {
    if (!told.has(request)) call.sent(request.body)
  })
  on('request:headers', ({ request, response }, call) => {
    if (response !== undefined)
      call.answered(response.statusCode, answerHeaders(response.headers), headersOf(request))
  })
  on('request:bodyChunkReceived', ({ chunk }, call) => call.received(chunk))
  on('request:trailers', (_message, call) => call.end())
  on('request:error', ({ request, error }, call) => call.end(error, headersOf(request)))
}

function begin(request: UndiciRequest): void {
  const origin = String(request.origin).replace(/\/$/, '') // a URL ends with one
  const call = HttpCall.begin({ method: request.method, url: urlOf(origin, request.path) }, hostOf(origin))
  if (call === undefined) return
  calls.set(request, call)
  const own = headersOf(request)
  for (const [name, value] of Object.entries(call.propagated))
    if (own[name] === undefined) request.addHeader(name, value)
}

function on(event: string, listener: (message: Message, call: HttpCall) => void): void {
  subscribe(`undici:${event}`, (message) =>
    contained('undici collector', () => {
      const { request } = message as Message
      const call = calls.get(request)
      if (call !== undefined) listener(message as Message, call)
    }),
  )
}

function headersOf({ headers }: UndiciRequest): Readonly<Record<string, unknown>> {
  const named: Record<string, unknown> = {}
  if (typeof headers === 'string')
    for (const line of headers.split('\r\n')) {
      const colon = line.indexOf(':')
      if (colon > 0) named[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
    }
  else
    for (let i = 0; i + 1 < headers.length; i += 2) named[String(headers[i]).toLowerCase()] = headers[i + 1]
  return named
}

/** Raw names and values, as they came. */
function answerHeaders(raw: readonly Uint8Array[]): Readonly<Record<string, unknown>> {
  const named: Record<string, string | string[]> = {}
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = String(raw[i]).toLowerCase()
    const value = String(raw[i + 1])
    const before = named[name]
    named[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value]
  }
  return named
}
