/**
 * Binds a method of the proto to a function: who calls is known before the request is read, requests are read
 * here and not by the library (it would call one that cannot be read an internal error), and whatever is
 * thrown becomes a status.
 */
import {
  type DescMessage,
  type DescMethodBiDiStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import {
  status as Code,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Metadata,
  type MethodDefinition,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedHandleCall,
} from '@grpc/grpc-js'
import type { IdentifiedCaller } from '../../access/caller-watch.ts'
import type { Permission } from '../../access/permissions.ts'
import {
  type Access,
  accessProblem,
  callerOf,
  credentialsOf,
  ProblemError,
  type WithHeaders,
} from '../../api/authorize.ts'
import { faultProblem } from '../../api/fault-problem.ts'
import { problem } from '../../api/problem.ts'
import { UNMASK_HEADER } from '../../api/unmask.ts'
import type { Services } from '../../services.ts'
import { problemOfError, statusOfProblem } from './status.ts'
import { answerInOrder, write } from './streaming.ts'

const STOPPING = problem(
  'stopping',
  'the server is stopping; go on with another one, or here when it is back',
)

/** What a method knows of its call beside the request. */
export interface CallContext extends WithHeaders {
  /** Whoever holds the key; of methods that are open to all, nobody. */
  readonly caller: IdentifiedCaller | undefined
  /** From metadata `trailproof-ledger`, for requests that name none. */
  readonly ledger: string | undefined
  /** From metadata `idempotency-key`. */
  readonly idempotencyKey: string | undefined
  /** The client's address. */
  readonly ip: string
  /** Aborted when the client is gone, its deadline has passed, or the server stops; of streams, when the key ends too. */
  readonly signal: AbortSignal
}

type Bytes = Uint8Array
type StreamingCall = ServerWritableStream<Bytes, Bytes> | ServerDuplexStream<Bytes, Bytes>
type AnyCall = ServerUnaryCall<Bytes, Bytes> | StreamingCall
type Definition = MethodDefinition<Bytes, Bytes>
type EndCall = (code: number) => void

/** A method as grpc-js takes it. */
export interface BoundMethod {
  readonly definition: Definition
  readonly handle: UntypedHandleCall
}

type BinderServices = Access & Pick<Services, 'callers' | 'clientCertificates' | 'limits' | 'metrics' | 'log'>

/** The methods of one server. */
export class MethodBinder {
  readonly #services: BinderServices
  readonly #stopping: AbortSignal

  constructor(services: BinderServices, stopping: AbortSignal) {
    this.#services = services
    this.#stopping = stopping
  }

  /** `permission` undefined: open to all. */
  unary<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodUnary<Input, Output>,
    permission: Permission | undefined,
    run: (request: MessageShape<Input>, context: CallContext) => Promise<MessageShape<Output>>,
  ): BoundMethod {
    const definition = definitionOf(method)
    const begin = this.#measured(definition)
    const handle: handleUnaryCall<Bytes, Bytes> = (call, respond) => {
      // Its deadline may have passed while the request came in: nothing has begun, so nothing need be done.
      if (call.cancelled) return
      const end = begin()
      const answer = async (): Promise<Bytes> => {
        const context = await this.#contextOf(call, permission, this.#stopping)
        return toBinary(method.output, await run(readRequest(method, call.request), context))
      }
      answer().then(
        (bytes) => {
          end(Code.OK)
          respond(null, bytes)
        },
        (error: unknown) => respond(this.#statusOf(error, call, definition, end)),
      )
    }
    return { definition, handle: handle as UntypedHandleCall }
  }

  /** Sends what `run` yields, as fast as the client takes it. */
  serverStream<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodServerStreaming<Input, Output>,
    permission: Permission | undefined,
    run: (request: MessageShape<Input>, context: CallContext) => AsyncIterable<MessageShape<Output>>,
  ): BoundMethod {
    const definition = definitionOf(method)
    const begin = this.#measured(definition)
    const handle: handleServerStreamingCall<Bytes, Bytes> = (call) => {
      const end = begin()
      const answer = async (context: CallContext): Promise<void> => {
        for await (const message of run(readRequest(method, call.request), context))
          await write(call, toBinary(method.output, message), context.signal)
      }
      this.#finish(call, definition, this.#whileValid(call, permission, answer), end)
    }
    return { definition, handle: handle as UntypedHandleCall }
  }

  /**
   * A stream on which each request has one answer, in the order of the requests. At most `inFlightMax` are dealt
   * with at once; then nothing more is read, and the client waits.
   */
  exchange<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodBiDiStreaming<Input, Output>,
    permission: Permission | undefined,
    inFlightMax: number,
    run: (request: MessageShape<Input>, context: CallContext) => Promise<MessageShape<Output>>,
  ): BoundMethod {
    const definition = definitionOf(method)
    const begin = this.#measured(definition)
    const handle: handleBidiStreamingCall<Bytes, Bytes> = (call) => {
      const end = begin()
      const answer = (context: CallContext): Promise<void> => {
        const answerOne = async (bytes: Bytes): Promise<Bytes> =>
          toBinary(method.output, await run(readRequest(method, bytes), context))
        return answerInOrder(call, answerOne, inFlightMax, context.signal)
      }
      this.#finish(call, definition, this.#whileValid(call, permission, answer), end)
    }
    return { definition, handle: handle as UntypedHandleCall }
  }

  /** Answers a stream until it is over; when it was its key or the server that ended it, rejects with that. */
  async #whileValid(
    call: StreamingCall,
    permission: Permission | undefined,
    answer: (context: CallContext) => Promise<void>,
  ): Promise<void> {
    const context = await this.#contextOf(call, permission, this.#signalOf(call))
    using key = context.caller?.watch()
    await answer(key ? { ...context, signal: AbortSignal.any([context.signal, key.signal]) } : context)
    if (key?.refusal) throw new ProblemError(accessProblem(key.refusal))
    if (this.#stopping.aborted) throw new ProblemError(STOPPING)
  }

  #finish(call: StreamingCall, definition: Definition, answer: Promise<void>, end: EndCall): void {
    answer.then(
      () => {
        end(call.cancelled ? Code.CANCELLED : Code.OK)
        call.end()
      },
      // An event and not destroy(): grpc-js sends what was written before, then this status.
      (error: unknown) => call.emit('error', this.#statusOf(error, call, definition, end)),
    )
  }

  async #contextOf(
    call: AnyCall,
    permission: Permission | undefined,
    signal: AbortSignal,
  ): Promise<CallContext> {
    const { metadata } = call
    const { limits, callers, clientCertificates } = this.#services
    const headers = {
      authorization: textOf(metadata, 'authorization'),
      'x-api-key': textOf(metadata, 'x-api-key'),
      [UNMASK_HEADER]: textOf(metadata, UNMASK_HEADER),
    }
    const ledger = textOf(metadata, 'trailproof-ledger')
    const peer = call.getPeer()
    const asking = {
      headers,
      ip: addressOf(peer),
      clientCertificate: clientCertificates.ofPeer(peer),
      routeOptions: { url: call.getPath() },
    }
    if (permission !== undefined) {
      const credentials = credentialsOf(asking)
      limits.request(asking.ip, () => callers.idOf(credentials))
      const preparing = callers.prepare(credentials)
      if (preparing) await preparing
    }
    const caller = permission === undefined ? undefined : callerOf(asking, this.#services, permission, ledger)
    const idempotencyKey = textOf(metadata, 'idempotency-key')
    return { ...asking, caller, ledger, idempotencyKey, signal }
  }

  #signalOf(call: StreamingCall): AbortSignal {
    const abort = new AbortController()
    call.on('cancelled', () => abort.abort())
    if (call.cancelled) abort.abort()
    return AbortSignal.any([abort.signal, this.#stopping])
  }

  #statusOf(error: unknown, call: AnyCall, definition: Definition, end: EndCall) {
    let what = problemOfError(error)
    if (what.problem === 'unauthorized') {
      const limited = this.#services.limits.failed(addressOf(call.getPeer()))
      if (limited) what = faultProblem(limited)
    }
    if (what.problem === 'internal')
      this.#services.log.error({ err: error, method: definition.path }, 'call failed')
    const status = statusOfProblem(what)
    this.#services.metrics.countRefusal('grpc', what.problem)
    end(status.code ?? Code.UNKNOWN)
    return status
  }

  /** Measures the calls of a method, from their beginning to the code that they end with. */
  #measured({ path }: Definition): () => EndCall {
    const samples = this.#services.metrics.method(path)
    return () => {
      const started = performance.now()
      samples.inFlight.add(1)
      return (code) => {
        samples.inFlight.add(-1)
        samples.seconds.observe((performance.now() - started) / 1000)
        samples.ended(code)
      }
    }
  }
}

function definitionOf(
  method: DescMethodUnary | DescMethodServerStreaming | DescMethodBiDiStreaming,
): Definition {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind !== 'unary',
    requestSerialize: asBuffer,
    requestDeserialize: asIs,
    responseSerialize: asBuffer,
    responseDeserialize: asIs,
  }
}

const asIs = (bytes: Buffer): Bytes => bytes
const asBuffer = (bytes: Bytes): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function readRequest<Input extends DescMessage>(
  { input }: { readonly input: Input },
  bytes: Bytes,
): MessageShape<Input> {
  try {
    return fromBinary(input, bytes)
  } catch (error) {
    throw new ProblemError(
      problem('undecodable-body', `the request is not a ${input.typeName}: ${(error as Error).message}`),
    )
  }
}

/** Of `address:port`; an address of IPv6 has colons of its own. */
function addressOf(peer: string): string {
  const colon = peer.lastIndexOf(':')
  return colon < 0 ? peer : peer.slice(0, colon)
}

function textOf(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name)
  return typeof value === 'string' && value !== '' ? value : undefined
}
