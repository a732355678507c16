/** What two states of a thing differ in, as changes with JSON Pointers (RFC 6901). */
import { pointer } from '@trailproof/core'
import type { Change } from '../recorder/people.ts'

/** Changes that are told; a larger difference ends with one of the whole rest. */
export const CHANGES_MAX = 1_000
const DEPTH_MAX = 32

/**
 * `diff({ limit: 10 }, { limit: 50 })` is `[{ path: '/limit', old: 10, new: 50 }]`. Lists are compared place by place. What cannot be
 * compared deeper is compared as a whole.
 */
export function diff(before: unknown, after: unknown): Change[] {
  const changes: Change[] = []
  compare(before, after, '', 0, changes)
  return changes
}

function compare(before: unknown, after: unknown, path: string, depth: number, changes: Change[]): void {
  if (Object.is(before, after) || changes.length >= CHANGES_MAX) return
  const keys = depth < DEPTH_MAX ? commonKeys(before, after) : undefined
  if (keys === undefined) {
    if (!isSameText(before, after)) changes.push(changeOf(path, before, after))
    return
  }
  const [old, now] = [before, after] as Readonly<Record<string, unknown>>[] // both have keys
  for (const key of keys) compare(old![key], now![key], pointer(path, key), depth + 1, changes)
}

/** Keys of both, when both are lists or both are plain objects. */
function commonKeys(before: unknown, after: unknown): Iterable<string> | undefined {
  if (Array.isArray(before) && Array.isArray(after))
    return Array.from({ length: Math.max(before.length, after.length) }, (_, i) => String(i))
  return isPlain(before) && isPlain(after)
    ? new Set([...Object.keys(before), ...Object.keys(after)])
    : undefined
}

function changeOf(path: string, before: unknown, after: unknown): Change {
  return {
    path,
    ...(before !== undefined && { old: before }),
    ...(after !== undefined && { new: after }),
  }
}

/** Dates and the like: two instances that are written alike are no change. */
function isSameText(before: unknown, after: unknown): boolean {
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null)
    return false
  try {
    return JSON.stringify(before) === JSON.stringify(after) && !isPlain(before)
  } catch {
    return false // what cannot be written is told
  }
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
