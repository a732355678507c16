/** Fetches an export into the browser: as a file to keep, and as evidence to judge. */
import { addressOf, type Client, type Parameters } from '../api/client.ts'

/** Beyond, a browser is the wrong place: the command line writes to a file as it comes. */
export const EXPORT_BYTES_MAX = 256 * 2 ** 20

export class ExportTooLarge extends Error {
  constructor() {
    super(
      'The export is larger than 256 MiB, which a browser should not hold. Take it with the command line.',
    )
  }
}

interface DownloadOptions {
  readonly parameters: Parameters
  readonly signal?: AbortSignal | undefined
  readonly onBytes?: (bytes: number) => void
}

/** Rejects as requests do, as the signal aborts, with ExportTooLarge, or when the stream ends before its end. */
export async function downloadExport(
  client: Client,
  { parameters, signal, onBytes }: DownloadOptions,
): Promise<Blob> {
  const abort = new AbortController()
  signal?.addEventListener('abort', () => abort.abort(signal.reason))
  const response = await client.fetch(addressOf('v1/export', parameters), { signal: abort.signal })
  const reader = response.body!.getReader()
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    bytes += value.length
    if (bytes > EXPORT_BYTES_MAX) {
      abort.abort()
      throw new ExportTooLarge()
    }
    pieces.push(value)
    onBytes?.(bytes)
  }
  return new Blob(pieces, { type: response.headers.get('content-type') ?? '' })
}
