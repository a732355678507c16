/** What a recorder can be told, and what holds where it is not. Resolved once; the caller's object is never written to. */
import { hostname } from 'node:os'
import type { CompiledRedaction, RedactionRule } from '@trailproof/core'
import { HeaderCapture } from '../capture/header-capture.ts'
import type { DeliveryMode } from '../delivery/sealed-record.ts'
import type { Sink } from '../sinks/sink.ts'
import { ACTOR_HEADER } from '../trace-context/signed-actor.ts'
import type { TraceHeaderNames } from '../trace-context/trace-context.ts'
import type { Given } from './given.ts'
import type { Producer } from './producer.ts'
import { compileRedactionOptions, type RedactionOptions } from './redaction-options.ts'
import { compileSampling, type Sampling, type SamplingOptions } from './sampling.ts'

export interface RecorderOptions {
  /** Default `TRAILPROOF_SERVICE`, `OTEL_SERVICE_NAME`, else `unknown-service`. */
  readonly service?: string | undefined
  /** Default `TRAILPROOF_ENVIRONMENT`, `NODE_ENV`, else `development`. */
  readonly environment?: string | undefined
  /** Default: absent. */
  readonly serviceVersion?: string | undefined
  /** Default: the name of the machine. */
  readonly host?: string | undefined
  /** Where records go. Default: the server at `TRAILPROOF_URL`, with the key in `TRAILPROOF_TOKEN`; without one, stdout. */
  readonly sink?: Sink | undefined
  /** How sure to be before the response goes on; single trails and events may say otherwise. Default `async`. */
  readonly delivery?: DeliveryMode | undefined
  /**
   * What happens to a response whose `ack` or `disk` delivery did not succeed in time. `spool`: without a receipt the spool
   * is enough; `fail`: the answer is 503 (or, where it has begun, the connection is cut); `pass`: it goes out and is counted.
   * What the spool does not take either, fails. Default: `spool` with a spool, else `fail`.
   */
  readonly onUndelivered?: 'fail' | 'spool' | 'pass' | undefined
  /** Bounds and times of the queues; the spool's directory. */
  readonly queue?: QueueOptions | undefined
  /** What is masked beside the built-in names and forms; `false`: nothing is, here. */
  readonly redaction?: RedactionOptions | false | undefined
  readonly sampling?: SamplingOptions | undefined
  readonly capture?: CaptureOptions | undefined
  /**
   * Whether calls of clients that tell of themselves on diagnostics channels are recorded: fetch, undici, node:http and what is
   * built on it, and others that say so (docs/sdk.md). Once on, it is on for the process. Default true.
   */
  readonly collect?: boolean | undefined
  /** Default `x-trace-id`. */
  readonly traceIdHeader?: string | undefined
  /** Default `x-request-id`. */
  readonly requestIdHeader?: string | undefined
  /**
   * A key that services share which trust each other about who acts: with it, calls and carriers tell the actor, signed, and incoming ones
   * are believed. 32 bytes or more. Default `TRAILPROOF_CONTEXT_KEY`; without one, nobody is told and nobody is believed.
   */
  readonly contextKey?: string | Uint8Array | undefined
  /**
   * Hosts that are told who acts, as `orders.internal` or `*.internal`: whoever is told can act as that actor for five minutes within the
   * trace. Default none.
   */
  readonly contextHosts?: readonly string[] | undefined
  /** Whether outgoing calls carry traceparent, tracestate and the request id. Default true. */
  readonly propagate?: boolean | undefined
}

export interface QueueOptions {
  /** Records that wait in memory; more are dropped and counted. Default 10,000. */
  readonly recordsMax?: number | undefined
  /** Bytes that wait in memory. Default 16 MiB. */
  readonly bytesMax?: number | undefined
  /** ms that a record waits for others to go with. Default 200. */
  readonly maxAgeMs?: number | undefined
  /** ms that `ack` waits for the receipt. Default 2,000. */
  readonly ackTimeoutMs?: number | undefined
  /** Where `disk` delivery, and what else must wait, is kept. Default `TRAILPROOF_SPOOL`; without one there is none. */
  readonly spoolDirectory?: string | undefined
  /** Bytes of the spool. Default 256 MiB. */
  readonly spoolBytesMax?: number | undefined
  /** Sync each write of the spool, so that it survives a power cut too. Default false. */
  readonly spoolSync?: boolean | undefined
}

export interface CaptureOptions {
  /** Default true. */
  readonly requestBody?: boolean | undefined
  /** Default true. */
  readonly responseBody?: boolean | undefined
  /** Bytes of a request's body that are kept; of a longer one its size and SHA-256 as well. Default 65,536. */
  readonly requestBodyBytesMax?: number | undefined
  /** The same of a response's. Default 65,536. */
  readonly responseBodyBytesMax?: number | undefined
  /** Only these headers are kept. Default: all. */
  readonly includeHeaders?: readonly string[] | undefined
  /** Headers whose value is masked beside those with secret names. Default authorization, cookie, set-cookie, x-api-key. */
  readonly excludeHeaders?: readonly string[] | undefined
  /** Requests that make no trail at all, such as probes. Default: none. */
  readonly ignore?: ((request: { readonly method: string; readonly path: string }) => boolean) | undefined
  /**
   * How many proxies in front of the service are trusted to add to X-Forwarded-For: the client's address is taken from
   * there, counted from the end. Default 0: the address of the connection.
   */
  readonly trustedProxies?: number | undefined
}

export interface ResolvedOptions {
  readonly producer: Producer
  readonly sink: Sink | undefined
  /** The server that the environment names. */
  readonly server: { readonly url: string; readonly key?: string } | undefined
  readonly delivery: DeliveryMode
  readonly onUndelivered: 'fail' | 'spool' | 'pass'
  readonly queue: QueueOptions
  readonly redaction: CompiledRedaction | undefined
  readonly sampling: Sampling
  readonly capture: Given<Omit<CaptureOptions, 'includeHeaders' | 'excludeHeaders'>>
  /** What stands in place of a secret. */
  readonly mask: string
  /** Which headers are kept, and how. */
  readonly headers: HeaderCapture
  /** Whether headers, paths and the like are masked and nothing else: no rule leads to them or hashes them. */
  readonly redactsPlainly: boolean
  readonly headerNames: TraceHeaderNames
  readonly propagate: boolean
  readonly contextKey: string | Uint8Array | undefined
  /** Lower case. */
  readonly contextHosts: readonly string[]
}

/** The originals' list; every secret name is masked besides. */
const EXCLUDED_HEADERS = ['authorization', 'cookie', 'set-cookie', 'x-api-key']
const BODY_BYTES_MAX = 65_536

/** The only place that reads the environment. Throws for an option that cannot be meant. */
export function resolveOptions(
  options: RecorderOptions,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedOptions {
  const { capture = {}, redaction } = options
  checkTexts(options)
  const queue = withSpool(options.queue ?? {}, nonEmpty(env['TRAILPROOF_SPOOL']))
  const hasSpool = queue.spoolDirectory !== undefined
  const delivery = oneOf('delivery', options.delivery ?? 'async', ['async', 'disk', 'ack'])
  const onUndelivered = oneOf('onUndelivered', options.onUndelivered ?? (hasSpool ? 'spool' : 'fail'), [
    'fail',
    'spool',
    'pass',
  ])
  if (!hasSpool && (delivery === 'disk' || onUndelivered === 'spool'))
    throw new RangeError(
      `${delivery === 'disk' ? 'delivery: disk' : 'onUndelivered: spool'} needs queue.spoolDirectory`,
    )
  const mask = (redaction === false ? undefined : redaction?.mask) ?? '***'
  const compiled = redaction === false ? undefined : compileRedactionOptions(redaction)
  return {
    producer: {
      service:
        options.service ??
        nonEmpty(env['TRAILPROOF_SERVICE']) ??
        nonEmpty(env['OTEL_SERVICE_NAME']) ??
        'unknown-service',
      environment:
        options.environment ??
        nonEmpty(env['TRAILPROOF_ENVIRONMENT']) ??
        nonEmpty(env['NODE_ENV']) ??
        'development',
      serviceVersion: options.serviceVersion,
      host: options.host ?? hostname(),
    },
    sink: options.sink,
    server: serverOf(env),
    delivery,
    onUndelivered,
    queue,
    redaction: compiled,
    mask,
    headers: new HeaderCapture({
      includeHeaders: capture.includeHeaders && lower(capture.includeHeaders),
      excludeHeaders: lower([...(capture.excludeHeaders ?? EXCLUDED_HEADERS), ACTOR_HEADER]),
      mask,
      redaction: compiled,
    }),
    redactsPlainly: redaction === false || (redaction?.rules ?? []).every(isPlain),
    sampling: compileSampling(options.sampling),
    capture: {
      requestBody: capture.requestBody ?? true,
      responseBody: capture.responseBody ?? true,
      requestBodyBytesMax: bytes('capture.requestBodyBytesMax', capture.requestBodyBytesMax),
      responseBodyBytesMax: bytes('capture.responseBodyBytesMax', capture.responseBodyBytesMax),
      ignore: capture.ignore ?? (() => false),
      trustedProxies: count('capture.trustedProxies', capture.trustedProxies ?? 0),
    },
    headerNames: {
      traceId: headerName('traceIdHeader', options.traceIdHeader ?? 'x-trace-id'),
      requestId: headerName('requestIdHeader', options.requestIdHeader ?? 'x-request-id'),
    },
    propagate: options.propagate ?? true,
    contextHosts: lower(options.contextHosts ?? []),
    contextKey: contextKeyOf(options.contextKey ?? nonEmpty(env['TRAILPROOF_CONTEXT_KEY'])),
  }
}

function isPlain({ paths = [], names = [], as = 'mask' }: RedactionRule): boolean {
  return paths.length === 0 && (names.length === 0 || as === 'mask')
}

function serverOf(env: Readonly<Record<string, string | undefined>>): ResolvedOptions['server'] {
  const url = nonEmpty(env['TRAILPROOF_URL'])
  const key = nonEmpty(env['TRAILPROOF_TOKEN'])
  return url === undefined ? undefined : { url, ...(key !== undefined && { key }) }
}

function withSpool(queue: QueueOptions, spoolDirectory: string | undefined): QueueOptions {
  return queue.spoolDirectory === undefined && spoolDirectory !== undefined
    ? { ...queue, spoolDirectory }
    : queue
}

/** The server cuts bodies at the same limit; a larger one would only be cut there. */
function bytes(name: string, value: number = BODY_BYTES_MAX): number {
  if (!Number.isSafeInteger(value) || value < 0 || value > BODY_BYTES_MAX)
    throw new RangeError(`${name} is a whole number of bytes from 0 to ${BODY_BYTES_MAX}; found ${value}`)
  return value
}

const TEXTS = ['service', 'environment', 'serviceVersion', 'host'] as const

function checkTexts(options: RecorderOptions): void {
  for (const name of TEXTS) {
    const value: unknown = options[name]
    if (value === undefined) continue
    if (typeof value !== 'string' || value.length > 512)
      throw new TypeError(`${name} is a text of at most 512 characters; found ${JSON.stringify(value)}`)
  }
}

function oneOf<Word extends string>(name: string, value: Word, words: readonly Word[]): Word {
  if (words.includes(value)) return value
  throw new RangeError(`${name} is one of ${words.join(', ')}; found ${JSON.stringify(value)}`)
}

function count(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new RangeError(`${name} is a whole number, 0 or more; found ${value}`)
}

/** RFC 9110 section 5.1. */
function headerName(name: string, value: string): string {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(value)) return value.toLowerCase()
  throw new TypeError(`${name} is the name of a header; found ${JSON.stringify(value)}`)
}

function contextKeyOf(key: string | Uint8Array | undefined): string | Uint8Array | undefined {
  if (key !== undefined && key.length < 32)
    throw new RangeError(`contextKey has at least 32 bytes; found ${key.length}`)
  return key
}

function lower(names: readonly string[]): readonly string[] {
  return names.map((name) => name.toLowerCase())
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
