/**
 * How a top-level field of a record is declared: its type, its group, its limit and what happens beyond it.
 * The JSON Schema, the tables in docs/record.md and the checks all come from these declarations.
 */

import { type TSchema, Type } from 'typebox'

/** Which of the two encoded groups a field belongs to: what stays for ever, or what can be erased. */
export type RecordGroup = 'core' | 'personal'

/** What happens to a value over its limit: the record is refused, or the value is cut and listed in `truncated`. */
export type OverLimit = 'refused' | 'cut'

/**
 * What may be in a field of the personal group, for inventories of personal data. `pseudonym`: it tells people apart without a name;
 * `derived`: made from the others, tells little without them.
 */
export const PERSONAL_KINDS = [
  'identity',
  'contact',
  'pseudonym',
  'place and device',
  'whatever people write',
  'derived',
] as const
export type PersonalKind = (typeof PERSONAL_KINDS)[number]

export interface FieldNote {
  readonly group: RecordGroup
  /** The limit in words, unit included; absent where the type says it all. */
  readonly limit?: string
  readonly over?: OverLimit
  /** Set by the server; what a producer sends under this name goes to `metadata`. */
  readonly setBy?: 'server'
  /** Of each field of the personal group. */
  readonly holds?: readonly PersonalKind[]
}

/** The JSON Schema keyword that carries a field's note. */
export const FIELD_NOTE = 'x-trailproof'

/** Characters (UTF-16 code units or fewer) of an identifier, an action or a name. */
export const IDENTIFIER_CHARS_MAX = 512
/** UTF-8 bytes of one free text or one body. */
export const TEXT_BYTES_MAX = 65_536
/** UTF-8 bytes of `metadata` as canonical JSON. */
export const METADATA_BYTES_MAX = 262_144
/** Items of a list in a record. */
export const LIST_ITEMS_MAX = 10_000
/** Members of `labels`. */
export const LABELS_MAX = 256

/** An identifier of at most 512 characters, refused beyond that: cutting would name something else. */
export function identifier(description: string, more: Partial<FieldNote> = {}) {
  const note = { group: 'core', limit: `${IDENTIFIER_CHARS_MAX} characters`, over: 'refused', ...more }
  return Type.String({ description, maxLength: IDENTIFIER_CHARS_MAX, [FIELD_NOTE]: note })
}

/** A text that people wrote, cut at 64 KiB. */
export function freeText(description: string) {
  const note: FieldNote = {
    group: 'personal',
    limit: '65,536 bytes',
    over: 'cut',
    holds: ['whatever people write'],
  }
  return Type.String({ description, [FIELD_NOTE]: note })
}

/** A list of at most 10,000 items. */
export function list<Item extends TSchema>(description: string, items: Item, more: Partial<FieldNote> = {}) {
  const note = { group: 'personal', limit: '10,000 items', over: 'refused', ...more }
  return Type.Array(items, { description, maxItems: LIST_ITEMS_MAX, [FIELD_NOTE]: note })
}

/** An object with any members; texts in it are cut at 64 KiB. */
export function freeObject(description: string, more: Partial<FieldNote> = {}) {
  const note: FieldNote = {
    group: 'personal',
    limit: '65,536 bytes a text',
    over: 'cut',
    holds: ['whatever people write'],
    ...more,
  }
  return Type.Object({}, { description, additionalProperties: true, [FIELD_NOTE]: note })
}
