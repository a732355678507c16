/** One record as it was sent, before anybody asked what it means. */

import type { Problem } from './problem.ts'

/** The name that another system gave a record; unique only together. */
export interface ForeignId {
  /** The protocol that carried it, such as `cloudevents`. */
  readonly protocol: string
  /** Within what the id is unique: a CloudEvents source, an index, a service. */
  readonly source: string
  readonly id: string
}

export type JsonObject = { readonly [key: string]: unknown }

/** One record as sent. */
export type Item =
  | {
      readonly kind: 'record'
      readonly value: JsonObject
      /** JSON Pointers of numbers that a double would have changed; `value` holds their source text. */
      readonly coerced: readonly string[]
      /** The JSON text of the record, for quarantine. At most `recordBytesMax` bytes. */
      readonly source: string
      /** The name another system gave it, where the protocol carries one. */
      readonly foreign?: ForeignId
    }
  | {
      readonly kind: 'problem'
      readonly problems: readonly Problem[]
      /** The text as sent, cut at `recordBytesMax` characters. */
      readonly source: string
    }
