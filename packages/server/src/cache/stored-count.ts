/** Counts as bytes: JSON, compressed when it is long. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { MatchCount, TallyAnswer } from '../search/searcher.ts'

/** Of a value in the cache; a longer one is not kept. */
const BYTES_MAX = 256 * 1024
/** Of its JSON. */
const TEXT_BYTES_MAX = 4 * 2 ** 20
/** Numbers of a tally; more of them would hold up everything else while they are written and read. */
const CELLS_MAX = 200_000
const COMPRESSED_FROM_BYTES = 1024

const PLAIN = 0
const ZSTD = 1

/** Undefined for an answer that is not kept: too large, or cut short by time or rows. */
export function encodeCount({ count, capped }: MatchCount): Uint8Array | undefined {
  return capped ? undefined : pack({ count })
}

export function decodeCount(bytes: Uint8Array): MatchCount | undefined {
  const { count } = unpack(bytes) as Partial<MatchCount>
  return typeof count === 'number' ? { count, capped: false } : undefined
}

/** See `encodeCount`. */
export function encodeTally({
  counts,
  by,
  complete,
  valuesCut,
  sampled,
}: TallyAnswer): Uint8Array | undefined {
  const cells = Object.values(by).reduce((sum, values) => sum + values.size * counts.length, counts.length)
  if (!complete || valuesCut || cells > CELLS_MAX) return undefined
  return pack({ counts, by: Object.entries(by).map(([field, values]) => [field, [...values]]), sampled })
}

interface StoredTally {
  readonly counts: number[]
  readonly by: readonly (readonly [string, readonly (readonly [string, number[]])[]])[]
  readonly sampled?: number
}

export function decodeTally(bytes: Uint8Array): TallyAnswer | undefined {
  // What is sealed was written by `encodeTally`, of this version or another.
  const { counts, by, sampled } = unpack(bytes) as Partial<StoredTally>
  if (!Array.isArray(counts) || !Array.isArray(by)) return undefined
  const fields = (by as StoredTally['by']).map(([field, values]) => [field, new Map(values)] as const)
  return { counts, by: Object.fromEntries(fields), complete: true, valuesCut: false, sampled }
}

function pack(value: object): Uint8Array | undefined {
  const text = Buffer.from(JSON.stringify(value))
  if (text.length > TEXT_BYTES_MAX) return undefined
  const isLong = text.length >= COMPRESSED_FROM_BYTES
  const bytes = Buffer.concat([Buffer.of(isLong ? ZSTD : PLAIN), isLong ? zstdCompressSync(text) : text])
  return bytes.length > BYTES_MAX ? undefined : bytes
}

function unpack(bytes: Uint8Array): object {
  const rest = bytes.subarray(1)
  const text = bytes[0] === ZSTD ? zstdDecompressSync(rest, { maxOutputLength: TEXT_BYTES_MAX }) : rest
  return JSON.parse(Buffer.from(text).toString()) as object
}
