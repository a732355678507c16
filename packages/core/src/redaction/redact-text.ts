/**
 * Masks secrets inside a text: JSON, elements, lines, forms and queries by name; credentials, tokens and keys by their form.
 * Each pass goes over the text once and only when the text holds what it looks for.
 */

import { redactDetected, redactJsonNumbers } from './detect/redact-detected.ts'
import { applyEdits } from './edits.ts'
import { redactAroundJson } from './embedded-json.ts'
import { redactEscaped } from './escaped.ts'
import { jsonValueEnd, redactJsonText } from './json-text.ts'
import { nameBefore } from './name-before.ts'
import { findPairs, findPairsOfRules } from './name-value-pairs.ts'
import { findNamedLines, findNamedValues, holdsSecretName } from './named-values.ts'
import type { CompiledRedaction } from './policy.ts'
import { type RedactionMode, replacedText } from './replacement.ts'
import { redactCredentials, redactJwts, redactPrivateKeys } from './token-forms.ts'
import { findUserInfo } from './user-info.ts'
import { findElements } from './xml-elements.ts'

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
  if (!looksLikeJson(text)) return redactMixed(text, policy, nested)
  const end = endOfFirst(text)
  if (end === text.length) return redactJson(text, policy, nested)
  return redactJson(text.slice(0, end), policy, nested) + redactMixed(text.slice(end), policy, nested)
}

/** Anything but the punctuation and the numbers that stand between the texts of JSON. */
const BESIDE_JSON = /[^\s\d{}[\],.:+-]/

/** Fewer are no group of a card's. */
const DIGITS = /\d\d\d/

function redactJson(text: string, policy: CompiledRedaction, nested: number): string {
  if (nested >= NESTED_MAX) return policy.mask
  const redactInner = (inner: string): string => redactOnce(inner, policy, nested + 1)
  const redactOutside = (outside: string): string => {
    if (!BESIDE_JSON.test(outside) && (policy.cards === undefined || !DIGITS.test(outside))) return outside
    const numbered = policy.cards === undefined ? outside : redactJsonNumbers(outside, policy.cards, policy)
    return policy.suspicious.test(numbered) ? redactPlain(numbered, policy, true) : numbered
  }
  return redactJsonText(text, policy, redactInner, redactOutside)
}

/** Anything that may hold JSON, too. What the value of a line or an element is must be known before it is taken apart. */
function redactMixed(text: string, policy: CompiledRedaction, nested: number): string {
  const isNamed = holdsSecretName(text, policy)
  // Detectors cost most; a text that was only suspicious for a colon is none of theirs.
  if (!isNamed && policy.hasRules && text.includes(':') && !policy.suspiciousBesideNames.test(text))
    return text
  let out = text.includes('<') ? applyEdits(text, findElements(text, policy)) : text
  if (isNamed) {
    if (policy.forms && out.includes('-----BEGIN')) out = redactPrivateKeys(out, policy.mask)
    out = applyEdits(out, findNamedLines(out, policy))
  }
  if (!out.includes('{')) return redactPlain(out, policy, isNamed)
  return redactAroundJson(
    out,
    (plain) => redactPlain(plain, policy, isNamed),
    (json, before) => {
      const mode = modeOfNext(before, policy)
      if (mode === undefined) return redactJson(json, policy, nested)
      return mode === 'partial' ? policy.mask : replacedText(json, mode, policy)
    },
  )
}

/** How the value that follows `before` is replaced: `token: `, `password=`. */
function modeOfNext(before: string, policy: CompiledRedaction): RedactionMode | undefined {
  const found = /["']?[ \t]{0,8}["']?$/.exec(before.slice(-10))
  const end = before.length - (found?.[0].length ?? 0)
  const sign = before[end - 1]
  const name = sign === ':' || sign === '=' ? nameBefore(before, end - 1, 0) : undefined
  return name && policy.modeOfName(name.text)
}

/** `isNamed`: whether `name: value` is to be looked for. */
function redactPlain(text: string, policy: CompiledRedaction, isNamed: boolean): string {
  if (!policy.hasRules) return redactForms(text, policy, isNamed)
  // Names come before forms: the value of a name that is hashed must not be masked for its form first.
  let out = isNamed ? applyEdits(text, findNamedValues(text, policy)) : text
  if (out.includes('=')) out = applyEdits(out, findPairsOfRules(out, policy))
  if (policy.forms && out.includes('://')) out = applyEdits(out, findUserInfo(out, policy))
  out = redactDetected(out, policy)
  if (policy.forms) return redactForms(out, policy, isNamed)
  if (out.includes('=')) out = applyEdits(out, findPairs(out, policy))
  return redactEscaped(out, policy)
}

function redactForms(text: string, policy: CompiledRedaction, isNamed: boolean): string {
  let out = text
  if (out.includes('-----BEGIN')) out = redactPrivateKeys(out, policy.mask)
  if (out.includes('eyJ')) out = redactJwts(out, policy.mask)
  if (out.includes('://')) out = applyEdits(out, findUserInfo(out, policy))
  out = redactCredentials(out, policy.mask)
  if (isNamed) out = applyEdits(out, findNamedValues(out, policy))
  if (out.includes('=')) out = applyEdits(out, findPairs(out, policy))
  return redactEscaped(out, policy)
}

/** `{"…`, `[{…`, `["…` and what else may be the beginning of JSON that holds names; `[info]` is none. */
function looksLikeJson(text: string): boolean {
  const first = firstVisible(text, 0)
  const opening = text.charCodeAt(first)
  if (opening !== 0x7b && opening !== 0x5b) return false
  const next = text[firstVisible(text, first + 1)] ?? '"'
  return next === '"' || (opening === 0x7b ? next === '}' : '[{]'.includes(next) || text.includes('{"'))
}

/** Just after the first value of the JSON, where something else follows it. */
function endOfFirst(text: string): number {
  const closing = text.charCodeAt(firstVisible(text, 0)) + 2 // `}` to `{`, `]` to `[`
  return text.trimEnd().charCodeAt(text.trimEnd().length - 1) === closing
    ? text.length
    : jsonValueEnd(text, firstVisible(text, 0))
}

/** Index of the first character that is not white space, or the end. */
function firstVisible(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  return at
}
