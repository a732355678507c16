/** A gRPC client for tests: grpc-js with the generated messages, calls as promises and streams as iterators. */
import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import { onTestFinished } from 'vitest'
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from '../../packages/server/src/receivers/grpc/gen/google/rpc/error_details_pb.ts'
import { StatusSchema } from '../../packages/server/src/receivers/grpc/gen/google/rpc/status_pb.ts'
import { ADMIN_TOKEN } from './test-server.ts'

type Bytes = Uint8Array

export interface ClientOptions {
  /** Default: the admin's. Undefined or empty: none. */
  readonly token?: string | undefined
  readonly tls?: ChannelCredentials
  readonly options?: Record<string, unknown>
}

/** More metadata, and how long the call may take. */
export interface CallExtras {
  readonly metadata?: Readonly<Record<string, string>>
  readonly deadlineMs?: number
}

export class GrpcClient {
  readonly #client: Client
  readonly #token: string | undefined

  constructor(url: string, { token = ADMIN_TOKEN, tls, options }: ClientOptions = {}) {
    this.#client = new Client(new URL(url).host, tls ?? credentials.createInsecure(), {
      // A connection of its own, so that a test's server is not asked on another's.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
      ...options,
    })
    this.#token = token
    onTestFinished(() => this.#client.close())
  }

  async call<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodUnary<Input, Output>,
    request: MessageInitShape<Input>,
    extras: CallExtras = {},
  ): Promise<MessageShape<Output>> {
    const bytes = toBinary(method.input, create(method.input, request))
    return fromBinary(method.output, await this.raw(pathOf(method), bytes, extras))
  }

  /** A unary call of any bytes at any path. */
  raw(path: string, request: Bytes, extras: CallExtras = {}): Promise<Bytes> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        asBuffer,
        asIs,
        request,
        this.#metadata(extras),
        optionsOf(extras),
        (error, answer) => (error ? reject(error) : resolve(answer!)),
      )
    })
  }

  /** A server stream; cancelled when its reader stops. */
  async *read<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodServerStreaming<Input, Output>,
    request: MessageInitShape<Input>,
    extras: CallExtras = {},
  ): AsyncGenerator<MessageShape<Output>, void> {
    const call: ClientReadableStream<Bytes> = this.#client.makeServerStreamRequest(
      pathOf(method),
      asBuffer,
      asIs,
      toBinary(method.input, create(method.input, request)),
      this.#metadata(extras),
      optionsOf(extras),
    )
    try {
      for await (const bytes of call) yield fromBinary(method.output, bytes as Bytes)
    } finally {
      call.on('error', () => undefined) // cancelling it is an error to its client
      call.cancel()
    }
  }

  /** A bidirectional stream of bytes. */
  open(method: DescMethod, extras: CallExtras = {}): ClientDuplexStream<Bytes, Bytes> {
    return this.#client.makeBidiStreamRequest(
      pathOf(method),
      asBuffer,
      asIs,
      this.#metadata(extras),
      optionsOf(extras),
    )
  }

  #metadata({ metadata = {} }: CallExtras): Metadata {
    const all = new Metadata()
    if (this.#token) all.set('authorization', `Bearer ${this.#token}`)
    for (const [name, value] of Object.entries(metadata)) all.set(name, value)
    return all
  }
}

/** What a failed call says: its code, its message and the details that are there. */
export async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => {
      throw new Error('the call succeeded')
    },
    (failure: ServiceError) => failure,
  )
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? []
  const status = bytes instanceof Buffer ? fromBinary(StatusSchema, bytes) : undefined
  const detail = <Schema extends DescMessage>(schema: Schema): MessageShape<Schema> | undefined =>
    status?.details.map((any) => anyUnpack(any, schema)).find((message) => message !== undefined)
  return {
    code: error.code,
    message: error.details,
    info: detail(ErrorInfoSchema),
    retry: detail(RetryInfoSchema),
    badRequest: detail(BadRequestSchema),
  }
}

/** A message as it travels: not compressed, its length, itself. */
export function framed(message: Bytes): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

function optionsOf({ deadlineMs }: CallExtras): CallOptions {
  return deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs }
}

function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`
}

const asIs = (bytes: Buffer): Bytes => bytes
const asBuffer = (bytes: Bytes): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
