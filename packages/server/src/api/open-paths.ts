/** Which members the free objects of records have: for people who look for a field's name. */
import type { ReadEntry } from '../ledger/read-entry.ts'

/** Objects whose members have names of the producers' own. */
const OPEN = ['labels', 'metadata', 'request', 'response'] as const
const DEPTH_MAX = 4
const PATHS_MAX = 500

/** Paths such as `metadata.order.id` with the number of records that have them, most frequent first. */
export function openPaths(entries: readonly ReadEntry[]): { name: string; records: number }[] {
  const counts = new Map<string, number>()
  for (const { personal } of entries) {
    if (!personal) continue
    const fields = JSON.parse(personal.text) as Record<string, unknown>
    const paths = new Set<string>()
    for (const root of OPEN) addPaths(paths, root, fields[root], 0)
    for (const path of paths)
      if (counts.has(path) || counts.size < PATHS_MAX) counts.set(path, (counts.get(path) ?? 0) + 1)
  }
  return [...counts]
    .map(([name, records]) => ({ name, records }))
    .toSorted((a, b) => b.records - a.records || (a.name < b.name ? -1 : 1))
}

function addPaths(paths: Set<string>, path: string, value: unknown, depth: number): void {
  if (value === null || value === undefined || depth > DEPTH_MAX) return
  if (typeof value !== 'object') {
    if (depth > 0) paths.add(path)
    return
  }
  const members = Array.isArray(value)
    ? value.map((item) => [path, item] as const)
    : Object.entries(value).map(([name, item]) => [`${path}.${name}`, item] as const)
  for (const [name, item] of members) addPaths(paths, name, item, depth + 1)
}
