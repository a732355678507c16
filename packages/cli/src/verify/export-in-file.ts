/** An export as people keep it: a file or stdin, compressed or not. */
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { type ExportHeader, parseExportHeader } from '@trailproof/verify'
import { usageFailure } from '../failure.ts'

export interface KeptExport {
  /** Undefined when the file does not begin as an export does. */
  readonly header: ExportHeader | undefined
  /** All of it, uncompressed. */
  readonly pieces: AsyncIterable<Uint8Array>
}

const NEWLINE = 0x0a
/** More than any first line has. */
const HEADER_BYTES_MAX = 1 << 20

export async function exportIn(source: Readable): Promise<KeptExport> {
  const pieces = uncompressed(source)
  const begun: Uint8Array[] = []
  let bytes = 0
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    begun.push(next.value)
    bytes += next.value.length
    if (next.value.includes(NEWLINE) || bytes > HEADER_BYTES_MAX) break
  }
  const text = Buffer.concat(begun).toString()
  return { header: parseExportHeader(text.split('\n', 1)[0]!), pieces: joined(begun, pieces) }
}

export function readFileOf(path: string, stdin: Readable): Readable {
  return path === '-' ? stdin : createReadStream(path, { highWaterMark: 1 << 18 })
}

async function* joined(
  begun: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* begun
  yield* rest
}

async function* uncompressed(source: Readable): AsyncGenerator<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  const first = await pieces.next().catch((cause: unknown) => {
    throw usageFailure(`cannot read the export: ${(cause as Error).message}`)
  })
  if (first.done) return
  const all = joined([first.value], { [Symbol.asyncIterator]: () => pieces })
  const isGzip = first.value[0] === 0x1f && first.value[1] === 0x8b
  yield* isGzip ? gunzipped(all) : all
}

/** What can be read of it: a damaged or torn end is one that is missing. */
async function* gunzipped(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzip = Readable.from(pieces).pipe(createGunzip())
  try {
    yield* unzip as AsyncIterable<Uint8Array>
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error
  }
}
