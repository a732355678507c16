/** Calls that a service makes with Connect (@connectrpc/connect), over any of its protocols. */
import { codeName, Messages } from '../capture/grpc-call.ts'
import { currentTrail } from '../recorder/current-trail.ts'
import { outgoingHeaders } from '../trace-context/trace-context.ts'
import { beginCall, endCall } from './call.ts'
import { contained } from './contained.ts'

/** What is used of a request; `message` is one message, or where it streams, those to come. */
interface ConnectRequest {
  readonly stream: boolean
  readonly service: { readonly typeName: string }
  readonly method: { readonly name: string }
  readonly header: Headers
  readonly message: unknown
}

interface ConnectResponse {
  readonly stream: boolean
  readonly message: unknown
}

type ConnectCall = (request: never) => Promise<ConnectResponse>

/**
 * An interceptor for a transport by which each call is an integration and carries the trace on:
 *
 *     createConnectTransport({ baseUrl, interceptors: [collectConnect()] })
 */
export function collectConnect(): (next: ConnectCall) => never {
  // The library's own types, whichever version.
  return (next) => ((request: ConnectRequest) => recorded(request, next)) as never
}

async function recorded(request: ConnectRequest, next: ConnectCall): Promise<ConnectResponse> {
  const trail = currentTrail()
  const path = `${request.service.typeName}/${request.method.name}`
  const call = beginCall(() => ({ type: 'grpc', name: `grpc ${path}` }), trail)
  if (trail === undefined || call === undefined) return next(request as never)
  const sent = new Messages()
  const received = new Messages()
  let isAnswerStream = request.stream
  const end = (error?: unknown): void =>
    endCall(call, () => {
      const code = error === undefined ? 'OK' : codeName(codeOf(error))
      return {
        request: {
          path: `/${path}`,
          headers: Object.fromEntries(request.header),
          ...sent.described(request.stream),
        },
        response: { code, ...received.described(isAnswerStream) },
        ...(error !== undefined && { error: namedBy(code, error) }),
      }
    })
  contained('connect collector', () => {
    const { propagate, headerNames } = trail.owner.options
    if (!propagate) return
    for (const [name, value] of Object.entries(outgoingHeaders(trail.context, headerNames)))
      if (!request.header.has(name)) request.header.set(name, value)
  })
  try {
    const response = await next(counted(request, sent))
    isAnswerStream = response.stream
    if (!response.stream) {
      received.add(response.message)
      end()
      return response
    }
    const messages = watched(response.message as AsyncIterable<unknown>, received, end)
    return { ...response, message: messages }
  } catch (error) {
    end(error)
    throw error
  }
}

/** The request as it is, but for the messages of a stream, which are counted as they go. */
function counted(request: ConnectRequest, sent: Messages): never {
  if (!request.stream) {
    sent.add(request.message)
    return request as never
  }
  const messages = watched(request.message as AsyncIterable<unknown>, sent)
  return { ...request, message: messages } as never
}

async function* watched(
  messages: AsyncIterable<unknown>,
  seen: Messages,
  end?: (error?: unknown) => void,
): AsyncGenerator {
  try {
    for await (const message of messages) {
      seen.add(message)
      yield message
    }
  } catch (error) {
    end?.(error ?? 'undefined was thrown')
    throw error
  }
  end?.()
}

/** A ConnectError has the number of a status. */
function codeOf(error: unknown): number {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'number' ? code : 2
}

function namedBy(code: string, error: unknown): object {
  const { message, name } = error as { readonly message?: unknown; readonly name?: unknown }
  return { code, message: String(message), name: String(name) }
}
