/** Keys and values of messages: text where they are text. */

export type Bytes = string | Uint8Array | null | undefined

/** A longer text is cut anyway. */
const JSON_CHARS_MAX = 65_536

/** JSON where it is JSON. */
export function bodyOf(value: Bytes): unknown {
  const text = textOf(value)
  if (text === undefined || text.length > JSON_CHARS_MAX || !/^\s*[[{]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Bytes that are no text are counted. */
export function textOf(value: Bytes): string | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'string') return value
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(value)
  } catch {
    return `[${value.length} bytes]`
  }
}
