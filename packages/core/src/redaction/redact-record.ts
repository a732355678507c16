/** Redacts the secrets of a record's personal group. */

import { FREE_FIELDS, type FreePart, PATH_ONLY_FIELDS } from './free-fields.ts'
import type { CompiledRedaction } from './policy.ts'
import { ValueRedactor } from './redact-value.ts'
import { DROPPED } from './replacement.ts'

/** Replaced and dropped places named at most; more are replaced all the same. */
export const REDACTED_PATHS_MAX = 1_000

/** Any personal group, as mapped. */
type Group = { readonly [field: string]: unknown }

/**
 * The same object when there is nothing to redact, otherwise a copy whose `redacted` lists the places that were
 * replaced or dropped (JSON Pointers, after those the producer listed). The input is never written to.
 */
export function redactPersonal<Personal extends object>(
  personal: Personal,
  policy: CompiledRedaction,
): Personal {
  const redactor = new ValueRedactor(policy)
  const group = personal as Group
  let copy: Record<string, unknown> | undefined
  const redact = (field: string, part: FreePart): void => {
    const value = group[field]
    if (value === undefined) return
    const redacted = redactor.field(part, value, `/${field}`, policy.paths?.step(field))
    if (redacted === value) return
    copy ??= { ...group }
    if (redacted === DROPPED) delete copy[field]
    else copy[field] = redacted
  }
  for (const [field, part] of FREE_FIELDS) redact(field, part)
  if (policy.paths !== undefined) for (const field of PATH_ONLY_FIELDS) redact(field, 'named')
  if (copy === undefined) return personal
  const before = Array.isArray(group['redacted']) ? (group['redacted'] as readonly string[]) : []
  copy['redacted'] = [...new Set([...before, ...redactor.paths.slice(0, REDACTED_PATHS_MAX)])]
  return copy as Personal // the same fields, with texts in place of secrets
}
