/** `name=value` in forms, queries, cookies, connection strings and log lines. */

import type { CompiledRedaction } from './policy.ts'

/** A longer run before '=' is no name. */
const NAME_CHARS_MAX = 128

/** Masks the values of secret names. The same string when there is none. */
export function redactPairs(text: string, { isSecretName, mask }: CompiledRedaction): string {
  let out = ''
  let copied = 0
  let equals = text.indexOf('=')
  while (equals >= 0) {
    let next = equals + 1
    const begin = nameStart(text, equals, copied)
    const name = text.slice(begin, equals)
    if (name !== '' && isSecretName(decoded(name))) {
      const end = valueEnd(text, equals + 1, isFormPair(text, begin))
      if (end > equals + 1 && text.slice(equals + 1, end) !== mask) {
        out += text.slice(copied, equals + 1) + mask
        copied = end
      }
      next = Math.max(next, end)
    }
    equals = text.indexOf('=', next)
  }
  return copied === 0 ? text : out + text.slice(copied)
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
