/**
 * Requests that leave HTTP behind: upgrades (WebSocket) and CONNECT. Their trail ends with the answer to the request; what the connection
 * is used for afterwards is no request any more.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { pathOf, queryOf } from '../capture/query-string.ts'
import type { Recorder } from '../recorder/recorder.ts'
import type { Trail } from '../recorder/trail.ts'
import { clientAddress } from './client-address.ts'

/** Requests that have their trail already: automatic mode and the application may both watch one server. */
const seen = new WeakSet<IncomingMessage>()

/** Runs `handle` as part of the trail of `request`, whose answer goes out on `socket` as bytes. */
export function runUpgrade(
  recorder: Recorder,
  request: IncomingMessage,
  socket: Duplex,
  handle: () => boolean,
): boolean {
  const path = pathOf(request.url ?? '')
  if (seen.has(request)) return handle()
  seen.add(request)
  if (recorder.ignores(request.method ?? '', path)) return handle()
  const { headers } = request
  const trail = recorder.openTrail({}, (name) => {
    const value = headers[name]
    return Array.isArray(value) ? value[0] : value
  })
  try {
    observe(recorder, trail, request, socket, path)
  } catch (error) {
    recorder.fault('upgrade', error)
    void trail.abandon({ code: 'not_observed', message: 'the request could not be observed' })
    return handle()
  }
  try {
    return trail.run(handle)
  } catch (error) {
    trail.addError(error)
    throw error
  }
}

function observe(
  recorder: Recorder,
  trail: Trail,
  request: IncomingMessage,
  socket: Duplex,
  path: string,
): void {
  const { headers } = request
  trail.parts.source = clientAddress(request, recorder.options.capture.trustedProxies)
  const redacted = (trail.parts.masked ??= new Set())
  trail.setRequest({
    headers: recorder.options.headers.capture(headers, { path: '/request/headers', redacted }),
    http_version: request.httpVersion,
    method: request.method,
    path,
    query: queryOf(request.url ?? ''),
    upgrade: headers.upgrade,
  })
  watchAnswer(trail, socket)
}

function watchAnswer(trail: Trail, socket: Duplex): void {
  const { write, end } = socket as unknown as {
    readonly write: (this: Duplex, ...args: unknown[]) => boolean
    readonly end: (this: Duplex, ...args: unknown[]) => Duplex
  }
  const answered = (chunk: unknown): void => {
    if (!trail.isOpen) return
    const status = statusOf(chunk)
    if (status === undefined) return
    // The socket is its own again from here on: frames are none of our business.
    Reflect.deleteProperty(socket, 'write')
    Reflect.deleteProperty(socket, 'end')
    trail.setResponse({ status })
    void trail.finish()
  }
  Object.assign(socket, {
    write(...args: unknown[]) {
      answered(args[0])
      return write.apply(socket, args)
    },
    end(...args: unknown[]) {
      answered(args[0])
      return end.apply(socket, args)
    },
  })
  socket.once('close', () => {
    void trail.abandon({
      code: 'client_disconnected',
      message: 'the connection was closed before there was an answer',
    })
  })
}

/** `HTTP/1.1 101 Switching Protocols` */
function statusOf(chunk: unknown): number | undefined {
  if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return undefined
  const text =
    typeof chunk === 'string' ? chunk.slice(0, 12) : Buffer.from(chunk.subarray(0, 12)).toString('latin1')
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]
  return status === undefined ? undefined : Number(status)
}
