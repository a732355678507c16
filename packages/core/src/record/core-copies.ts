/** What the core group copies from the personal one, so that it outlives an erasure. */

import type { JsonObject } from './item.ts'

export function actorType(actor: unknown): string | undefined {
  return isObject(actor) && typeof actor['type'] === 'string' ? actor['type'] : undefined
}

/** The different types, in the order of the targets. */
export function targetTypes(targets: unknown): readonly string[] | undefined {
  const list = isObject(targets) ? [targets] : targets
  if (!Array.isArray(list) || list.length === 0) return undefined
  if (list.length === 1) {
    const type: unknown = isObject(list[0]) ? list[0]['type'] : undefined
    return typeof type === 'string' ? [type] : undefined
  }
  const types = new Set<string>()
  for (const target of list)
    if (isObject(target) && typeof target['type'] === 'string') types.add(target['type'])
  return types.size > 0 ? [...types] : undefined
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
