/** The order of records by one field: numbers and times by value, other texts as they are. */
import { type compileField, instantMs } from '@trailproof/core/query'
import type { StoredEntry } from '../ledger/ledger-store.ts'
import { indexedEntry } from './indexed-entry.ts'

/** Undefined where the record has no such value: those come last. */
export type SortKey = string | number | undefined

/** The first value of a field. */
export function sortKey(anyValue: ReturnType<typeof compileField>, entry: StoredEntry): SortKey {
  let key: SortKey
  anyValue(indexedEntry(entry), (value) => {
    if (typeof value === 'number') key = value
    else if (typeof value === 'string') key = instantMs(value) ?? value
    else if (typeof value === 'boolean') key = String(value)
    return key !== undefined
  })
  return key
}

interface Keyed {
  readonly key: SortKey
  readonly entry: StoredEntry
}

/** Sorts, and drops all but the first `limit`. */
export function keepFirst(found: Keyed[], limit: number, descending: boolean): void {
  found.sort((a, b) => compareKeys(a.key, b.key, descending) || b.entry.index - a.entry.index)
  found.length = Math.min(found.length, limit)
}

function compareKeys(a: SortKey, b: SortKey, descending: boolean): number {
  if (a === b) return 0
  if (a === undefined) return 1
  if (b === undefined) return -1
  const rising = typeof a === typeof b ? (a < b ? -1 : 1) : typeof a === 'number' ? -1 : 1
  return descending ? -rising : rising
}
