/** Keys and values of messages: text where they are text. */

export type Bytes = string | Uint8Array | null | undefined

/** A longer text is cut anyway. */
const JSON_CHARS_MAX = 65_536

/** JSON where it is JSON. What the client has deserialized already stays as it is, for the trail to copy. */
export function bodyOf(value: unknown): unknown {
  if (!isBytes(value)) return value ?? undefined
  const text = textOf(value)
  if (text === undefined || text.length > JSON_CHARS_MAX || !/^\s*[[{]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Bytes that are no text are counted. What is neither, a key or header that was deserialized, is given as text too. */
export function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return decoded(value)
  if (typeof value === 'bigint') return value.toString()
  try {
    return JSON.stringify(value)
  } catch {
    return '[unreadable]' // circular, or a getter of the host's threw, or the like
  }
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return `[${bytes.length} bytes]`
  }
}

function isBytes(value: unknown): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array
}
