/** Pairs, addresses and tokens that show only once percent escapes are decoded: `next=https%3A%2F%2Fx%2F%3Ftoken%3Dabc`. */

import { percentView } from './detect/percent-view.ts'
import { applyEdits, type Edits } from './edits.ts'
import { findPairs } from './name-value-pairs.ts'
import { findNamedValues } from './named-values.ts'
import type { CompiledRedaction } from './policy.ts'
import { findJwt } from './token-forms.ts'
import { findUserInfo } from './user-info.ts'

/** An `=`, `:` or `"`, escaped up to three times. */
const HINT = /%(?:25){0,3}(?:3[dDaA]|22)/
const NESTED_MAX = 3

/** The same string when there are none; all but the values stays as it was, escapes included. */
export function redactEscaped(text: string, policy: CompiledRedaction): string {
  if (!text.includes('%') || !HINT.test(text)) return text
  let out = text
  let decoded = percentView(out, NESTED_MAX)
  for (const find of policy.forms
    ? [findTokens, findUserInfo, findNamedValues, findPairs]
    : [findNamedValues, findPairs]) {
    const edits = find(decoded.view, policy)
    if (edits.length === 0) continue
    const { offsets } = decoded
    const inSource = edits.map(({ from, to, by }) => ({
      from: offsets[from]!,
      to: offsets[to]!,
      by: by === policy.mask || /^[\w*:.-]*$/.test(by) ? by : encodeURIComponent(by.toWellFormed()),
    }))
    out = applyEdits(out, inSource)
    decoded = percentView(out, NESTED_MAX)
  }
  return out
}

function findTokens(text: string, { mask }: CompiledRedaction): Edits {
  const edits = []
  for (let found = findJwt(text, 0); found !== undefined; found = findJwt(text, found.to))
    edits.push({ ...found, by: mask })
  return edits
}
