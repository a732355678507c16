/** Whether two callers are one person, as far as keys tell: a key is in the hands of whoever made it or renewed its token. */
import type { StoredKey } from '../directory/directory.ts'

type Made = Pick<StoredKey, 'prefix' | 'createdBy' | 'rotatedBy'>

/** Both are ids of callers. `keys` are all that there ever were, also those that open nothing any more. */
export function isSamePerson(one: string, other: string, keys: readonly Made[]): boolean {
  const byPrefix = new Map(keys.map((key) => [key.prefix, key]))
  const behindOther = whoIsBehind(other, byPrefix)
  return [...whoIsBehind(one, byPrefix)].some((id) => behindOther.has(id))
}

/** Users, services, and keys of which nobody knows who made them. More than one: somebody else has renewed the token. */
function whoIsBehind(callerId: string, keys: ReadonlyMap<string, Made>): ReadonlySet<string> {
  const behind = new Set<string>()
  const path = new Set([callerId])
  // The loop also comes to what is added in it, each once: a circle in a damaged table ends, too.
  for (const id of path) {
    const { createdBy, rotatedBy } = keys.get(id) ?? {}
    if (createdBy === undefined) behind.add(id)
    else path.add(createdBy)
    if (rotatedBy !== undefined) path.add(rotatedBy)
  }
  return behind
}
