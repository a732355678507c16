/** A text with its percent escapes decoded, in which what is found can be traced back to the text. */

import { type FindNext, type Found, replaceFound } from './found.ts'

/** Escapes of visible ASCII and the space; a card number, an IBAN or an address needs no others. */
const ESCAPE = /%[2-7][0-9A-Fa-f]/

/** Replaces what shows only once escapes are decoded. All else stays as it was, escapes included. */
export function replaceFoundInEscaped(
  text: string,
  findNext: FindNext,
  by: (secret: string) => string,
): string {
  if (!ESCAPE.test(text)) return text
  const { decoded, offsets } = decodedView(text)
  let found: Found | undefined
  const findInSource: FindNext = () => {
    found = findNext(decoded, found?.to ?? 0)
    return found && { from: offsets[found.from]!, to: offsets[found.to]! }
  }
  return replaceFound(text, findInSource, (source) =>
    found === undefined ? source : by(decoded.slice(found.from, found.to)),
  )
}

/** `offsets[i]` is where the i-th character of `decoded` begins in `text`; one more says where the text ends. */
function decodedView(text: string): { readonly decoded: string; readonly offsets: Uint32Array } {
  const offsets = new Uint32Array(text.length + 1)
  let decoded = ''
  let copied = 0
  let length = 0
  const copyTo = (end: number): void => {
    decoded += text.slice(copied, end)
    for (let at = copied; at < end; at++) offsets[length++] = at
  }
  for (let percent = text.indexOf('%'); percent >= 0; percent = text.indexOf('%', percent + 1)) {
    if (percent < copied) continue
    const high = hexDigit(text.charCodeAt(percent + 1))
    const low = hexDigit(text.charCodeAt(percent + 2))
    if (high < 2 || high > 7 || low < 0) continue
    copyTo(percent)
    decoded += String.fromCharCode(high * 16 + low)
    offsets[length++] = percent
    copied = percent + 3
  }
  copyTo(text.length)
  offsets[length] = text.length
  return { decoded, offsets }
}

/** -1 for anything else, and past the end of the text. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 0x20
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
