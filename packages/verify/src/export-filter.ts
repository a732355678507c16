/** Whether what an export shows is what its query asks for: the part of a server's selection that can be repeated. */

import { decodeUtf8, type Leaf } from '@trailproof/core'
import {
  type Filter,
  parseQuery,
  QueryError,
  type RecordTest,
  recordMatcher,
  resolveField,
} from '@trailproof/core/query'
import type { EvidenceEntry, EvidenceGroup } from './evidence.ts'
import type { ExportHeader } from './export-lines.ts'
import { parseObject } from './group-check.ts'

export type ExportFilter =
  | { readonly kind: 'filter'; readonly matches: (entry: EvidenceEntry, leaf: Leaf) => boolean }
  | { readonly kind: 'problem'; readonly problem: string }

/** Without a query every entry matches. */
export function exportFilter({ query, at, withholdsPersonal }: ExportHeader): ExportFilter {
  const nowMs = Date.parse(at)
  if (!Number.isFinite(nowMs)) return { kind: 'problem', problem: 'the header does not say when it was made' }
  if (query === '') return { kind: 'filter', matches: () => true }
  try {
    const { filter } = parseQuery(query)
    // What asks for content that is not in the file cannot be asked again.
    if (withholdsPersonal && filter && asksPersonal(filter)) return { kind: 'filter', matches: () => true }
    const matches = recordMatcher(filter, { nowMs })
    return { kind: 'filter', matches: (entry, leaf) => matchesEntry(matches, entry, leaf) }
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    return { kind: 'problem', problem: `the header's query is not understood: ${error.message}` }
  }
}

function asksPersonal(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.some(asksPersonal)
    case 'not':
      return asksPersonal(filter.part)
    case 'field':
      return resolveField(filter.field)?.places.some(({ group }) => group === 'personal') ?? true
    case 'text':
    case 'saved':
      return true
  }
}

function matchesEntry(matches: RecordTest, { core, personal }: EvidenceEntry, leaf: Leaf): boolean {
  return matches({
    core: fieldsOf(core) ?? {},
    personal: fieldsOf(personal),
    recordedAt: leaf.recordedAtUs,
  })
}

function fieldsOf(group: EvidenceGroup): Record<string, unknown> | undefined {
  return group.kind === 'present' ? parseObject(decodeUtf8(group.bytes) ?? '') : undefined
}
