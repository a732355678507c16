/** Whether a group's bytes are the ones its leaf is committed to. */

import type { commitmentHasher, GroupName } from '@trailproof/core'
import { decodeUtf8, equalBytes, SALT_BYTES } from '@trailproof/core'

export type CheckedGroup =
  | { readonly kind: 'group'; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'problem'; readonly step: 'commitment' | 'content'; readonly problem: string }

export function checkGroup(
  commit: ReturnType<typeof commitmentHasher>,
  name: GroupName,
  committed: Uint8Array,
  { bytes, salt }: { readonly bytes: Uint8Array; readonly salt: Uint8Array },
): CheckedGroup {
  if (salt.length !== SALT_BYTES || !equalBytes(commit(name, salt, bytes), committed))
    return {
      kind: 'problem',
      step: 'commitment',
      problem: `the ${name} group is not what the leaf commits to`,
    }
  const text = decodeUtf8(bytes)
  const fields = text === undefined ? undefined : parseObject(text)
  return fields === undefined
    ? { kind: 'problem', step: 'content', problem: `the ${name} group is not a JSON object in UTF-8` }
    : { kind: 'group', fields }
}

/** Undefined for anything but an object. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined // JSON.parse throws for this reason only
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>) // an object that came from JSON has string keys
    : undefined
}
