/** Which number of which producer's stream an entry accounts for. */
import type { IndexedEntry } from '../search/search-index.ts'

export interface StreamNumber {
  readonly streamId: string
  readonly seq: number
  /** ms since 1970. */
  readonly atMs: number
}

/** Numbers missing from a stream, first and last included. */
export interface StreamNotice {
  readonly kind: 'gap' | 'filled'
  readonly ledger: string
  readonly streamId: string
  readonly from: number
  readonly to: number
}

/** The number an entry carries, or that of the record whose conflict it tells of; undefined without one. */
export function streamNumberOf({ core, personal, recordedAt }: IndexedEntry): StreamNumber | undefined {
  const atMs = Math.floor(recordedAt / 1000)
  if (core['stream'] !== undefined) return numberIn(core['stream'], atMs)
  if (core['action'] !== 'trailproof.conflict') return undefined
  return numberIn((personal?.['metadata'] as { stream?: unknown } | undefined)?.stream, atMs)
}

/** A `stream` member as sent, in whatever shape; for records that were never valid. */
export function numberIn(stream: unknown, atMs: number): StreamNumber | undefined {
  if (typeof stream !== 'object' || stream === null) return undefined
  const { id, seq } = stream as { id?: unknown; seq?: unknown }
  if (typeof id !== 'string' || !Number.isSafeInteger(seq)) return undefined
  return { streamId: id, seq: seq as number, atMs }
}
