/** What is to stand in place of parts of a text, and putting it there. */

export interface Edit {
  readonly from: number
  /** Just after it. */
  readonly to: number
  readonly by: string
}

/** In order, none within another. */
export type Edits = readonly Edit[]

/** Shared, so that looking through a text without secrets allocates nothing. */
export const NO_EDITS: Edits = []

/** The same string when there are none. */
export function applyEdits(text: string, edits: Edits): string {
  if (edits.length === 0) return text
  let out = ''
  let copied = 0
  for (const { from, to, by } of edits) {
    out += text.slice(copied, from) + by
    copied = to
  }
  return out + text.slice(copied)
}
