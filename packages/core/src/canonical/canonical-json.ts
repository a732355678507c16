/**
 * RFC 8785 canonical JSON. `JSON.stringify` already writes numbers and strings as the RFC wants them, so the
 * work is to bring keys into UTF-16 code unit order and to call it once; that is many times faster than
 * writing each value by hand. Only objects that a JavaScript engine reorders need the writer at the end.
 */

import { sortKeys } from './sort-keys.ts'

/** The value is not JSON: a lone surrogate, a number that is not finite, a class instance, a cycle … */
export class NotJsonError extends Error {
  override readonly name = 'NotJsonError'
}

/** Deeper than this a value is taken for a cycle. */
const DEPTH_MAX = 1_000

/** What `ordered` returns for a value that no key order of a JavaScript object can express. */
const NEEDS_WRITER = Symbol('needs writer')

/**
 * The canonical text. Members whose value is undefined are left out, as `JSON.stringify` does. Throws
 * `NotJsonError` for anything that is not JSON; a value that came out of `parseBody` always is.
 */
export function canonicalJson(value: unknown): string {
  const sorted = ordered(value, 0)
  const text = sorted === NEEDS_WRITER ? written(value) : JSON.stringify(sorted)
  // JSON.stringify writes a lone surrogate as the escape \udXXX, and nothing else in lower case like that.
  if (text.includes('\\ud')) assertWellFormed(value)
  return text
}

/** `value` itself when all its keys are in order, otherwise a copy whose keys are. */
function ordered(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw new NotJsonError(`${value} is not a JSON number`)
      return value
    case 'object':
      if (value === null) return null
      if (depth >= DEPTH_MAX) throw new NotJsonError(`nested deeper than ${DEPTH_MAX}`)
      return Array.isArray(value) ? orderedArray(value, depth) : orderedObject(value, depth)
    case 'bigint':
    case 'function':
    case 'symbol':
    case 'undefined':
      throw new NotJsonError(`${typeof value} is not a JSON value`)
  }
}

function orderedArray(array: readonly unknown[], depth: number): unknown {
  let copy: unknown[] | undefined
  for (let i = 0; i < array.length; i++) {
    const item = array[i]
    const sorted = ordered(item, depth + 1)
    if (sorted === NEEDS_WRITER) return NEEDS_WRITER
    if (sorted !== item) {
      copy ??= array.slice()
      copy[i] = sorted
    }
  }
  return copy ?? array
}

function orderedObject(object: object, depth: number): unknown {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null)
    throw new NotJsonError('an instance of a class is not JSON')
  const source = object as Readonly<Record<string, unknown>>
  const keys = Object.keys(source)
  let inOrder = true
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    if (i > 0 && keys[i - 1]! > key) inOrder = false
    const first = key.charCodeAt(0)
    // Keys like "10" come first and by number in every JavaScript object, and __proto__ cannot be assigned.
    if ((first >= 48 && first <= 57) || key === '__proto__') return NEEDS_WRITER
  }
  if (!inOrder) sortKeys(keys)
  let copy: Record<string, unknown> | undefined = inOrder ? undefined : {}
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    const member = source[key]
    const sorted = member === undefined ? undefined : ordered(member, depth + 1)
    if (sorted === NEEDS_WRITER) return NEEDS_WRITER
    if (!inOrder) copy![key] = sorted
    else if (sorted !== member) {
      copy ??= { ...source }
      copy[key] = sorted
    }
  }
  return copy ?? source
}

/** The same text written piece by piece, for objects with integer-like keys. */
function written(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(ordered(value, depth))
  if (depth >= DEPTH_MAX) throw new NotJsonError(`nested deeper than ${DEPTH_MAX}`)
  if (Array.isArray(value)) return `[${value.map((item) => written(item, depth + 1)).join(',')}]`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw new NotJsonError('an instance of a class is not JSON')
  const source = value as Readonly<Record<string, unknown>>
  const members: string[] = []
  for (const key of Object.keys(source).toSorted())
    if (source[key] !== undefined) members.push(`${JSON.stringify(key)}:${written(source[key], depth + 1)}`)
  return `{${members.join(',')}}`
}

function assertWellFormed(value: unknown): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new NotJsonError('a string holds a lone surrogate')
  } else if (Array.isArray(value)) for (const item of value) assertWellFormed(item)
  else if (typeof value === 'object' && value !== null)
    for (const [key, member] of Object.entries(value)) {
      assertWellFormed(key)
      assertWellFormed(member)
    }
}
