/** Which number of which producer's stream an entry accounts for. */
import type { IndexedEntry } from '../search/search-index.ts'

/** One number of a stream, or a run of them. */
export interface StreamNumber {
  readonly streamId: string
  readonly seq: number
  /** The last of a run that begins with `seq`. Default: `seq`. */
  readonly last?: number
  /** ms since 1970. */
  readonly atMs: number
}

/** One that was read from a ledger. */
export interface ReadNumber extends StreamNumber {
  /** The entry that it stands in. */
  readonly index: number
  /** The last entry before it whose numbers could not be read; -1: none. */
  readonly unreadAt: number
}

/** Numbers missing from a stream, first and last included. */
export interface StreamNotice {
  readonly kind: 'gap' | 'filled'
  readonly ledger: string
  readonly streamId: string
  readonly from: number
  readonly to: number
}

/**
 * The numbers an entry accounts for: the one it carries, those its producer says it dropped, or that of the record whose
 * conflict it tells of.
 */
export function streamNumbersOf({ core, personal, recordedAt }: IndexedEntry): readonly StreamNumber[] {
  const atMs = Math.floor(recordedAt / 1000)
  const metadata = personal?.['metadata'] as Metadata | undefined
  if (core['stream'] !== undefined) {
    const own = numberIn(core['stream'], atMs)
    if (own === undefined) return []
    return core['action'] === 'stream.dropped' ? [...droppedIn(metadata, own), own] : [own]
  }
  if (core['action'] !== 'trailproof.conflict') return []
  const conflicting = numberIn(metadata?.stream, atMs)
  return conflicting === undefined ? [] : [conflicting]
}

interface Metadata {
  readonly stream?: unknown
  readonly seqs?: unknown
  readonly exact?: unknown
}

/** Ranges of one record that are read; a producer that tells of more is not believed about the rest. */
const RANGES_MAX = 100

/** A producer speaks for its own stream only, and only of numbers that it names one by one. */
function droppedIn({ stream, seqs, exact }: Metadata = {}, own: StreamNumber): StreamNumber[] {
  if (stream !== own.streamId || exact !== true || !Array.isArray(seqs)) return []
  return seqs.slice(0, RANGES_MAX).flatMap((range: unknown) => {
    const [from, to] = Array.isArray(range) ? (range as unknown[]) : []
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return []
    const [seq, last] = [from as number, to as number]
    return seq <= last && last < own.seq ? [{ streamId: own.streamId, seq, last, atMs: own.atMs }] : []
  })
}

/** A `stream` member as sent, in whatever shape; for records that were never valid. */
export function numberIn(stream: unknown, atMs: number): StreamNumber | undefined {
  if (typeof stream !== 'object' || stream === null) return undefined
  const { id, seq } = stream as { id?: unknown; seq?: unknown }
  if (typeof id !== 'string' || !Number.isSafeInteger(seq)) return undefined
  return { streamId: id, seq: seq as number, atMs }
}
