/** A text with its percent escapes decoded, in which what is found can be traced back to the text. */

import { type FindNext, type Found, replaceFound } from './found.ts'

/** In every text that has a view of its own. */
export const ESCAPE: RegExp = /%[0-9A-Fa-f]{2}/

/** Replaces what shows only once escapes are decoded. All else stays as it was, escapes included. */
export function replaceFoundInEscaped(
  text: string,
  findNext: FindNext,
  by: (secret: string) => string,
): string {
  if (!ESCAPE.test(text)) return text
  const { view, offsets } = percentView(text)
  let found: Found | undefined
  const findInSource: FindNext = () => {
    found = findNext(view, found?.to ?? 0)
    return found && { from: offsets[found.from]!, to: offsets[found.to]! }
  }
  return replaceFound(text, findInSource, (source) => {
    const secret = decoded(source)
    const replacement = by(secret)
    return replacement === secret ? source : replacement
  })
}

/**
 * One character for each escaped byte, which is right for ASCII, and for other letters as good as any:
 * detectors take them all alike. `nestedMax`: how often an escape may have been escaped again. `offsets[i]` is where the i-th character begins in `text`; one more is its end.
 */
export function percentView(
  text: string,
  nestedMax = 0,
): { readonly view: string; readonly offsets: Uint32Array } {
  const offsets = new Uint32Array(text.length + 1)
  let view = ''
  let copied = 0
  let length = 0
  const copyTo = (end: number): void => {
    view += text.slice(copied, end)
    for (let at = copied; at < end; at++) offsets[length++] = at
  }
  for (let percent = text.indexOf('%'); percent >= 0; percent = text.indexOf('%', percent + 1)) {
    let at = percent + 1
    for (let nested = 0; nested < nestedMax && text.startsWith('25', at) && isEscape(text, at + 2); nested++)
      at += 2
    const high = hexDigit(text.charCodeAt(at))
    const low = hexDigit(text.charCodeAt(at + 1))
    if (high < 0 || low < 0) continue
    copyTo(percent)
    view += String.fromCharCode(high * 16 + low)
    offsets[length++] = percent
    copied = at + 2
  }
  copyTo(text.length)
  offsets[length] = text.length
  return { view, offsets }
}

/** What the escapes stand for; each by itself where together they are not UTF-8. */
function decoded(source: string): string {
  try {
    return decodeURIComponent(source)
  } catch {
    return percentView(source).view
  }
}

function isEscape(text: string, at: number): boolean {
  return hexDigit(text.charCodeAt(at)) >= 0 && hexDigit(text.charCodeAt(at + 1)) >= 0
}

/** -1 for anything else, and past the end of the text. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 0x20
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
