/** Which values of a record can be searched, by field. */
import type { IndexedEntry, SearchField } from './search-index.ts'

export const SEARCH_FIELDS: readonly SearchField[] = [
  'id',
  'kind',
  'service',
  'environment',
  'action',
  'outcome',
  'severity',
  'actor',
  'actor_type',
  'target',
  'target_type',
  'trace_id',
  'request_id',
  'session_id',
  'ip',
]

/** Core fields whose name in the record is the name of the search field. */
const PLAIN_CORE: readonly SearchField[] = [
  'id',
  'kind',
  'service',
  'environment',
  'action',
  'outcome',
  'severity',
  'actor_type',
  'trace_id',
  'request_id',
]

/** Every (field, value) of an entry; an erased entry has those of its core group alone. */
export function indexedFields({ core, personal }: IndexedEntry): [SearchField, string][] {
  const fields: [SearchField, string][] = []
  const add = (field: SearchField, value: unknown): void => {
    if (typeof value === 'string' && value !== '') fields.push([field, value])
    else if (typeof value === 'number') fields.push([field, String(value)])
  }
  for (const field of PLAIN_CORE) add(field, core[field])
  for (const type of new Set(listOf(core['target_types']))) add('target_type', type)
  if (!personal) return fields
  add('actor', memberOf(personal['actor'], 'id'))
  for (const id of new Set(listOf(personal['targets']).map((target) => memberOf(target, 'id'))))
    add('target', id)
  add('session_id', personal['session_id'])
  add('ip', memberOf(personal['source'], 'ip'))
  return fields
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
