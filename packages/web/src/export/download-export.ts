/** Fetches an export into the browser: as a file to keep, and as evidence to judge. */
import { addressOf, type Client, type Parameters } from '../api/client.ts'
import { piecesOf } from '../api/pieces-of.ts'
import { PageProblem } from '../api/problem.ts'

/** Beyond, a browser is the wrong place: the command line writes to a file as it comes. */
const EXPORT_BYTES_MAX = 256 * 2 ** 20

interface DownloadOptions {
  readonly parameters: Parameters
  readonly signal?: AbortSignal | undefined
  readonly onBytes?: (bytes: number) => void
}

/** Rejects as requests do, as the signal aborts, and with PageProblem when it is too large or was cut before its end. */
export async function downloadExport(
  client: Client,
  { parameters, signal, onBytes }: DownloadOptions,
): Promise<Blob> {
  const abort = new AbortController()
  signal?.addEventListener('abort', () => abort.abort(signal.reason))
  const response = await client.fetch(addressOf('v1/export', parameters), { signal: abort.signal })
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  try {
    for await (const piece of piecesOf(response.body!)) {
      bytes += piece.length
      if (bytes > EXPORT_BYTES_MAX) throw tooLarge()
      pieces.push(piece)
      onBytes?.(bytes)
    }
  } catch (error) {
    if (signal?.aborted || error instanceof PageProblem) {
      abort.abort()
      throw error
    }
    throw new PageProblem('the export was cut before its end, and nothing of it is kept: take it again', {
      cause: error,
    })
  }
  return new Blob(pieces, { type: response.headers.get('content-type') ?? '' })
}

function tooLarge(): PageProblem {
  return new PageProblem(
    'the export is larger than 256 MiB, which a browser should not hold: take it with the command line',
  )
}
