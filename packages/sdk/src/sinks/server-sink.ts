/** Records to a Trailproof server over HTTP, in batches, each record with its receipt. */
import { promisify } from 'node:util'
import { gzip, zstdCompress } from 'node:zlib'
import type { SealedRecord } from '../delivery/sealed-record.ts'
import { report } from '../recorder/diagnostics.ts'
import { reasonOf } from './error-reason.ts'
import { type HttpAnswer, HttpClient, retryAfterMs, type TlsOptions } from './http-client.ts'
import { readIngestAnswer } from './ingest-answer.ts'
import { Misdirection } from './misdirection.ts'
import { ReceiptFile } from './receipt-file.ts'
import { type Recheck, recheckReceipt } from './recheck.ts'
import { type Delivered, type Receipt, type Sink, SinkError, type WriteWish } from './sink.ts'

export interface ServerSinkOptions {
  /** Of the server, such as `https://audit.example.com`; a path in it is kept. */
  readonly url: string
  /** API key with the scope `ingest`; or where to get one, asked before each request. */
  readonly key?: (string | (() => string | Promise<string>)) | undefined
  /** Default: the key's own, else `main`. */
  readonly ledger?: string | undefined
  /** How bodies of more than 1 KiB are sent. Default `gzip`. */
  readonly compress?: 'gzip' | 'zstd' | 'none' | undefined
  /** A request that takes longer is given up and sent again. Default 10_000. */
  readonly timeoutMs?: number | undefined
  /** Ask for receipts that verify by themselves also where no request waits for them. Default: when `receipts` are kept. */
  readonly proofs?: boolean | undefined
  /** Adds the receipt of each record to a file that `trailproof verify` reads. It grows for ever: moving it away is yours. */
  readonly receipts?: { readonly path: string } | undefined
  /** The ledger's verifier keys, for `recheck`: without them the server's own word is taken for which they are. */
  readonly verifierKeys?: readonly string[] | undefined
  /** As for `tls.connect`. */
  readonly tls?: TlsOptions | undefined
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export interface ServerSink extends Sink {
  /**
   * Whether the ledger still holds what it gave a receipt for, by a proof of its head of now. An id is looked up in the kept
   * `receipts`. The key needs the scope `read`. Never rejects.
   */
  recheck(receipt: string | Receipt): Promise<Recheck>
}

const COMPRESS = { gzip: promisify(gzip), zstd: promisify(zstdCompress) }
const COMPRESS_ABOVE_BYTES = 1024
const MISDIRECTED = new Set([301, 302, 303, 307, 308, 401, 403, 404, 410])

/** Throws a TypeError for a `url` that is none. */
export function serverSink(options: ServerSinkOptions): ServerSink {
  return new HttpServerSink(options)
}

class HttpServerSink implements ServerSink {
  readonly name: string
  readonly #options: ServerSinkOptions
  readonly #client: HttpClient
  readonly #receipts: ReceiptFile | undefined
  #compress: 'gzip' | 'zstd' | 'none'
  readonly #misdirection = new Misdirection()

  constructor(options: ServerSinkOptions) {
    this.#options = options
    this.#client = new HttpClient(options.url, options.tls)
    this.#receipts = options.receipts && new ReceiptFile(options.receipts.path)
    this.#compress = options.compress ?? 'gzip'
    // Without user and password, which people put into URLs.
    const { origin, pathname } = new URL(options.url)
    this.name = `server ${origin}${pathname}`
  }

  async write(
    batch: readonly SealedRecord[],
    signal: AbortSignal,
    { proofs = false }: Partial<WriteWish> = {},
  ): Promise<readonly Delivered[]> {
    const answer = await this.#post(
      batch,
      signal,
      proofs || this.#options.proofs === true || this.#receipts !== undefined,
    )
    if (answer.status === 413) {
      if (batch.length === 1) return [{ kind: 'refused', status: 'refused', reason: problemIn(answer) }]
      // The other half comes again by itself.
      return this.write(batch.slice(0, batch.length >> 1), signal, { proofs })
    }
    if (answer.status !== 200) throw this.#failure(answer)
    this.#misdirection.mended()
    return this.#settle(answer, batch)
  }

  async recheck(receipt: string | Receipt): Promise<Recheck> {
    try {
      const kept = typeof receipt === 'string' ? await this.#receipts?.find(receipt) : receipt
      if (kept === undefined) return { kind: 'unknown', problem: 'no receipt of it is kept' }
      const { verifierKeys, timeoutMs = 10_000 } = this.#options
      const get = async (path: string): Promise<HttpAnswer> =>
        this.#client.send({
          method: 'GET',
          path,
          timeoutMs,
          headers: await this.#headers(),
          keepsAlive: true,
        })
      return await recheckReceipt(kept, { get, verifierKeys })
    } catch (error) {
      return { kind: 'unknown', problem: (error as Error).message }
    }
  }

  async close(): Promise<void> {
    this.#client.close()
    await this.#receipts?.close()
  }

  async #post(batch: readonly SealedRecord[], signal: AbortSignal, proofs: boolean): Promise<HttpAnswer> {
    const { ledger, timeoutMs = 10_000 } = this.#options
    const query = new URLSearchParams({
      ...(ledger !== undefined && { ledger }),
      ...(proofs && { receipt: 'proof' }),
    })
    const path = query.size > 0 ? `/v1/events?${query.toString()}` : '/v1/events'
    const plain = Buffer.from(batch.map(({ line }) => `${line}\n`).join(''))
    try {
      const encoding = plain.length > COMPRESS_ABOVE_BYTES ? this.#compress : 'none'
      const body = encoding === 'none' ? plain : await COMPRESS[encoding](plain)
      const headers = {
        ...(await this.#headers()),
        'content-type': 'application/x-ndjson',
        ...(encoding !== 'none' && { 'content-encoding': encoding }),
      }
      const answer = await this.#client.send({ method: 'POST', path, headers, body, timeoutMs, signal })
      // A server, or something before it, that does not know the encoding.
      if (answer.status !== 415 || encoding === 'none') return answer
      this.#compress = 'none'
      return await this.#post(batch, signal, proofs)
    } catch (cause) {
      throw new SinkError(`${this.name} is not reached: ${reasonOf(cause)}`, { retryable: true, cause })
    }
  }

  async #headers(): Promise<Record<string, string>> {
    const { key, headers } = this.#options
    const token = typeof key === 'function' ? await key() : key
    return {
      accept: 'application/json',
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    }
  }

  async #settle({ text }: HttpAnswer, batch: readonly SealedRecord[]): Promise<readonly Delivered[]> {
    try {
      const { fates, evidence } = readIngestAnswer(text, batch)
      if (this.#receipts !== undefined)
        await this.#receipts.append(evidence()).catch((error: unknown) => {
          // The records are in the ledger, which gives the receipts again: that is no reason to send them again.
          report({ kind: 'fault', where: 'keeping receipts', error })
        })
      return fates
    } catch (cause) {
      throw new SinkError(`${this.name}: ${reasonOf(cause)}`, { retryable: true, cause })
    }
  }

  #failure(answer: HttpAnswer): SinkError {
    const { status } = answer
    const message = `${this.name} answered ${status}: ${problemIn(answer)}`
    const waitMs = retryAfterMs(answer)
    if (MISDIRECTED.has(status)) return this.#misdirection.error(message, { retryAfterMs: waitMs })
    const retryable = status >= 500 || status === 408 || status === 425 || status === 429
    return new SinkError(message, { retryable, ...(waitMs !== undefined && { retryAfterMs: waitMs }) })
  }
}

/** What a problem document says (RFC 9457), or the first line of what stands in its place. */
function problemIn({ text }: HttpAnswer): string {
  try {
    const { title, detail } = JSON.parse(text) as { title?: unknown; detail?: unknown }
    const said = [title, detail].filter((part) => typeof part === 'string').join(': ')
    if (said !== '') return said
  } catch {
    // Not ours: a proxy in between, most likely.
  }
  return text.split('\n', 1)[0]?.slice(0, 200) || 'no details'
}
