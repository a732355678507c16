/** What a captured body is in the record: JSON where it is whole and exact, text where it is text, else how much of what. */
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { readJson } from '@trailproof/core'
import type { Cut } from '../recorder/snapshot.ts'
import type { BodyCapture, CapturedBody } from './body-capture.ts'

export interface BodyDescription {
  readonly contentType: string | undefined
  /** Content-Encoding. */
  readonly encoding: string | undefined
  /** JSON Pointer of the body in the record. */
  readonly path: string
}

/** JSON inside the record may nest this deep; a deeper body stays text. */
const DEPTH_MAX = 32
/** As much as the server keeps of a text. */
const DECOMPRESSED_BYTES_MAX = 65_536

/** Undefined for an empty body. Never throws. What was cut is added to `cuts`. */
export function bodyValue(
  body: BodyCapture,
  { contentType, encoding, path }: BodyDescription,
  cuts: Cut[],
): unknown {
  if (body.size === 0) return undefined
  const type = mediaTypeOf(contentType)
  const kind = kindOf(type)
  if (kind === 'binary') return `[${body.size} bytes of ${type}]`
  // One text was written by the host: a compressing middleware has said so already, and compresses it behind us.
  const only = body.onlyText
  if (only !== undefined) return kind === 'json' ? jsonOrText(only) : only.toWellFormed()

  const captured = body.captured()
  const { bytes, size, sha256 } = captured
  const compression = compressionOf(encoding)
  const charset = charsetOf(contentType)
  const plain = decompressed(captured, compression, charset)
  if (plain !== undefined) return kind === 'json' ? jsonOrText(plain) : plain
  const text = decoded(bytes, charset, sha256 !== undefined)
  if (text === undefined || (compression !== '' && CONTROL.test(text)))
    return `[${size} bytes${type === '' ? '' : ` of ${type}`}${compression === '' ? '' : `, ${compression}`}]`
  if (sha256 === undefined) return kind === 'json' ? jsonOrText(text) : text
  cuts.push({ path, sha256, size })
  return text
}

/** In charsets where all bytes are text, what is compressed shows by these. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\0-\x08\x0b\x0e-\x1f\x7f-\x9f]/

/** Empty when it is not said to be compressed. */
function compressionOf(encoding: string | undefined): string {
  const compression = (encoding ?? '').trim().toLowerCase().slice(0, 32)
  return compression === 'identity' ? '' : compression
}

const DECOMPRESS: Readonly<
  Record<string, ((bytes: Buffer, options: { maxOutputLength: number }) => Buffer) | undefined>
> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
}

/** Only of a body that is whole and small once decompressed: a bomb, or a large one, stays what it is. */
function decompressed(
  { bytes, sha256 }: CapturedBody,
  compression: string,
  charset: string,
): string | undefined {
  const decompress = DECOMPRESS[compression]
  if (decompress === undefined || sha256 !== undefined) return undefined
  try {
    return decoded(decompress(bytes, { maxOutputLength: DECOMPRESSED_BYTES_MAX }), charset, false)
  } catch {
    return undefined // not what it says, or too large
  }
}

/** Numbers that a double would change, keys that are there twice and the like: then the text is what was sent. */
function jsonOrText(text: string): unknown {
  const read = readJson(text, 0, text.length, DEPTH_MAX)
  return read.kind === 'value' && read.coerced.length === 0 ? read.value : text.toWellFormed()
}

function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined) return ''
  const end = contentType.indexOf(';')
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase().slice(0, 128)
}

const charsets = /;\s*charset\s*=\s*"?([\w.:-]{1,40})"?/i

function charsetOf(contentType: string | undefined): string {
  return (contentType === undefined ? undefined : charsets.exec(contentType)?.[1]?.toLowerCase()) ?? 'utf-8'
}

function kindOf(type: string): 'json' | 'text' | 'binary' {
  if (type === 'application/json' || type.endsWith('+json') || type === 'text/json') return 'json'
  if (type.startsWith('text/') || type.endsWith('+xml') || TEXTS.has(type)) return 'text'
  return 'binary' // multipart too: its parts name secrets in ways that masking does not read
}

const TEXTS: ReadonlySet<string> = new Set([
  '',
  'application/x-www-form-urlencoded',
  'application/xml',
  'application/javascript',
  'application/x-ndjson',
  'application/graphql',
  'application/problem+json',
])

/** Undefined for bytes that are no text in that charset. The last character may have been cut through. */
function decoded(bytes: Buffer, charset: string, wasCut: boolean): string | undefined {
  try {
    const text = new TextDecoder(charset, { fatal: true }).decode(bytes, { stream: wasCut })
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined // not that charset, or one that nobody knows
  }
}
