/** Builds filters in normal form: flat, without empty or single groups, never twice negated (spec/query.md). */

import type { Filter } from './query.ts'

/** All of them. There is at least one. */
export function allOf(parts: readonly Filter[]): Filter {
  return joined('and', parts)
}

/** Any of them. There is at least one. */
export function anyOf(parts: readonly Filter[]): Filter {
  return joined('or', parts)
}

export function notOf(part: Filter): Filter {
  return part.kind === 'not' ? part.part : { kind: 'not', part }
}

function joined(kind: 'and' | 'or', parts: readonly Filter[]): Filter {
  const flat = parts.flatMap((part) => (part.kind === kind ? part.parts : [part]))
  return flat.length === 1 ? flat[0]! : { kind, parts: flat }
}
