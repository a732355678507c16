/** Masks the secrets of a record's personal group. */

import { FREE_FIELDS } from './free-fields.ts'
import type { CompiledRedaction } from './policy.ts'
import { ValueRedactor } from './redact-value.ts'

/** Masked places named at most; more are masked all the same. */
export const REDACTED_PATHS_MAX = 1_000

/** Any personal group, as mapped. */
type Group = { readonly [field: string]: unknown }

/**
 * The same object when there is nothing to mask, otherwise a copy whose `redacted` lists the masked places
 * (JSON Pointers, after those the producer listed). The input is never written to.
 */
export function redactPersonal<Personal extends object>(
  personal: Personal,
  policy: CompiledRedaction,
): Personal {
  const redactor = new ValueRedactor(policy)
  const group = personal as Group
  let copy: Record<string, unknown> | undefined
  for (const [field, part] of FREE_FIELDS) {
    const value = group[field]
    if (value === undefined) continue
    const redacted = redactor.part(part, value, `/${field}`)
    if (redacted === value) continue
    copy ??= { ...group }
    copy[field] = redacted
  }
  if (copy === undefined) return personal
  const before = Array.isArray(group['redacted']) ? (group['redacted'] as readonly string[]) : []
  copy['redacted'] = [...new Set([...before, ...redactor.paths.slice(0, REDACTED_PATHS_MAX)])]
  return copy as Personal // the same fields, with texts in place of secrets
}
