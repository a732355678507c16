/** `name=value` in forms, queries, cookies, connection strings and log lines. */

import { type Edit, type Edits, NO_EDITS } from './edits.ts'
import type { CompiledRedaction } from './policy.ts'
import { isHashed, type RedactionMode, replacedText } from './replacement.ts'
import type { ModeOfName } from './secret-name.ts'

/** A longer run before '=' is no name. */
const NAME_CHARS_MAX = 128

/** The values of secret names, to be masked, except those that a rule replaces otherwise. */
export function findPairs(text: string, { modeOfName, mask }: CompiledRedaction): Edits {
  return findAll(text, modeOfName, (mode, from, isForm) => {
    const to = valueEnd(text, from, isForm)
    const value = text.slice(from, to)
    return { to, by: mode !== 'mask' || isMasked(unquoted(value), mask) ? value : mask }
  })
}

/** The values of names to which a rule gives another mode than `mask`. */
export function findPairsOfRules(text: string, policy: CompiledRedaction): Edits {
  return findAll(text, policy.modeOfName, (mode, from, isForm) => {
    if (mode === 'mask') return undefined // once the forms in the value were replaced
    const to = credentialEnd(text, from, valueEnd(text, from, isForm), isForm)
    const value = text.slice(from, to)
    return {
      to,
      by:
        isForm && unquoted(value) === value
          ? replacedFormValue(value, mode, policy)
          : replacedValue(value, mode, policy),
    }
  })
}

function isMasked(value: string, mask: string): boolean {
  return value === '' || value === mask || isHashed(value)
}

/** `by` stands in place of the value, which ends at `to`. */
interface PairReplacement {
  readonly to: number
  readonly by: string
}

function findAll(
  text: string,
  modeOfName: ModeOfName,
  replacementOf: (mode: RedactionMode, valueFrom: number, isForm: boolean) => PairReplacement | undefined,
): Edits {
  let edits: Edit[] | undefined
  let copied = 0
  let equals = text.indexOf('=')
  while (equals >= 0) {
    let next = equals + 1
    const begin = nameStart(text, equals, copied)
    const name = text.slice(begin, equals)
    const mode = name === '' ? undefined : modeOfName(decoded(name))
    if (mode !== undefined) {
      const replacement = replacementOf(mode, equals + 1, isFormPair(text, begin))
      if (replacement !== undefined) {
        const { to, by } = replacement
        if (by !== text.slice(equals + 1, to)) {
          ;(edits ??= []).push({ from: equals + 1, to, by })
          copied = to
        }
        next = Math.max(next, to)
      }
    }
    equals = text.indexOf('=', next)
  }
  return edits ?? NO_EDITS
}

/** `Authorization=Bearer abc`: the scheme is not the secret, what follows it is. */
function credentialEnd(text: string, from: number, end: number, isForm: boolean): number {
  if (text.charCodeAt(end) !== 0x20 || !/^(?:bearer|basic)$/i.test(text.slice(from, end))) return end
  let at = end + 1
  while (at < text.length && !endsValue(text.charCodeAt(at), isForm)) at++
  return at
}

/** In quotes or bare; nothing else is encoded in log lines and cookies. */
function replacedValue(value: string, mode: RedactionMode, policy: CompiledRedaction): string {
  const inner = unquoted(value)
  const by = replacedText(inner, mode, policy)
  if (by === inner) return value
  return inner === value || by === ''
    ? by
    : value[0] + by + (value.length > inner.length + 1 ? value[0]! : '')
}

/** What is hashed or shown is the value that the form stands for; what is shown is encoded again. */
function replacedFormValue(value: string, mode: RedactionMode, policy: CompiledRedaction): string {
  const inner = decodedFormValue(value)
  const by = replacedText(inner, mode, policy)
  if (by === inner) return value
  return /^[\w*:]*$/.test(by) ? by : encodedFormValue(by)
}

function decodedFormValue(value: string): string {
  const spaced = value.replaceAll('+', ' ')
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return decoded(spaced) // as far as it goes
  }
}

function encodedFormValue(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replaceAll('%40', '@').replaceAll("'", '%27')
}

/** Without the quotes around it, the last of which may have been cut off. */
function unquoted(value: string): string {
  const first = value[0]
  if (first !== '"' && first !== "'") return value
  return value.length > 1 && value.endsWith(first) ? value.slice(1, -1) : value.slice(1)
}

function nameStart(text: string, equals: number, lowest: number): number {
  const last = Math.max(lowest, equals - NAME_CHARS_MAX)
  let at = equals
  while (at > last && isNameCharacter(text.charCodeAt(at - 1))) at--
  return at
}

/** In a form or a query only & and # end a value; elsewhere punctuation does as well. */
function isFormPair(text: string, begin: number): boolean {
  return begin === 0 || text[begin - 1] === '&' || text[begin - 1] === '?'
}

function valueEnd(text: string, from: number, inForm: boolean): number {
  const first = text[from]
  if (first === '"' || first === "'") {
    const close = text.indexOf(first, from + 1)
    return close < 0 ? text.length : close + 1
  }
  let at = from
  while (at < text.length && !endsValue(text.charCodeAt(at), inForm)) at++
  return at
}

function endsValue(code: number, inForm: boolean): boolean {
  if (code <= 0x20 || code === 0x26 || code === 0x23) return true // space, & and #
  if (inForm) return false
  return (
    code === 0x3b ||
    code === 0x2c ||
    code === 0x22 ||
    code === 0x27 ||
    code === 0x29 ||
    code === 0x7d ||
    code === 0x5d
  ) // ; , " ' ) } ]
}

function isNameCharacter(code: number): boolean {
  if ((code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code >= 0x80)
    return true
  return (
    code === 0x5f ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5b ||
    code === 0x5d ||
    code === 0x25 ||
    code === 0x2b ||
    code === 0x24
  )
}

/** Escapes of ASCII decoded; a name needs no others, and a broken one stays. */
function decoded(name: string): string {
  if (!name.includes('%')) return name
  return name.replace(/%([0-7][0-9a-fA-F])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
