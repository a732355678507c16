/** Turns field=value into one token of FTS5's ascii tokenizer, keeping prefixes. */

import { sha256 } from '../../process/sha256.ts'
import { SEARCH_FIELDS } from '../../search/indexed-fields.ts'
import type { SearchCondition, SearchField } from '../../search/search-index.ts'

/** Bytes of a value that stand in the term itself; a longer one goes on as a hash. */
const VALUE_BYTES_MAX = 120
const HASH_BYTES = 8

/** A letter a field; its order is part of the stored index, so new fields go at the end. */
const FIELD_CODE = new Map<SearchField, string>(
  SEARCH_FIELDS.map((field, i) => [field, String.fromCharCode(97 + i)]),
)

/** Hex keeps case, punctuation and prefixes through a tokenizer that folds and splits. `z` ends an exact value. */
export function termOf(field: SearchField, value: string): string {
  return `${stemOf(field, value)}z`
}

/** The FTS5 expression of a condition. */
export function matchOf({ field, value, prefix }: SearchCondition): string {
  return prefix ? `"${stemOf(field, value)}"*` : `"${termOf(field, value)}"`
}

function stemOf(field: SearchField, value: string): string {
  const bytes = Buffer.from(value)
  const code = FIELD_CODE.get(field)!
  if (bytes.length <= VALUE_BYTES_MAX) return code + bytes.toString('hex')
  const rest = Buffer.from(sha256(bytes)).subarray(0, HASH_BYTES)
  return `${code}${bytes.subarray(0, VALUE_BYTES_MAX).toString('hex')}y${rest.toString('hex')}`
}
