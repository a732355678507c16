/** `pre*`, `*sub*`, `a*b`: literal parts with anything between them, in one pass over the text. */

/** Of the whole text, without case. `parts` as in `FieldTest`: a star stands between each two. */
export function wildcardMatcher(parts: readonly string[]): (text: string) => boolean {
  const lower = parts.map((part) => part.toLowerCase())
  const first = lower[0] ?? ''
  const last = lower.length > 1 ? lower.at(-1)! : ''
  const middle = lower.slice(1, -1)
  if (lower.length < 2) return (text) => text.toLowerCase() === first
  return (whole) => {
    const text = whole.toLowerCase()
    const end = text.length - last.length
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false
    // The earliest place of each part leaves most room for those after it.
    let at = first.length
    for (const part of middle) {
      const found = text.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return at <= end
  }
}
