/** gRPC servers on @grpc/grpc-js: each call, unary or streaming, is a trail. */
import {
  codeName,
  type GrpcMetadata,
  type GrpcNext,
  type GrpcStatus,
  Messages,
} from '../capture/grpc-call.ts'
import type { Safe } from '../delivery/delivery.ts'
import { type RecorderChoice, recorderOf } from '../recorder/default-recorder.ts'
import type { Recorder } from '../recorder/recorder.ts'
import type { Trail } from '../recorder/trail.ts'
import type { Outcome } from '../recorder/trail-parts.ts'

interface Listener {
  onReceiveMetadata(metadata: GrpcMetadata, next: GrpcNext<GrpcMetadata>): void
  onReceiveMessage(message: unknown, next: GrpcNext<unknown>): void
  onReceiveHalfClose(next: () => void): void
  onCancel(): void
}

interface Responder {
  start(next: (listener: Listener) => void): void
  sendMetadata(metadata: GrpcMetadata, next: GrpcNext<GrpcMetadata>): void
  sendMessage(message: unknown, next: GrpcNext<unknown>): void
  sendStatus(status: GrpcStatus, next: GrpcNext<GrpcStatus>): void
}

interface ServerCall {
  getPeer?(): string
}

interface Method {
  readonly path: string
  readonly requestStream: boolean
  readonly responseStream: boolean
}

/** The module @grpc/grpc-js, whose classes are the application's own. */
export interface GrpcModule {
  readonly ServerInterceptingCall: new (call: never, responder?: never) => object
}

const UNAVAILABLE = 14

/**
 * A server interceptor:
 *
 *     new grpc.Server({ interceptors: [trails(grpc, { service: 'orders' })] })
 */
export function trails(
  grpc: GrpcModule,
  choice?: RecorderChoice,
): (method: Method, call: ServerCall) => never {
  const recorder = recorderOf(choice)
  return (method, call) => {
    const { ServerInterceptingCall } = grpc
    // The automatic mode may be there before the application's own.
    const isOpened = opened.has(method)
    opened.add(method)
    const responder = isOpened ? undefined : new CallTrail(recorder, method, call).responder
    return new ServerInterceptingCall(call as never, responder as never) as never // the module's own types, whichever version
  }
}

/** Calls that have a trail; each has a definition of its method to itself. */
const opened = new WeakSet<object>()

class CallTrail {
  readonly #recorder: Recorder
  readonly #method: Method
  readonly #call: ServerCall
  readonly #received = new Messages()
  readonly #sent = new Messages()
  #trail: Trail | undefined
  #headers: Readonly<Record<string, unknown>> = {}

  constructor(recorder: Recorder, method: Method, call: ServerCall) {
    this.#recorder = recorder
    this.#method = method
    this.#call = call
  }

  get responder(): Responder {
    return {
      start: (next) => next(this.#listener),
      sendMetadata: (metadata, next) => {
        const { headerNames } = this.#recorder.options
        if (this.#trail !== undefined) {
          metadata.set(headerNames.traceId, this.#trail.traceId)
          metadata.set(headerNames.requestId, this.#trail.requestId)
        }
        next(metadata)
      },
      sendMessage: (message, next) => {
        this.#sent.add(message)
        next(message)
      },
      sendStatus: (status, next) => this.#end(status, next),
    }
  }

  /** The handler runs in what is called last of these, so each runs as part of the trail. */
  get #listener(): Listener {
    const run = (fn: () => void): void => (this.#trail === undefined ? fn() : this.#trail.run(fn))
    return {
      onReceiveMetadata: (metadata, next) => {
        try {
          this.#open(metadata)
        } catch (error) {
          this.#recorder.fault('gRPC server', error) // the call goes on, with as much of a trail as there is
        }
        run(() => next(metadata))
      },
      onReceiveMessage: (message, next) => {
        this.#received.add(message)
        run(() => next(message))
      },
      onReceiveHalfClose: (next) => run(next),
      onCancel: () => {
        this.#describe(undefined)
        void this.#trail?.abandon({
          code: 'cancelled',
          message: 'the client cancelled the call, or its deadline passed',
        })
      },
    }
  }

  #open(metadata: GrpcMetadata): void {
    const { path } = this.#method
    this.#headers = metadata.getMap()
    const trail = this.#recorder.openTrail({ action: path.slice(1) }, (name) => {
      const [value] = metadata.get(name)
      return typeof value === 'string' ? value : undefined
    })
    this.#trail = trail
    const peer = this.#call.getPeer?.()
    if (peer !== undefined) trail.parts.source = { ip: peer }
  }

  #end(status: GrpcStatus, next: GrpcNext<GrpcStatus>): void {
    const trail = this.#trail
    if (trail === undefined || !trail.isOpen) {
      next(status)
      return
    }
    this.#describe(status)
    if (status.code !== 0) trail.addError({ message: status.details, code: codeName(status.code) })
    if (trail.parts.outcome === undefined) trail.setOutcome(outcomeOf(status.code))
    const mode = trail.parts.delivery ?? this.#recorder.options.delivery
    const safe = trail.finish()
    if (safe === undefined || mode === 'async') next(status)
    else void this.#endOnce(safe, trail, mode, status, next)
  }

  /** The client hears how it ended once that is recorded. */
  async #endOnce(
    safe: Promise<Safe>,
    trail: Trail,
    mode: 'disk' | 'ack',
    status: GrpcStatus,
    next: GrpcNext<GrpcStatus>,
  ): Promise<void> {
    next(this.#answer(await safe, trail, mode, status))
  }

  #answer(safe: Safe, trail: Trail, mode: 'disk' | 'ack', status: GrpcStatus): GrpcStatus {
    if (safe.kind !== 'failed' || this.#recorder.undelivered(trail, mode, safe.error) === 'pass')
      return status
    return { ...status, code: UNAVAILABLE, details: 'the call could not be recorded' }
  }

  #describe(status: GrpcStatus | undefined): void {
    const trail = this.#trail
    if (trail === undefined || !trail.isOpen) return
    const { path, requestStream, responseStream } = this.#method
    trail.setRequest({
      method: 'grpc',
      path,
      headers: this.#headers,
      ...this.#received.described(requestStream),
    })
    trail.setResponse({
      ...(status !== undefined && { code: codeName(status.code) }),
      ...this.#sent.described(responseStream),
    })
  }
}

function outcomeOf(code: number): Outcome {
  const name = codeName(code)
  if (name === 'OK') return 'success'
  return name === 'PERMISSION_DENIED' || name === 'UNAUTHENTICATED' ? 'denied' : 'failure'
}
