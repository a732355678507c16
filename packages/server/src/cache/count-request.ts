/** The same text for the same question to the index, whenever it is asked. */
import type { Filter } from '@trailproof/core/query'
import type { CountRequest, TallyQuery } from '../search/searcher.ts'

/** How long the answer may take is no part of it: one that took too long is not remembered. */
export function countRequestText(operation: 'count' | 'tally', request: CountRequest | TallyQuery): string {
  const { filter, nowMs, ...asked } = request
  const parts = Object.entries(asked)
    .filter(([name]) => name !== 'timeoutMs')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([operation, filter === undefined ? null : settled(filter, nowMs), parts])
}

/** With instants in the place of times that are relative to now. */
function settled(filter: Filter, nowMs: number): unknown {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, parts: filter.parts.map((part) => settled(part, nowMs)) }
    case 'not':
      return { ...filter, part: settled(filter.part, nowMs) }
    case 'field':
      return filter.test.op === 'last'
        ? { kind: 'since', field: filter.field, fromMs: nowMs - filter.test.seconds * 1000 }
        : filter
    case 'text':
    case 'saved':
      return filter
  }
}
