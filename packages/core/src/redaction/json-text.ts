/**
 * Masks secrets in a text that holds JSON, without parsing it: the text may have been cut off anywhere, and
 * what is not masked must stay as it was, byte for byte.
 */

import { canonicalJson } from '../canonical/canonical-json.ts'
import type { CompiledRedaction } from './policy.ts'
import { isHashed, type RedactionMode, replacedText } from './replacement.ts'

/**
 * `redactInner` is given the decoded value of each text in the JSON, `redactOutside` all that stands between
 * them: nothing but punctuation and numbers in JSON, anything in what only began like it.
 */
export function redactJsonText(
  text: string,
  policy: CompiledRedaction,
  redactInner: (inner: string) => string,
  redactOutside: (outside: string) => string,
): string {
  const { modeOfName, mask } = policy
  const decoded = policy.hasRules ? leniently : decodedString
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
    const end = jsonStringEnd(text, at)
    const colon = afterSpace(text, end)
    if (text[colon] === ':') {
      const value = afterSpace(text, colon + 1)
      const mode = value < text.length ? modeOfName(decoded(text.slice(at, end))) : undefined
      if (mode === undefined) {
        at = value
        continue
      }
      const valueStop = jsonValueEnd(text, value)
      if (mode === 'drop' || isWorthMasking(text, value, valueStop)) {
        const by = mode === 'mask' ? mask : replacedJson(text.slice(value, valueStop), mode, policy)
        replace(value, valueStop, JSON.stringify(by))
      }
      at = valueStop
      continue
    }
    const inner = decoded(text.slice(at, end))
    const redacted = redactInner(inner)
    if (redacted !== inner) replace(at, end, JSON.stringify(redacted))
    at = end
  }
  return copied === 0 ? text : out + text.slice(copied)
}

const QUOTE = 0x22
/** Of `hmac:…` and its quotes. */
const HASHED_CHARS = 39

/** What stands in place of a value as it is written: a text as its characters, all else as canonical JSON. */
function replacedJson(source: string, mode: RedactionMode, policy: CompiledRedaction): string {
  if (source.startsWith('"')) return replacedText(leniently(source), mode, policy)
  if (mode === 'partial' && (source.startsWith('{') || source.startsWith('['))) return policy.mask
  return replacedText(canonicalSource(source), mode, policy)
}

/** As the value would be hashed if it had been parsed: digits that a double cannot hold are then a text. */
function canonicalSource(source: string): string {
  if (/^-?\d{16,}$/.test(source)) return source
  try {
    return canonicalJson(JSON.parse(source))
  } catch {
    return source // cut off
  }
}

/** null, true, false and an empty text give nothing away, nor does a hash. */
function isWorthMasking(text: string, from: number, to: number): boolean {
  if (to - from === HASHED_CHARS && isHashed(text.slice(from + 1, to - 1))) return false
  const value = text.slice(from, Math.min(to, from + 8))
  return !(to - from <= 5 && (value === 'null' || value === 'true' || value === 'false' || value === '""'))
}

/** Just after the closing quote, or the end. */
export function jsonStringEnd(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) return i + 1
    if (code === 0x5c) i++
  }
  return text.length
}

/** Just after the value at `from`, however deep it is, or the end of a text that was cut off. */
export function jsonValueEnd(text: string, from: number): number {
  const first = text[from]
  if (first === '"') return jsonStringEnd(text, from)
  if (first !== '{' && first !== '[') {
    let at = from
    while (at < text.length && !',}] \n\r\t'.includes(text[at]!)) at++
    return at
  }
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = jsonStringEnd(text, i) - 1
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

/** The same, with the escapes decoded even where the text was cut off or is not JSON. */
function leniently(quoted: string): string {
  try {
    return JSON.parse(quoted) as string // a text, since it begins with a quote
  } catch {
    const inner = quoted.length > 1 && quoted.endsWith('"') ? quoted.slice(1, -1) : quoted.slice(1)
    return inner.replace(ESCAPE, (_, hex: string | undefined, character: string) =>
      hex === undefined ? (CONTROLS[character] ?? character) : String.fromCharCode(Number.parseInt(hex, 16)),
    )
  }
}

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|([^]))/g
const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

export function afterSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  return at
}
