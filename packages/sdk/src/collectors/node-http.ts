/** Calls with node:http and node:https, and with every client that is built on them: axios, got, node-fetch … */
import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { contained } from './contained.ts'
import { HttpCall, type HttpTarget, urlOf } from './http-call.ts'

const calls = new WeakMap<ClientRequest, HttpCall>()

/** Node tells of each request on these channels (`diagnostics_channel`, "HTTP"); nothing is patched. */
export function collectNodeHttp(): void {
  on('http.client.request.created', ({ request }) => {
    const call = HttpCall.begin(targetOf(request), request.host)
    if (call === undefined) return
    calls.set(request, call)
    for (const [name, value] of Object.entries(call.propagated))
      if (!request.headersSent && !request.hasHeader(name)) request.setHeader(name, value)
    watchBody(request, call)
  })
  on('http.client.response.finish', ({ request, response }) => {
    const call = calls.get(request)
    if (call === undefined || response === undefined) return
    call.answered(response.statusCode ?? 0, response.headers, request.getHeaders())
    watchAnswer(response, call)
  })
  on('http.client.request.error', ({ request, error }) =>
    calls.get(request)?.end(error, request.getHeaders()),
  )
}

interface Message {
  readonly request: ClientRequest
  readonly response?: IncomingMessage
  readonly error?: unknown
}

function on(channel: string, listener: (message: Message) => void): void {
  subscribe(channel, (message) => contained('node:http collector', () => listener(message as Message)))
}

/** The body passes through write and end, whoever calls them. */
function watchBody(request: ClientRequest, call: HttpCall): void {
  const write = request.write.bind(request) as (...args: unknown[]) => boolean
  const end = request.end.bind(request) as (...args: unknown[]) => ClientRequest
  request.write = ((...args: unknown[]) => {
    call.sent(args[0], args[1])
    return write(...args)
  }) as ClientRequest['write']
  request.end = ((...args: unknown[]) => {
    if (typeof args[0] !== 'function') call.sent(args[0], args[1])
    return end(...args)
  }) as ClientRequest['end']
}

/** The parser hands over each piece here, whether anybody reads it or not. */
function watchAnswer(response: IncomingMessage, call: HttpCall): void {
  const push = response.push.bind(response)
  response.push = (chunk: unknown, encoding?: BufferEncoding) => {
    call.received(chunk, encoding)
    return push(chunk, encoding)
  }
  response.once('close', () =>
    contained('node:http collector', () => {
      const { errored, complete } = response
      call.end(errored ?? (complete ? undefined : new Error('the answer was broken off')))
    }),
  )
}

function targetOf(request: ClientRequest): HttpTarget {
  const { method, protocol, host, path } = request
  const header = request.getHeader('host')
  return { method, url: urlOf(`${protocol}//${typeof header === 'string' ? header : host}`, path) }
}
