/** Where two JSON values differ: of objects and lists each place by itself, so that a change of one member is seen as one. */
import type { Change } from '../api/answers.ts'

/** Of one change; beyond, the whole values are shown. */
const PLACES_MAX = 200
const DEPTH_MAX = 16

/** The change itself where it has no parts, or too many. */
export function differences(change: Change): readonly Change[] {
  if (change.redacted || !isBranch(change.old) || !isBranch(change.new)) return [change]
  const found: Change[] = []
  collect(change.path, change.old, change.new, 0, found)
  return found.length === 0 || found.length > PLACES_MAX ? [change] : found
}

function collect(path: string, old: unknown, now: unknown, depth: number, found: Change[]): void {
  if (found.length > PLACES_MAX || isEqual(old, now)) return
  if (depth >= DEPTH_MAX || !isBranch(old) || !isBranch(now) || Array.isArray(old) !== Array.isArray(now)) {
    found.push({ path, ...(old !== undefined && { old }), ...(now !== undefined && { new: now }) })
    return
  }
  const names = new Set([...Object.keys(old), ...Object.keys(now)])
  for (const name of names) collect(`${path}/${escaped(name)}`, old[name], now[name], depth + 1, found)
}

function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** The order of members says nothing. */
function isEqual(a: unknown, b: unknown): boolean {
  if (!isBranch(a) || !isBranch(b)) return a === b
  const names = Object.keys(a)
  return (
    Array.isArray(a) === Array.isArray(b) &&
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name]))
  )
}

/** RFC 6901, section 3. */
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
