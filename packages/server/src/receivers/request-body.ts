/** Undoes the content encodings of a request body, within a bound. */
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'

type Decompress = (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>

const DECOMPRESS: Readonly<Record<string, Decompress>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
}

/** For `Accept-Encoding` in answers to encodings we do not know (RFC 9110, 12.5.3). */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br, zstd'

export type DecodedBody =
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  | { readonly kind: 'unknown-encoding'; readonly encoding: string }
  | { readonly kind: 'undecodable'; readonly detail: string }
  | { readonly kind: 'too-large' }

/** The plain bytes of a body; `bytesMax` bounds what a small compressed body may grow to. */
export async function decodeBody(
  body: Uint8Array,
  contentEncoding: string | undefined,
  bytesMax: number,
): Promise<DecodedBody> {
  const encodings = (contentEncoding ?? '')
    .split(',')
    .map((encoding) => encoding.trim().toLowerCase())
    .filter((encoding) => encoding !== '' && encoding !== 'identity')
  if (encodings.length > 1)
    return { kind: 'undecodable', detail: `one content encoding at most, got ${encodings.length}` }
  const [encoding] = encodings
  if (encoding === undefined) return { kind: 'body', bytes: body }
  const decompress = DECOMPRESS[encoding]
  if (!decompress) return { kind: 'unknown-encoding', encoding: encoding.slice(0, 50) }
  try {
    return { kind: 'body', bytes: await decompress(body, { maxOutputLength: bytesMax }) }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') return { kind: 'too-large' }
    return { kind: 'undecodable', detail: `the body is not valid ${encoding}: ${message}` }
  }
}
