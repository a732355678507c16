/**
 * What an index knows of personal fields when content is encrypted: a keyed hash of each value that is found by its whole. Indexes keep
 * it as the name of a label, so that none of them has to know; nothing else that is personal reaches them.
 */
import { createHmac } from 'node:crypto'
import { compileField, parseDecimal, resolveField } from '@trailproof/core/query'
import type { IndexedEntry } from './search-index.ts'
import { keyTerm } from './terms.ts'

/** Personal fields that are found by a whole value; and every label. */
const FIELDS = ['actor.id', 'targets.id', 'source.ip', 'session_id', 'source_id', 'response.status'] as const
const VALUES = FIELDS.map((name) => ({ name, anyValue: compileField(resolveField(name)!) }))
const STATUS = 'response.status'

/** 96 bits: two of 2^32 values share one with odds of one in 2^33; the record decides where it matters. */
const HASH_DIGITS = 24
/** Begins a name, so that no index takes one for digits of an id. */
const MARK = 'z'

export function isBlindField(field: string): boolean {
  return (FIELDS as readonly string[]).includes(field) || field.startsWith('labels.')
}

/** The name that stands for a value of a field, and whether nothing else has the same; undefined for a value the field cannot have. */
export function blindName(
  key: Uint8Array,
  field: string,
  value: string,
): { readonly name: string; readonly exact: boolean } | undefined {
  if (field === STATUS) {
    const number = parseDecimal(value)
    return number === undefined ? undefined : { name: hashed(key, `status ${number}`), exact: true }
  }
  const { term, exact } = keyTerm(field, value)!
  return { name: hashed(key, term), exact }
}

/** The entry as an index may know it. */
export function blinded(key: Uint8Array, entry: IndexedEntry): IndexedEntry {
  const { personal } = entry
  if (personal === undefined) return entry
  const names = new Set<string>()
  const give = (field: string, value: unknown): void => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return
    const text = String(value)
    const blind = text === '' ? undefined : blindName(key, field, text)
    if (blind !== undefined) names.add(blind.name)
  }
  for (const { name, anyValue } of VALUES)
    anyValue(entry, (value) => {
      give(name, value)
      return false
    })
  const { labels } = personal
  if (typeof labels === 'object' && labels !== null)
    for (const [name, value] of Object.entries(labels)) give(`labels.${name}`, value)
  return { ...entry, personal: { labels: Object.fromEntries([...names].map((name) => [name, PRESENT])) } }
}

/** A truth value is no text: it is not among an entry's words. */
const PRESENT = true

function hashed(key: Uint8Array, text: string): string {
  return MARK + createHmac('sha256', key).update(text).digest('hex').slice(0, HASH_DIGITS)
}
