/** The few last characters that a partly masked value keeps. */

/** Stands before them. Six, since three are common in texts that people write, such as Markdown. */
export const HIDDEN = '******'

/** Characters kept at the end. */
export const KEPT_END_CHARS = 4

/**
 * Whether the run of letters and digits at `at` lies in the kept end of a partly masked value. It is then the
 * end of a secret, not the beginning of one, even where what follows would make it look so.
 */
export function isKeptEnd(text: string, at: number): boolean {
  for (let before = 0; before < KEPT_END_CHARS; before++) {
    const hidden = at - before - HIDDEN.length
    if (hidden < 0 || !text.startsWith(HIDDEN, hidden) || text[at - before] === '*') continue
    return text[hidden - 1] !== '*' && !isLetterOrDigit(text.charCodeAt(at - before + KEPT_END_CHARS))
  }
  return false
}

/** ASCII only: what surrounds a secret in other scripts does not hide it. False past the end of the text. */
export function isLetterOrDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
}
