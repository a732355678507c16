/** What free text is looked for in. The search index reads the same, so that both find the same records. */

import type { RecordGroup } from '../record/field.ts'
import type { SearchedRecord } from './field-values.ts'

/** Top-level fields whose texts and numbers, at any depth, are searched by their words. */
export const TEXT_FIELDS: readonly { readonly group: RecordGroup; readonly field: string }[] = [
  { group: 'core', field: 'action' },
  { group: 'core', field: 'service' },
  ...[
    'message',
    'reason',
    'source_id',
    'actor',
    'targets',
    'errors',
    'labels',
    'metadata',
    'changes',
    'source',
    'request',
    'response',
    'internal_steps',
    'integrations',
  ].map((field) => ({ group: 'personal' as const, field })),
]

/** Ids, found by free text that is the whole id; `stream.id` is the member `id` of `stream`. */
export const EXACT_FIELDS: readonly { readonly group: RecordGroup; readonly field: string }[] = [
  { group: 'core', field: 'id' },
  { group: 'core', field: 'trace_id' },
  { group: 'core', field: 'span_id' },
  { group: 'core', field: 'request_id' },
  { group: 'core', field: 'causation_id' },
  { group: 'core', field: 'stream.id' },
  { group: 'personal', field: 'session_id' },
]

/** Every text of `TEXT_FIELDS`, numbers as JSON writes them, values only: names of members are not text. */
export function textValues(record: SearchedRecord): string[] {
  const texts: string[] = []
  someTextValue(record, (text) => {
    texts.push(text)
    return false
  })
  return texts
}

/** Every id of `EXACT_FIELDS` that is not empty. */
export function exactValues(record: SearchedRecord): string[] {
  const ids: string[] = []
  for (const { group, field } of EXACT_FIELDS) {
    const id = field === 'stream.id' ? streamId(record) : record[group]?.[field]
    if (typeof id === 'string' && id !== '') ids.push(id)
  }
  return ids
}

/** Whether one of `textValues` passes. */
export function someTextValue(record: SearchedRecord, test: (text: string) => boolean): boolean {
  for (const { group, field } of TEXT_FIELDS) if (someText(record[group]?.[field], test)) return true
  return false
}

function someText(value: unknown, test: (text: string) => boolean): boolean {
  if (typeof value === 'string') return test(value)
  if (typeof value === 'number') return test(String(value))
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) {
    for (const item of value) if (someText(item, test)) return true
    return false
  }
  const members = value as Record<string, unknown> // an object has members of any type
  for (const name in members) if (someText(members[name], test)) return true
  return false
}

function streamId({ core }: SearchedRecord): unknown {
  const stream = core['stream']
  return typeof stream === 'object' && stream !== null ? (stream as { id?: unknown }).id : undefined
}
