/** Who did what to what: the parts of a record that accuse, checked before they are kept. */
import type { Json, Snapshots } from './snapshot.ts'

export interface Actor {
  /** `user`, `service`, `system`, `agent` or `anonymous`, or your own word. */
  readonly type?: string
  /** Stable; not an e-mail address. */
  readonly id?: string
  readonly name?: string
  readonly email?: string
  readonly roles?: readonly string[]
  readonly auth?: { readonly method?: string; readonly mfa?: boolean; readonly key_id?: string }
  /** In whose name this one acts. */
  readonly on_behalf_of?: Actor | string
}

export interface Target {
  readonly type?: string
  readonly id?: string
  readonly name?: string
  readonly parent?: Target | string
}

export interface Change {
  /** JSON Pointer into the target. */
  readonly path: string
  readonly old?: unknown
  readonly new?: unknown
}

/** A target as the record wants it; a text is its id. Never throws. */
export function targetOf(target: unknown): unknown {
  return typeof target === 'object' && target !== null ? target : { id: target }
}

/** A change as the record wants it: what has no path is about the whole. Never throws. */
export function changeOf(change: unknown): unknown {
  try {
    if (typeof change !== 'object' || change === null) return { new: change, path: '' }
    if (Array.isArray(change) || ArrayBuffer.isView(change)) return { new: change, path: '' }
    return typeof (change as Partial<Change>).path === 'string' ? change : { ...change, path: '' }
  } catch {
    return { new: change, path: '' } // its snapshot has the error
  }
}

/** Characters of an identifier (packages/core/src/record/field.ts); a longer one is refused by the server, never cut. */
export const IDENTIFIER_CHARS_MAX = 512

/** A place where something too long was left out. */
export interface Oversized {
  readonly field: string
  readonly chars: number
}

/** The value without identifiers that are too long; those are named in `oversized`. */
export function identified(
  value: unknown,
  path: string,
  snapshots: Snapshots,
  oversized: Oversized[],
): Json | undefined {
  return withinLimits(snapshots.take(value, path), path, oversized)
}

function withinLimits(value: Json | undefined, path: string, oversized: Oversized[]): Json | undefined {
  if (typeof value === 'string') {
    if (value.length <= IDENTIFIER_CHARS_MAX) return value
    oversized.push({ field: path, chars: value.length })
    return undefined
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value))
    return (value as readonly Json[]).flatMap(
      (item, i) => withinLimits(item, `${path}/${i}`, oversized) ?? [],
    )
  const kept: Record<string, Json> = {}
  for (const [key, member] of Object.entries(value)) {
    const within = withinLimits(member, `${path}/${key}`, oversized)
    if (within !== undefined) kept[key] = within
  }
  return kept
}
