/** Who logs in with a URL: `scheme://user:password@host`, `https://token@host`. */

import { afterRun } from './detect/found.ts'
import { type Edit, type Edits, NO_EDITS } from './edits.ts'
import type { CompiledRedaction } from './policy.ts'
import { isHashed } from './replacement.ts'

/**
 * The password; and the user where it is a token: in front of a password that is empty or only said to be one,
 * alone in a URL over HTTP, where people do not log in by name, or alone and of the looks of a token elsewhere.
 */
export function findUserInfo(text: string, { mask }: CompiledRedaction): Edits {
  let edits: Edit[] | undefined
  let from = 0
  for (;;) {
    const scheme = text.indexOf('://', from)
    if (scheme < 0) break
    const begin = scheme + 3
    const end = afterRun(text, begin, isAuthority)
    from = end
    const authority = text.slice(begin, end)
    const at = authority.lastIndexOf('@')
    if (at <= 0) continue
    const colon = authority.indexOf(':')
    const user = colon < 0 || colon > at ? authority.slice(0, at) : authority.slice(0, colon)
    const password = authority.slice(Math.min(user.length + 1, at), at)
    const isUser = password === '' ? isTokenAlone(text, scheme, user) : NO_PASSWORDS.has(password)
    const secret = isUser ? user : password
    if (secret === '' || secret === mask || isHashed(secret)) continue
    const secretFrom = isUser ? begin : begin + user.length + 1
    ;(edits ??= []).push({ from: secretFrom, to: secretFrom + secret.length, by: mask })
  }
  return edits ?? NO_EDITS
}

/** What stands for a password where the user is the token. */
const NO_PASSWORDS: ReadonlySet<string> = new Set(['x-oauth-basic', 'x', 'X'])

const HTTP = /(?:https?|wss?)$/i
/** What would not be a user. */
const NO_USER = /[,;()[\]{}|]/
const TOKEN_CHARS_MIN = 20

function isTokenAlone(text: string, scheme: number, user: string): boolean {
  if (user === 'git' || user === '' || NO_USER.test(user)) return false
  return HTTP.test(text.slice(Math.max(0, scheme - 5), scheme)) || user.length >= TOKEN_CHARS_MIN
}

/** Up to the path, the query, the fragment, white space or a quote. */
function isAuthority(code: number): boolean {
  return (
    code > 0x20 &&
    code !== 0x2f &&
    code !== 0x3f &&
    code !== 0x23 &&
    code !== 0x22 &&
    code !== 0x27 &&
    code !== 0x3c &&
    code !== 0x3e &&
    code !== 0x5c
  )
}
