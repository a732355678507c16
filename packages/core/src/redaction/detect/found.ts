/** Places in a text that a detector found, and putting something else there. */

export interface Found {
  readonly from: number
  /** Just after it. */
  readonly to: number
}

/** The first one at or after `from`. Going from one to the next takes linear time for the whole text. */
export type FindNext = (text: string, from: number) => Found | undefined

/** The same string when nothing was found, or all of it was replaced by itself. */
export function replaceFound(text: string, findNext: FindNext, by: (secret: string) => string): string {
  let out = ''
  let copied = 0
  for (let found = findNext(text, 0); found !== undefined; found = findNext(text, found.to)) {
    const secret = text.slice(found.from, found.to)
    const replacement = by(secret)
    if (replacement === secret) continue
    out += text.slice(copied, found.from) + replacement
    copied = found.to
  }
  return copied === 0 ? text : out + text.slice(copied)
}

/** Just after the characters from `from` on that belong together. */
export function afterRun(text: string, from: number, belongs: (code: number) => boolean): number {
  let at = from
  while (at < text.length && belongs(text.charCodeAt(at))) at++
  return at
}
