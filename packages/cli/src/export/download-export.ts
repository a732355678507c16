/** Reads an export to its end, over as many connections as it takes. */
import { type ApiClient, isTransient, Refusal } from '../api/api-client.ts'
import { backoffMs, waitMs } from '../api/backoff.ts'
import { EXIT } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import type { ExportOutput } from './export-output.ts'
import type { ExportPosition } from './export-position.ts'

export type ExportQuery = Readonly<Record<string, string | number | undefined>>

export interface DownloadOptions {
  readonly client: ApiClient
  /** What is asked for while there is no first line yet. */
  readonly query: ExportQuery
  readonly output: ExportOutput
  /** Further tries without getting on; beyond, it rejects and the output stays as it is. */
  readonly retriesMax: number
  readonly onRetry: (error: Error, waitMs: number) => void
  readonly onBytes: (bytes: number) => void
}

/** As ndjson: goes on after the last mark when it is cut. `position`: of what the output holds already. */
export async function downloadProven(position: ExportPosition, options: DownloadOptions): Promise<void> {
  const { client, output, onBytes } = options
  for (let failures = 0; !position.isWhole; failures++) {
    const keptBefore = position.keptBytes
    try {
      for await (const bytes of piecesOf(client, queryAfter(position) ?? options.query)) {
        position.take(bytes)
        await output.write(bytes)
        await output.keep(position.keptBytes)
        onBytes(bytes.length)
      }
      if (!position.isWhole) throw new Failure(EXIT.unreachable, 'the export ended before its manifest')
    } catch (error) {
      // Before the first answer a failure is the user's to know.
      if (position.header === undefined && !(error instanceof Refusal)) throw error
      if (position.keptBytes > keptBefore) failures = 0
      await pauseAfter(error, failures, options)
      position.rewind()
      await output.rewind(position.keptBytes)
    }
  }
  await output.finish()
}

/** As CSV or OCSF, which have no marks: tries again only when the server takes nothing for now. */
export async function downloadPlain(options: DownloadOptions): Promise<void> {
  const { client, query, output, onBytes } = options
  let bytesTaken = 0
  for (let failures = 0; ; failures++)
    try {
      for await (const bytes of piecesOf(client, query)) {
        bytesTaken += bytes.length
        await output.write(bytes)
        await output.keep(bytesTaken)
        onBytes(bytes.length)
      }
      return await output.finish()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      await pauseAfter(error, failures, options)
    }
}

async function* piecesOf(client: ApiClient, query: ExportQuery): AsyncGenerator<Buffer> {
  const response = await client.call('/v1/export', { query })
  try {
    for await (const { buffer, byteOffset, byteLength } of response.body ?? [])
      yield Buffer.from(buffer, byteOffset, byteLength)
  } catch (cause) {
    throw new Failure(EXIT.unreachable, `the export was cut: ${(cause as Error).message}`, { cause })
  }
}

/** Waits before the next try, or rejects with the error when there is none. */
async function pauseAfter(
  error: unknown,
  failures: number,
  { retriesMax, onRetry }: DownloadOptions,
): Promise<void> {
  if (!isTransient(error) || failures >= retriesMax) throw error
  const wait = backoffMs(failures, error instanceof Refusal ? error.retryAfter : undefined)
  onRetry(error as Error, wait) // isTransient said that it is a Failure
  await waitMs(wait)
}

/** Asks for the same export again: all that its first line depends on. */
function queryAfter({ header, mark }: ExportPosition): ExportQuery | undefined {
  if (header === undefined) return undefined
  const { ledger, from, to, head, at, query } = header
  return {
    ledger,
    q: query || undefined,
    from_index: from,
    to_index: to,
    size: head.size,
    at,
    mark: mark?.token,
  }
}
