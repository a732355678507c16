/** Records to a Trailproof server over gRPC, in batches, each record with its receipt. The application brings @grpc/grpc-js. */
import { createSecureContext, type SecureContext } from 'node:tls'
import { outsideRequests } from '../delivery/outside-requests.ts'
import type { SealedRecord } from '../delivery/sealed-record.ts'
import {
  decodeAnswer,
  decodeDetails,
  encodeEvent,
  encodeRequest,
  type FailureDetails,
} from './audit-proto.ts'
import { reasonOf } from './error-reason.ts'
import type { TlsOptions } from './http-client.ts'
import { readReceipts } from './ingest-answer.ts'
import { Misdirection } from './misdirection.ts'
import { type Delivered, type Sink, SinkError, type WriteWish } from './sink.ts'

/** What is used of the module @grpc/grpc-js. */
export interface GrpcModule {
  readonly Client: new (
    address: string,
    credentials: never,
    options: Readonly<Record<string, unknown>>,
  ) => GrpcClient
  readonly Metadata: new () => GrpcMetadata
  readonly credentials: {
    createInsecure(): object
    createFromSecureContext(context: SecureContext, verify: { rejectUnauthorized?: boolean }): object
  }
}

interface GrpcClient {
  makeUnaryRequest(
    path: string,
    serialize: (request: Uint8Array) => Buffer,
    deserialize: (answer: Buffer) => Uint8Array,
    request: Uint8Array,
    metadata: never,
    options: { readonly deadline: number },
    callback: (error: GrpcFailure | null, answer?: Uint8Array) => void,
  ): { cancel(): void }
  close(): void
}

interface GrpcMetadata {
  set(name: string, value: string): void
}

interface GrpcFailure extends Error {
  readonly code: number
  readonly metadata?: { get(name: string): readonly unknown[] }
}

export interface GrpcSinkOptions {
  /** `import * as grpc from '@grpc/grpc-js'`. */
  readonly grpc: GrpcModule
  /** Of the server, such as `https://audit.example.com:4000`; gRPC shares its port with HTTP. */
  readonly url: string
  /** API key with the scope `ingest`; or where to get one, asked before each call. */
  readonly key?: (string | (() => string | Promise<string>)) | undefined
  /** Default: the key's own, else `main`. */
  readonly ledger?: string | undefined
  /** As for `tls.connect`. */
  readonly tls?: TlsOptions | undefined
  /** A call that takes longer is given up and made again, on a new connection. It keeps the process alive so long. Default 10_000. */
  readonly timeoutMs?: number | undefined
}

const METHOD = '/audit.v1.AuditService/LogEvents'
const CHANNEL = {
  // Closing ours must not be closing one of the application's.
  'grpc.use_local_subchannel_pool': 1,
  // Else a server that is back is not noticed for two minutes.
  'grpc.max_reconnect_backoff_ms': 5_000,
  // gzip, as the HTTP sink sends it.
  'grpc.default_compression_algorithm': 2,
  // Receipts with proofs are longer than what they are for.
  'grpc.max_receive_message_length': 64 * 2 ** 20,
}

/** Codes of gRPC (docs/grpc.md says when the server answers which). */
const DEADLINE_EXCEEDED = 4
const RESOURCE_EXHAUSTED = 8
/** INVALID_ARGUMENT, ALREADY_EXISTS, FAILED_PRECONDITION, OUT_OF_RANGE: the same again gets the same answer. */
const FOR_GOOD: ReadonlySet<number> = new Set([3, 6, 9, 11])
/** NOT_FOUND, PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED. */
const MISDIRECTED: ReadonlySet<number> = new Set([5, 7, 12, 16])

/** Throws a TypeError for a `url` that is none of a server. */
export function grpcSink(options: GrpcSinkOptions): Sink {
  return new LogEventsSink(options)
}

class LogEventsSink implements Sink {
  readonly name: string
  readonly #options: GrpcSinkOptions
  readonly #url: URL
  readonly #misdirection = new Misdirection()
  #client: GrpcClient | undefined

  constructor(options: GrpcSinkOptions) {
    this.#options = options
    this.#url = new URL(options.url)
    const { protocol, host } = this.#url
    if (protocol !== 'http:' && protocol !== 'https:')
      throw new TypeError(`${options.url} is not http or https`)
    this.name = `grpc ${host}`
  }

  async write(
    batch: readonly SealedRecord[],
    signal: AbortSignal,
    { proofs = false }: Partial<WriteWish> = {},
  ): Promise<readonly Delivered[]> {
    const { events, problem } = encoded(batch)
    // The others come again by themselves.
    if (events.length === 0) return [{ kind: 'refused', status: 'refused', reason: problem }]
    const sent = batch.slice(0, events.length)
    const request = encodeRequest(events, { ledger: this.#options.ledger, proofs })
    try {
      const answer = decodeAnswer(await this.#call(request, signal))
      if (answer.receipts.length !== sent.length)
        throw new Error(`${answer.receipts.length} receipts for ${sent.length} records`)
      this.#misdirection.mended()
      return readReceipts(answer.receipts, answer.checkpoint, sent).fates
    } catch (error) {
      const failure = this.#failure(error)
      if (failure !== 'too large') throw failure
      if (sent.length === 1) return [{ kind: 'refused', status: 'refused', reason: reasonOf(error) }]
      return this.write(sent.slice(0, sent.length >> 1), signal, { proofs })
    }
  }

  close(): Promise<void> {
    this.#disconnect()
    return Promise.resolve()
  }

  async #call(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { grpc, key, timeoutMs = 10_000 } = this.#options
    const token = typeof key === 'function' ? await key() : key
    const metadata = new grpc.Metadata()
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`)
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      let call: { cancel(): void } | undefined
      const cancel = (): void => call?.cancel()
      signal.addEventListener('abort', cancel, { once: true })
      call = outsideRequests(() =>
        this.#connected().makeUnaryRequest(
          METHOD,
          asBuffer,
          asBytes,
          request,
          metadata as never, // the module's own class
          { deadline: Date.now() + timeoutMs },
          (error, answer) => {
            signal.removeEventListener('abort', cancel)
            if (error !== null) reject(error)
            else resolve(answer ?? new Uint8Array())
          },
        ),
      )
    })
  }

  #connected(): GrpcClient {
    const { grpc, tls = {} } = this.#options
    const { protocol, hostname, port } = this.#url
    const { servername, rejectUnauthorized, ...context } = tls
    const isSecure = protocol === 'https:'
    this.#client ??= new grpc.Client(
      `${hostname}:${port || (isSecure ? 443 : 80)}`,
      (isSecure
        ? grpc.credentials.createFromSecureContext(
            createSecureContext(context),
            rejectUnauthorized === undefined ? {} : { rejectUnauthorized },
          )
        : grpc.credentials.createInsecure()) as never, // the module's own class
      { ...CHANNEL, ...(servername !== undefined && { 'grpc.ssl_target_name_override': servername }) },
    )
    return this.#client
  }

  /** A connection whose other end is gone without a word would let each call run into its deadline. */
  #disconnect(): void {
    this.#client?.close()
    this.#client = undefined
  }

  #failure(cause: unknown): SinkError | 'too large' {
    const { code } = cause as Partial<GrpcFailure>
    const { reason, retryAfterMs } = detailsOf(cause)
    const message = `${this.name}: ${reasonOf(cause)}`
    if (code === DEADLINE_EXCEEDED) this.#disconnect()
    // Either the server says it, or one of the two libraries does.
    if (
      code === RESOURCE_EXHAUSTED &&
      (reason === 'BODY_TOO_LARGE' || reasonOf(cause).includes('larger than'))
    )
      return 'too large'
    if (MISDIRECTED.has(code!)) return this.#misdirection.error(message, { retryAfterMs, cause })
    return new SinkError(message, {
      retryable: !FOR_GOOD.has(code!),
      cause,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    })
  }
}

/** The records up to the first that gRPC cannot say. */
function encoded(batch: readonly SealedRecord[]): { events: Uint8Array[]; problem: string } {
  const events: Uint8Array[] = []
  try {
    for (const { line } of batch) events.push(encodeEvent(line))
    return { events, problem: '' }
  } catch (error) {
    return { events, problem: reasonOf(error) }
  }
}

const NO_DETAILS: FailureDetails = { reason: undefined, retryAfterMs: undefined }

function detailsOf(error: unknown): FailureDetails {
  try {
    const [bytes] = (error as Partial<GrpcFailure>).metadata?.get('grpc-status-details-bin') ?? []
    return bytes instanceof Uint8Array ? decodeDetails(bytes) : NO_DETAILS
  } catch {
    return NO_DETAILS // of another server's making
  }
}

const asBytes = (answer: Buffer): Uint8Array => answer

function asBuffer(request: Uint8Array): Buffer {
  return Buffer.from(request.buffer, request.byteOffset, request.byteLength)
}
