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
import type { Caller } from '../../access/api-keys.ts'
import { accessProblem, callerOf, ProblemError, type WithHeaders } from '../../api/authorize.ts'
import { problem } from '../../api/problem.ts'
import type { Scope } from '../../directory/directory.ts'
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
  readonly caller: Caller | undefined
  /** From metadata `trailproof-ledger`, for requests that name none. */
  readonly ledger: string | undefined
  /** From metadata `idempotency-key`. */
  readonly idempotencyKey: string | undefined
  /** The client's address. */
  readonly ip: string | undefined
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

/** The methods of one server. */
export class MethodBinder {
  readonly #services: Pick<Services, 'keys' | 'metrics' | 'log'>
  readonly #stopping: AbortSignal

  constructor(services: Pick<Services, 'keys' | 'metrics' | 'log'>, stopping: AbortSignal) {
    this.#services = services
    this.#stopping = stopping
  }

  /** `scope` undefined: open to all. */
  unary<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodUnary<Input, Output>,
    scope: Scope | undefined,
    run: (request: MessageShape<Input>, context: CallContext) => Promise<MessageShape<Output>>,
  ): BoundMethod {
    const definition = definitionOf(method)
    const begin = this.#measured(definition)
    const handle: handleUnaryCall<Bytes, Bytes> = (call, respond) => {
      // Its deadline may have passed while the request came in: nothing has begun, so nothing need be done.
      if (call.cancelled) return
      const end = begin()
      const answer = async (): Promise<Bytes> => {
        const context = this.#contextOf(call, scope, this.#stopping)
        return toBinary(method.output, await run(readRequest(method, call.request), context))
      }
      answer().then(
        (bytes) => {
          end(Code.OK)
          respond(null, bytes)
        },
        (error: unknown) => respond(this.#statusOf(error, definition, end)),
      )
    }
    return { definition, handle: handle as UntypedHandleCall }
  }

  /** Sends what `run` yields, as fast as the client takes it. */
  serverStream<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodServerStreaming<Input, Output>,
    scope: Scope | undefined,
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
      this.#finish(call, definition, this.#whileValid(call, scope, answer), end)
    }
    return { definition, handle: handle as UntypedHandleCall }
  }

  /**
   * A stream on which each request has one answer, in the order of the requests. At most `inFlightMax` are dealt
   * with at once; then nothing more is read, and the client waits.
   */
  exchange<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodBiDiStreaming<Input, Output>,
    scope: Scope | undefined,
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
      this.#finish(call, definition, this.#whileValid(call, scope, answer), end)
    }
    return { definition, handle: handle as UntypedHandleCall }
  }

  /** Answers a stream until it is over; when it was its key or the server that ended it, rejects with that. */
  async #whileValid(
    call: StreamingCall,
    scope: Scope | undefined,
    answer: (context: CallContext) => Promise<void>,
  ): Promise<void> {
    const context = this.#contextOf(call, scope, this.#signalOf(call))
    using key = context.caller && this.#services.keys.watch(context.caller)
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
      (error: unknown) => call.emit('error', this.#statusOf(error, definition, end)),
    )
  }

  #contextOf(call: AnyCall, scope: Scope | undefined, signal: AbortSignal): CallContext {
    const { metadata } = call
    const headers = {
      authorization: textOf(metadata, 'authorization'),
      'x-api-key': textOf(metadata, 'x-api-key'),
    }
    return {
      headers,
      caller: scope === undefined ? undefined : callerOf({ headers }, this.#services.keys, scope),
      ledger: textOf(metadata, 'trailproof-ledger'),
      idempotencyKey: textOf(metadata, 'idempotency-key'),
      ip: addressOf(call.getPeer()),
      signal,
    }
  }

  #signalOf(call: StreamingCall): AbortSignal {
    const abort = new AbortController()
    call.on('cancelled', () => abort.abort())
    if (call.cancelled) abort.abort()
    return AbortSignal.any([abort.signal, this.#stopping])
  }

  #statusOf(error: unknown, definition: Definition, end: EndCall) {
    const what = problemOfError(error)
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
function addressOf(peer: string): string | undefined {
  const colon = peer.lastIndexOf(':')
  return colon < 0 ? undefined : peer.slice(0, colon)
}

function textOf(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name)
  return typeof value === 'string' && value !== '' ? value : undefined
}
