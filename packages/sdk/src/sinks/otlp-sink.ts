/** Trails as spans to an OTLP receiver (OpenTelemetry Collector, Jaeger, Tempo …), as JSON over HTTP. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { SealedRecord } from '../delivery/sealed-record.ts'
import { otlpTraces } from '../otel/trail-spans.ts'
import { report } from '../recorder/diagnostics.ts'
import { reasonOf } from './error-reason.ts'
import { type HttpAnswer, HttpClient, retryAfterMs, type TlsOptions } from './http-client.ts'
import { Misdirection } from './misdirection.ts'
import { type Delivered, type Sink, SinkError } from './sink.ts'

export interface OtlpSinkOptions {
  /** Of the receiver, such as `http://localhost:4318`; `/v1/traces` is added to its path. */
  readonly url: string
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** As for `tls.connect`. */
  readonly tls?: TlsOptions | undefined
  /** A request that takes longer is given up and sent again. Default 10_000. */
  readonly timeoutMs?: number | undefined
}

/** OTLP 1.x, "OTLP/HTTP Response": these may be tried again, no others. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504])
const MISDIRECTED: ReadonlySet<number> = new Set([301, 302, 303, 307, 308, 401, 403, 404, 410])
/** Every receiver takes gzip (OTLP 1.x, "OTLP/HTTP Request"). */
const COMPRESS_ABOVE_BYTES = 1024

const compress = promisify(gzip)

/**
 * Trails become spans; records of other kinds are passed over, and count as written. Spans are no evidence: beside them a
 * server or a file should take the records themselves (`multiSink`). Throws a TypeError for a `url` that is none.
 */
export function otlpSink({ url, headers, tls, timeoutMs = 10_000 }: OtlpSinkOptions): Sink {
  const client = new HttpClient(url, tls)
  const { origin, pathname } = new URL(url)
  const name = `otlp ${origin}${pathname}`
  const misdirection = new Misdirection()

  const post = async (body: string, signal: AbortSignal): Promise<HttpAnswer> => {
    const plain = Buffer.from(body)
    const isLong = plain.length > COMPRESS_ABOVE_BYTES
    const encoding = isLong && { 'content-encoding': 'gzip' }
    try {
      return await client.send({
        method: 'POST',
        path: '/v1/traces',
        headers: { ...headers, 'content-type': 'application/json', ...encoding },
        body: isLong ? await compress(plain) : plain,
        timeoutMs,
        signal,
      })
    } catch (cause) {
      throw new SinkError(`${name} is not reached: ${reasonOf(cause)}`, { retryable: true, cause })
    }
  }

  const write = async (
    batch: readonly SealedRecord[],
    signal: AbortSignal,
  ): Promise<readonly Delivered[]> => {
    const trails = batch.filter(({ kind }) => kind === 'trail')
    if (trails.length === 0) return batch.map(() => WRITTEN)
    const traces = otlpTraces(trails.map(({ line }) => JSON.parse(line) as Record<string, unknown>))
    const answer = await post(JSON.stringify(traces), signal)
    const { status, text } = answer
    if (status >= 200 && status < 300) {
      misdirection.mended()
      const problem = partialSuccess(text)
      // What was left out is not said, and must not be sent again.
      if (problem !== undefined) report({ kind: 'fault', where: name, error: new Error(problem) })
      return batch.map(() => WRITTEN)
    }
    if (status === 413) {
      if (batch.length === 1) return [{ kind: 'refused', status: 'refused', reason: `too large for ${name}` }]
      // The other half comes again by itself.
      return write(batch.slice(0, batch.length >> 1), signal)
    }
    const message = `${name} answered ${status}: ${text.slice(0, 200)}`
    const waitMs = retryAfterMs(answer)
    if (MISDIRECTED.has(status)) throw misdirection.error(message, { retryAfterMs: waitMs })
    throw new SinkError(message, {
      retryable: RETRYABLE.has(status),
      ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    })
  }

  return {
    name,
    write,
    close() {
      client.close()
      return Promise.resolve()
    },
  }
}

const WRITTEN: Delivered = { kind: 'written' }

/** What ExportTraceServiceResponse says of spans that were not taken, or that it warns of. */
function partialSuccess(text: string): string | undefined {
  try {
    const answer = JSON.parse(text) as {
      partialSuccess?: { rejectedSpans?: unknown; errorMessage?: unknown }
    }
    const { rejectedSpans = 0, errorMessage = '' } = answer.partialSuccess ?? {}
    const rejected = Number(rejectedSpans)
    if (!(rejected > 0) && errorMessage === '') return undefined
    return `${rejected} spans were rejected: ${String(errorMessage)}`
  } catch {
    return undefined // an empty body, or one of protobuf: nothing is said
  }
}
