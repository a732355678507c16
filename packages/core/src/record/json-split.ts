/** Finds where the elements of an array, or several values in a row, begin and end, without parsing them. */

export interface Span {
  readonly start: number
  readonly end: number
}

export type SplitArray =
  | { readonly kind: 'elements'; readonly elements: readonly Span[] }
  | { readonly kind: 'too_many' }
  | { readonly kind: 'broken'; readonly at: number; readonly message: string }

/**
 * The elements of the array that opens at `start`, and nothing but space after it. An element is any text
 * between two commas: whether it is JSON is for its reader to say.
 */
export function splitArray(text: string, start: number, elementsMax: number): SplitArray {
  const elements: Span[] = []
  let depth = 1
  let from = start + 1
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = closingQuote(text, i)
    else if (code === 0x7b || code === 0x5b) depth++
    else if (code === 0x2c && depth === 1) {
      if (elements.length >= elementsMax) return { kind: 'too_many' }
      elements.push({ start: from, end: i })
      from = i + 1
    } else if ((code === 0x7d || code === 0x5d) && --depth === 0) {
      if (code === 0x7d) return { kind: 'broken', at: i, message: "expected ',' or ']', found \"}\"" }
      const isEmptyArray = elements.length === 0 && text.slice(from, i).trim() === ''
      if (elements.length >= elementsMax && !isEmptyArray) return { kind: 'too_many' }
      if (!isEmptyArray) elements.push({ start: from, end: i })
      const rest = afterSpace(text, i + 1)
      if (rest < text.length) return { kind: 'broken', at: rest, message: 'expected the end after the array' }
      return { kind: 'elements', elements }
    }
  }
  return { kind: 'broken', at: text.length, message: "expected ',' or ']', found the end" }
}

/**
 * The values that stand one after another from `start`; what is left of a broken one is the last span. Stops
 * after one more than `valuesMax`.
 */
export function splitValues(text: string, start: number, valuesMax: number): Span[] {
  const values: Span[] = []
  let from = start
  while (from < text.length && values.length <= valuesMax) {
    const end = text.charCodeAt(from) === 0x7b ? closingBrace(text, from) + 1 : text.length
    values.push({ start: from, end })
    from = afterSpace(text, end)
    if (values.length === 1 && from < text.length && text.charCodeAt(from) !== 0x7b)
      return [{ start, end: text.length }] // not a second object: one broken value, which its reader will name
  }
  return values
}

const QUOTE = 0x22

/** Index of the brace or bracket that closes the one at `open`, or the last character. */
function closingBrace(text: string, open: number): number {
  let depth = 0
  for (let i = open; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = closingQuote(text, i)
    else if (code === 0x7b || code === 0x5b) depth++
    else if ((code === 0x7d || code === 0x5d) && --depth === 0) return i
  }
  return text.length - 1
}

/** Index of the quote that closes the text opened at `open`, or the last character. */
function closingQuote(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) return i
    if (code === 0x5c) i++
  }
  return text.length - 1
}

function afterSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \n\r\t'.includes(text[at]!)) at++
  return at
}
