/**
 * Masks secrets inside a text: JSON, forms and queries by name; credentials, tokens and keys by their form.
 * Each pass goes over the text once and only when the text holds what it looks for.
 */

import { redactDetected, redactJsonNumbers } from './detect/redact-detected.ts'
import { redactJsonText } from './json-text.ts'
import { redactPairs, redactPairsByRules } from './name-value-pairs.ts'
import type { CompiledRedaction } from './policy.ts'
import { redactCredentials, redactJwts, redactPrivateKeys, redactUserInfo } from './token-forms.ts'

/** A text in a text in a text is looked into; deeper ones are masked as a whole where they are JSON. */
const NESTED_MAX = 3

/** What rules replace may have hidden something else: what is left of `x="a"b"c"` when its value is gone, say. */
const PASSES_MAX = 8

/** The same string when there is nothing to redact. */
export function redactText(text: string, policy: CompiledRedaction): string {
  const { clean } = policy
  if (clean === undefined) return redacted(text, policy)
  if (clean.has(text)) return text
  const out = redacted(text, policy)
  if (out === text) clean.add(text)
  return out
}

function redacted(text: string, policy: CompiledRedaction): string {
  let out = redactOnce(text, policy, 0)
  if (out === text || !policy.hasRules) return out
  for (let pass = 1; pass < PASSES_MAX; pass++) {
    const again = redactOnce(out, policy, 0)
    if (again === out) break
    out = again
  }
  return out
}

function redactOnce(text: string, policy: CompiledRedaction, nested: number): string {
  if (!policy.suspicious.test(text)) return text
  if (looksLikeJson(text)) {
    if (nested >= NESTED_MAX) return policy.mask
    const redactInner = (inner: string): string => redactOnce(inner, policy, nested + 1)
    const redactOutside = (outside: string): string =>
      redactPlain(
        policy.cards === undefined ? outside : redactJsonNumbers(outside, policy.cards, policy),
        policy,
      )
    return redactJsonText(text, policy, redactInner, redactOutside)
  }
  return redactPlain(text, policy)
}

function redactPlain(text: string, policy: CompiledRedaction): string {
  if (!policy.suspicious.test(text)) return text
  if (!policy.hasRules) return redactForms(text, policy)
  // Names come before forms: the value of a name that is hashed must not be masked for its form first.
  let out = text.includes('=') ? redactPairsByRules(text, policy) : text
  if (policy.forms && out.includes('://')) out = redactUserInfo(out, policy.mask)
  out = redactDetected(out, policy)
  if (policy.forms) return redactForms(out, policy)
  return out.includes('=') ? redactPairs(out, policy) : out
}

function redactForms(text: string, policy: CompiledRedaction): string {
  let out = text
  if (out.includes('-----BEGIN')) out = redactPrivateKeys(out, policy.mask)
  if (out.includes('eyJ')) out = redactJwts(out, policy.mask)
  if (out.includes('://')) out = redactUserInfo(out, policy.mask)
  out = redactCredentials(out, policy.mask)
  if (out.includes('=')) out = redactPairs(out, policy)
  return out
}

/** `{"…`, `[{…`, `["…` and what else may be the beginning of JSON that holds names; `[info]` is none. */
function looksLikeJson(text: string): boolean {
  const first = firstVisible(text, 0)
  const opening = text.charCodeAt(first)
  if (opening !== 0x7b && opening !== 0x5b) return false
  const next = text[firstVisible(text, first + 1)] ?? '"'
  return next === '"' || (opening === 0x7b ? next === '}' : '[{]'.includes(next) || text.includes('{"'))
}

/** Index of the first character that is not white space, or the end. */
function firstVisible(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  return at
}
