/** gRPC calls that a service makes with @grpc/grpc-js: unary, and streaming in either direction or both. */
import {
  codeName,
  type GrpcMetadata,
  type GrpcNext,
  type GrpcStatus,
  Messages,
} from '../capture/grpc-call.ts'
import { currentTrail } from '../recorder/current-trail.ts'
import { currentScope, runInScope } from '../recorder/scope.ts'
import type { Integration } from '../recorder/step.ts'
import { outgoingHeaders } from '../trace-context/trace-context.ts'
import { beginCall, endCall } from './call.ts'
import { contained } from './contained.ts'

/** What else is used of @grpc/grpc-js. */
interface Metadata extends GrpcMetadata {
  clone(): Metadata
}

interface Listener {
  onReceiveMetadata(metadata: Metadata, next: GrpcNext<Metadata>): void
  onReceiveMessage(message: unknown, next: GrpcNext<unknown>): void
  onReceiveStatus(status: GrpcStatus, next: GrpcNext<GrpcStatus>): void
}

interface Requester {
  start(metadata: Metadata, listener: unknown, next: (metadata: Metadata, listener: Listener) => void): void
  sendMessage(message: unknown, next: GrpcNext<unknown>): void
}

interface Method {
  readonly path: string
  readonly requestStream: boolean
  readonly responseStream: boolean
}

/** The module @grpc/grpc-js, whose classes are the application's own. */
export interface GrpcClientModule {
  readonly InterceptingCall: new (call: never, requester?: never) => object
}

/** The automatic mode and the application may both have added one. */
const COLLECTED = Symbol.for('trailproof.collected.v1')

/**
 * An interceptor for a client, or a single call, by which each call is an integration and carries the trace on. Attempts that the
 * library repeats by itself are one call; those that the application repeats are one each.
 *
 *     new Orders(address, credentials, { interceptors: [collectGrpc(grpc)] })
 */
export function collectGrpc(
  grpc: GrpcClientModule,
): (options: { method_definition: Method }, nextCall: (options: never) => unknown) => never {
  return (options, nextCall) => {
    const { InterceptingCall } = grpc
    const requester = COLLECTED in options ? undefined : requesterOf(options.method_definition)
    const next = nextCall({ ...options, [COLLECTED]: true } as never)
    // The module's own types, whichever version.
    return new InterceptingCall(next as never, requester as never) as never
  }
}

/** Undefined without a trail: the call goes through untouched. */
function requesterOf({ path, requestStream, responseStream }: Method): Requester | undefined {
  const trail = currentTrail()
  const call = beginCall(() => ({ type: 'grpc', name: `grpc ${path.replace(/^\//, '')}` }), trail)
  if (trail === undefined || call === undefined) return undefined
  const sent = new Messages()
  const received = new Messages()
  let headers: Readonly<Record<string, unknown>> = {}
  const request = (): object => ({ path, headers, ...sent.described(requestStream) })
  const { propagate, headerNames } = trail.owner.options
  return {
    start(metadata, _listener, next) {
      let carried = metadata
      contained('grpc collector', () => {
        headers = metadata.getMap()
        if (!propagate) return
        const copy = metadata.clone() // the application may use its own for the next call
        for (const [name, value] of Object.entries(outgoingHeaders(trail.context, headerNames)))
          if (copy.get(name).length === 0) copy.set(name, value)
        carried = copy
      })
      next(carried, listenerOf(call, request, received, responseStream))
    },
    sendMessage(message, next) {
      sent.add(message)
      next(message)
    },
  }
}

/** What the application does with an answer belongs to the trail that asked. */
function listenerOf(
  call: Integration,
  request: () => object,
  received: Messages,
  isStream: boolean,
): Listener {
  const scope = currentScope()
  return {
    onReceiveMetadata: (metadata, next) => runInScope(scope, () => next(metadata)),
    onReceiveMessage(message, next) {
      if (message !== null && message !== undefined) received.add(message)
      runInScope(scope, () => next(message))
    },
    onReceiveStatus(status, next) {
      endCall(call, () => {
        const code = codeName(status.code)
        return {
          request: request(),
          response: { code, ...received.described(isStream) },
          ...(status.code !== 0 && { error: { code, message: status.details, name: 'Error' } }),
        }
      })
      runInScope(scope, () => next(status))
    },
  }
}
