/** Tests entries one by one as they are recorded, as searches test those that were. */
import { type Filter, recordMatcher, type SearchedRecord } from '@trailproof/core/query'
import { recordedAtOf } from '../ledger/leaf-time.ts'
import type { ReadEntry } from '../ledger/read-entry.ts'

export type EntryFilter = (entry: ReadEntry) => boolean

/** Without a filter every entry passes. */
export function entryFilter(filter: Filter | undefined, nowMs: number): EntryFilter {
  if (!filter) return () => true
  const matches = recordMatcher(filter, { nowMs })
  return (entry) => matches(searchedRecord(entry))
}

/** The groups of an entry, parsed. */
export function searchedRecord({ leaf, core, personal }: ReadEntry): SearchedRecord {
  return {
    recordedAt: recordedAtOf(leaf),
    core: JSON.parse(core?.text ?? '{}') as Record<string, unknown>,
    personal: personal && (JSON.parse(personal.text) as Record<string, unknown>),
  }
}
