/** An entry as a document. It holds nothing of the record but what finds and counts it. */
import { indexRow } from '../../search/index-row.ts'
import type { IndexedEntry } from '../../search/search-index.ts'
import { entryTerms } from '../../search/terms.ts'

/** A keyword has at most 32,766 bytes, and a UTF-16 code unit at most three. */
const ACTOR_CHARS_MAX = 10_000

export interface EntryDocument {
  readonly entry: number
  readonly timestamp_ms: number
  readonly shape: number
  readonly erased: boolean
  readonly status?: number
  readonly latency_ms?: number
  /** Its beginning, where it is longer than a keyword may be. */
  readonly actor?: string
  readonly terms: readonly string[]
}

export function entryDocument(entry: IndexedEntry, shape: number): EntryDocument {
  const { at, actor, status, latencyMs } = indexRow(entry)
  return {
    entry: entry.index,
    timestamp_ms: at,
    shape,
    erased: entry.personal === undefined,
    ...(status !== null && { status }),
    ...(latencyMs !== null && { latency_ms: latencyMs }),
    ...(actor !== undefined && { actor: actor.slice(0, ACTOR_CHARS_MAX) }),
    terms: [...entryTerms(entry, shape)],
  }
}

/** What is left of an entry once its personal group is destroyed. */
export function erasedDocument(entry: IndexedEntry, shape: number): EntryDocument {
  return entryDocument({ ...entry, personal: undefined }, shape)
}

/** Whether its actor may be cut: then entries cannot be counted by it. */
export function hasCutActor({ actor }: EntryDocument): boolean {
  return actor?.length === ACTOR_CHARS_MAX
}
