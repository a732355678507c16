/** What is wrong with a record or a body, said so that the person who sent it can mend it. */

export type ProblemCode =
  /** The bytes are not UTF-8. */
  | 'encoding'
  /** The text is not JSON. */
  | 'json'
  | 'empty'
  | 'not_an_object'
  | 'too_many_records'
  /** A record, a field or a list is over its limit and may not be cut. */
  | 'too_large'
  | 'too_deep'
  /** A number beyond what a double can hold, such as 1e999. */
  | 'number_overflow'
  | 'duplicate_key'
  /** `__proto__` as a key, in any spelling. */
  | 'forbidden_key'
  | 'lone_surrogate'
  | 'required'
  | 'type'
  | 'value'
  /** An action that only the server itself may record. */
  | 'reserved'

export interface Problem {
  /** The record's position in its body, from 0. */
  readonly record: number
  /** JSON Pointer (RFC 6901) into the record; '' is the record itself. */
  readonly field: string
  readonly code: ProblemCode
  /** A sentence that names what was found and what is allowed; never quotes a value at length. */
  readonly message: string
  /** The limit that was passed, in the unit that the message names. */
  readonly limit?: number
}

/** Why a whole body was refused. */
export interface BodyProblem {
  readonly code: ProblemCode
  readonly message: string
  /** Offset of the first bad byte, where the bytes are not UTF-8. */
  readonly byte?: number
  /** Both from 1; the column counts characters. */
  readonly line?: number
  readonly column?: number
  readonly limit?: number
}

/** One more step of a JSON Pointer. */
export function pointer(parent: string, step: string | number): string {
  if (typeof step === 'number') return `${parent}/${step}`
  return `${parent}/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** A value as a problem names it: its type, and its text when that is short. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'string')
    return value.length <= 40 ? JSON.stringify(value) : `a text of ${value.length} characters`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'object' ? 'an object' : 'nothing'
}
