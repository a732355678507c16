/** Numbers as texts: `500`, `-1.5`, `2e3`. */

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/
/** No number that a double can tell from its neighbours needs more. */
const CHARS_MAX = 64

/** The number that a text writes, or undefined when it writes none or one beyond a double's range. */
export function parseDecimal(text: string): number | undefined {
  if (text.length === 0 || text.length > CHARS_MAX || !DECIMAL.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}
