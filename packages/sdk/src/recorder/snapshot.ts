/**
 * A copy of whatever the host hands over: plain JSON, bounded, keys in canonical order. It is taken when the value is given,
 * so that what the host changes later changes nothing, and it never throws, whatever getters and proxies do.
 */
import { hash } from 'node:crypto'
import { pointer, sortKeys } from '@trailproof/core'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** What was cut, as the record's `truncated` lists it. */
export interface Cut {
  /** JSON Pointer. */
  readonly path: string
  /** UTF-8 bytes before the cut. */
  readonly size: number
  /** Hex SHA-256 of the same. */
  readonly sha256: string
}

export const SNAPSHOT_LIMITS = {
  /** Objects and lists inside each other. The server takes 64 with the record around them. */
  depthMax: 32,
  /** Values of one record; what is beyond is left out and said. */
  valuesMax: 100_000,
  /** UTF-8 bytes of a text, as the server cuts them. */
  textBytesMax: 65_536,
  /** Bytes of all texts of one record together. */
  bytesMax: 524_288,
  /** Cuts that are listed; more texts are cut all the same. */
  cutsMax: 1_000,
} as const

const LEFT_OUT = '[left out: too many values]'

/** Takes the snapshots of one record, whose bounds they share. */
export class Snapshots {
  readonly cuts: Cut[] = []
  /** Whether the keys of all that was taken are in canonical order: engines move those that look like indexes. */
  isOrdered = true
  readonly #parents: object[] = []
  #values = 0
  #bytes = 0

  /** `path`: JSON Pointer of the value in its record. `undefined` and functions give `undefined`. */
  take(value: unknown, path: string): Json | undefined {
    return this.#value(value, path, 0)
  }

  #value(value: unknown, path: string, depth: number): Json | undefined {
    switch (typeof value) {
      case 'string':
        return this.#text(value, path)
      case 'number':
        return Number.isFinite(value) ? value : String(value)
      case 'boolean':
        return value
      case 'bigint':
        return value.toString()
      case 'undefined':
      case 'function':
      case 'symbol':
        return undefined
      case 'object':
        if (value === null) return null
        if (++this.#values > SNAPSHOT_LIMITS.valuesMax) return LEFT_OUT
        if (depth >= SNAPSHOT_LIMITS.depthMax) return '[left out: too deep]'
        if (this.#parents.includes(value)) return '[circular]'
        this.#parents.push(value)
        try {
          return this.#object(value, path, depth)
        } catch (error) {
          return `[unreadable: ${messageOf(error)}]`
        } finally {
          this.#parents.pop()
        }
    }
  }

  #text(text: string, path: string): string {
    const { textBytesMax, bytesMax } = SNAPSHOT_LIMITS
    const whole = text.isWellFormed() ? text : text.toWellFormed()
    const bytesLeft = Math.min(textBytesMax, Math.max(0, bytesMax - this.#bytes))
    if (whole.length * 3 <= bytesLeft) {
      this.#bytes += whole.length
      return whole
    }
    const size = Buffer.byteLength(whole)
    if (size <= bytesLeft) {
      this.#bytes += size
      return whole
    }
    if (this.cuts.length < SNAPSHOT_LIMITS.cutsMax)
      this.cuts.push({ path, sha256: hash('sha256', whole), size })
    this.#bytes += bytesLeft
    return firstBytes(whole, bytesLeft)
  }

  #object(value: object, path: string, depth: number): Json | undefined {
    if (Array.isArray(value)) return this.#list(value, path, depth)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) {
      const converted = this.#instance(value)
      if (converted !== value) return this.#value(converted, path, depth)
    }
    const source = value as Readonly<Record<string, unknown>>
    const keys = Object.keys(source)
    sortKeys(keys)
    const copy: Record<string, Json> = {}
    for (const key of keys) {
      if (key === '__proto__') continue // the server refuses it
      if (looksLikeIndex(key)) this.isOrdered = false
      const member = this.#member(source, key, pointer(path, key), depth + 1)
      if (member !== undefined) copy[key.isWellFormed() ? key : key.toWellFormed()] = member
      if (this.#values > SNAPSHOT_LIMITS.valuesMax) break
    }
    return copy
  }

  #member(
    source: Readonly<Record<string, unknown>>,
    key: string,
    path: string,
    depth: number,
  ): Json | undefined {
    this.#values++
    let member: unknown
    try {
      member = source[key]
    } catch (error) {
      return `[unreadable: ${messageOf(error)}]`
    }
    return this.#value(member, path, depth)
  }

  #list(list: readonly unknown[], path: string, depth: number): Json {
    const copy: Json[] = []
    for (let i = 0; i < list.length; i++) {
      if (++this.#values > SNAPSHOT_LIMITS.valuesMax) {
        copy.push(LEFT_OUT)
        break
      }
      copy.push(this.#value(list[i], `${path}/${i}`, depth + 1) ?? null)
    }
    return copy
  }

  /** What stands for an instance of a class; the same object when its own members do. */
  #instance(value: object): unknown {
    if (value instanceof Error) return errorOf(value)
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
    if (value instanceof Map) return Object.fromEntries([...value].slice(0, SNAPSHOT_LIMITS.valuesMax))
    if (value instanceof Set) return [...value].slice(0, SNAPSHOT_LIMITS.valuesMax)
    const { toJSON } = value as { readonly toJSON?: unknown }
    if (typeof toJSON === 'function') return (toJSON as (this: object) => unknown).call(value)
    return value
  }
}

/** Keys like `10` come first and by number in every JavaScript object. */
export function looksLikeIndex(key: string): boolean {
  const first = key.charCodeAt(0)
  return first >= 48 && first <= 57
}

export interface ErrorSnapshot {
  readonly code?: string
  readonly message: string
  readonly name: string
  readonly stack?: string
}

/** Characters that are kept of an error's message and stack. */
const MESSAGE_CHARS_MAX = 8_192
const STACK_CHARS_MAX = 4_096

/** What is worth keeping of something thrown, whatever it is. Never throws. */
export function errorOf(thrown: unknown): ErrorSnapshot {
  try {
    if (typeof thrown !== 'object' || thrown === null)
      return { message: shortened(messageOf(thrown), MESSAGE_CHARS_MAX), name: 'Error' }
    const { code, message, name, stack } = thrown as { readonly [member: string]: unknown }
    return {
      ...((typeof code === 'string' || typeof code === 'number') && { code: shortened(String(code), 512) }),
      message: shortened(typeof message === 'string' ? message : messageOf(thrown), MESSAGE_CHARS_MAX),
      name: typeof name === 'string' ? shortened(name, 512) : 'Error',
      ...(typeof stack === 'string' && { stack: shortened(stack, STACK_CHARS_MAX) }),
    }
  } catch {
    return { message: 'an error that cannot be read', name: 'Error' } // a getter of the host's threw
  }
}

function shortened(value: string, charsMax: number): string {
  return value.slice(0, charsMax).toWellFormed()
}

/** Its message, or as text whatever it is. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown)
  } catch {
    return 'it cannot be read' // toString threw, too
  }
}

/** As much of `text` as fits into `bytesMax` bytes of UTF-8 without breaking a character. */
function firstBytes(text: string, bytesMax: number): string {
  const { read } = encoder.encodeInto(text.slice(0, bytesMax), new Uint8Array(bytesMax))
  return text.slice(0, read)
}

const encoder = new TextEncoder()
