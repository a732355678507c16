/**
 * One pass over a record's JSON text that decides whether JSON.parse can be trusted with it. JSON.parse keeps
 * the last of two equal keys, rounds long numbers and passes on lone surrogates, all without a word; whatever
 * might be one of these is read again by exact-json.ts.
 */

/** A double keeps any 15 significant digits; from here on a number is looked at exactly. */
const DIGITS_SUSPICIOUS = 16

/**
 * The number of object members between `start` and `end`, to be compared with what JSON.parse kept, or -1
 * when the text holds a number that a double may change, a surrogate escape or too much nesting. Text that is not
 * JSON gives any number.
 */
export function scanJson(text: string, start: number, end: number, depthMax: number): number {
  let members = 0
  let depth = 0
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) {
      for (i++; i < end; i++) {
        const inner = text.charCodeAt(i)
        if (inner === 0x22) break
        if (inner !== 0x5c) continue
        i++
        // \ud800 to \udfff, in either case of the d
        if (text.charCodeAt(i) === 0x75 && (text.charCodeAt(i + 1) | 0x20) === 0x64) return -1
      }
    } else if (code === 0x3a) members++
    else if (code >= 0x30 && code <= 0x39) {
      const from = i
      let digits = 1
      let exact = true
      for (i++; i < end; i++) {
        const inner = text.charCodeAt(i)
        if (inner >= 0x30 && inner <= 0x39) digits++
        else if ((inner | 0x20) === 0x65) exact = false
        else if (inner !== 0x2e && inner !== 0x2b && inner !== 0x2d) break
      }
      // Most long numbers are the shortest text of their double, such as 0.30000000000000004.
      if ((digits >= DIGITS_SUSPICIOUS || !exact) && !isShortest(text.slice(from, i))) return -1
      i--
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > depthMax) return -1
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return members
}

function isShortest(number: string): boolean {
  return number.length <= SHORTEST_CHARS_MAX && String(Number(number)) === number
}

/** No double is written longer than this: -1.2345678901234567e-300. */
const SHORTEST_CHARS_MAX = 25

/** The members that JSON.parse kept, or -1 when one is called `__proto__`. Not for values deeper than the scan allowed. */
export function countMembers(value: object): number {
  let members = 0
  if (Array.isArray(value)) {
    for (const item of value)
      if (typeof item === 'object' && item !== null) {
        const inner = countMembers(item)
        if (inner < 0) return -1
        members += inner
      }
    return members
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return -1
    members++
    const item: unknown = (value as Record<string, unknown>)[key]
    if (typeof item === 'object' && item !== null) {
      const inner = countMembers(item)
      if (inner < 0) return -1
      members += inner
    }
  }
  return members
}
