/**
 * Masks secrets in a text that holds JSON, without parsing it: the text may have been cut off anywhere, and
 * what is not masked must stay as it was, byte for byte.
 */

import type { CompiledRedaction } from './policy.ts'

/**
 * `redactInner` is given the decoded value of each text in the JSON, `redactOutside` all that stands between
 * them: nothing but punctuation and numbers in JSON, anything in what only began like it.
 */
export function redactJsonText(
  text: string,
  { isSecretName, mask }: CompiledRedaction,
  redactInner: (inner: string) => string,
  redactOutside: (outside: string) => string,
): string {
  let out = ''
  let copied = 0
  const replace = (from: number, to: number, by: string): void => {
    out += text.slice(copied, from) + by
    copied = to
  }
  let at = 0
  while (at < text.length) {
    if (text.charCodeAt(at) !== QUOTE) {
      const quote = text.indexOf('"', at)
      const stop = quote < 0 ? text.length : quote
      const outside = text.slice(at, stop)
      const redacted = redactOutside(outside)
      if (redacted !== outside) replace(at, stop, redacted)
      at = stop
      continue
    }
    const end = stringEnd(text, at)
    const colon = afterSpace(text, end)
    if (text[colon] === ':') {
      const value = afterSpace(text, colon + 1)
      if (value < text.length && isSecretName(decodedString(text.slice(at, end)))) {
        const valueStop = valueEnd(text, value)
        if (isWorthMasking(text, value, valueStop)) replace(value, valueStop, JSON.stringify(mask))
        at = valueStop
      } else at = value
      continue
    }
    const inner = decodedString(text.slice(at, end))
    const redacted = redactInner(inner)
    if (redacted !== inner) replace(at, end, JSON.stringify(redacted))
    at = end
  }
  return copied === 0 ? text : out + text.slice(copied)
}

const QUOTE = 0x22

/** null, true, false and an empty text give nothing away. */
function isWorthMasking(text: string, from: number, to: number): boolean {
  const value = text.slice(from, Math.min(to, from + 8))
  return !(to - from <= 5 && (value === 'null' || value === 'true' || value === 'false' || value === '""'))
}

/** Just after the closing quote, or the end. */
function stringEnd(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) return i + 1
    if (code === 0x5c) i++
  }
  return text.length
}

/** Just after the value at `from`, however deep it is, or the end of a text that was cut off. */
function valueEnd(text: string, from: number): number {
  const first = text[from]
  if (first === '"') return stringEnd(text, from)
  if (first !== '{' && first !== '[') {
    let at = from
    while (at < text.length && !',}] \n\r\t'.includes(text[at]!)) at++
    return at
  }
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = stringEnd(text, i) - 1
    else if (code === 0x7b || code === 0x5b) depth++
    else if ((code === 0x7d || code === 0x5d) && --depth === 0) return i + 1
  }
  return text.length
}

/** The text between the quotes; as it stands when it was cut off or is not JSON. */
function decodedString(quoted: string): string {
  if (quoted.length >= 2 && quoted.endsWith('"') && !quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return JSON.parse(quoted) as string // a text, since it begins with a quote
  } catch {
    return quoted.slice(1)
  }
}

function afterSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  return at
}
