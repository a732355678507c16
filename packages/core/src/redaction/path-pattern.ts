/** Reads a path of a redaction rule. */

import { PATH_FIELDS } from './free-fields.ts'

export type PathStep =
  | { readonly kind: 'name'; readonly name: string }
  /** `*`: one step of any name or index */
  | { readonly kind: 'one' }
  /** `**`: any number of steps */
  | { readonly kind: 'any' }

export type ParsedPath =
  | { readonly kind: 'path'; readonly steps: readonly PathStep[] }
  | { readonly kind: 'problem'; readonly problem: string }

/** Records nest at most 64 deep. */
const STEPS_MAX = 64
const PATH_CHARS_MAX = 4_096

/** One step, at its beginning: `*`, `**` or a name; `[0]`, `[*]`, `[**]` or `["any name"]`. */
const BARE = /(?:\*\*?|[\p{L}\p{N}_$-]+)/uy
const BRACKETED = /\[(?:(\*\*?)|(0|[1-9][0-9]*)|("(?:[^"\\]|\\.)*"))\]/uy

export function parsePath(path: string): ParsedPath {
  if (path.length > PATH_CHARS_MAX) return problem(`is longer than ${PATH_CHARS_MAX} characters`)
  const steps: PathStep[] = []
  let at = 0
  while (at < path.length || steps.length === 0) {
    if (path[at] === '[') {
      BRACKETED.lastIndex = at
      const match = BRACKETED.exec(path)
      const name = match === null ? undefined : (match[1] ?? match[2] ?? stringOf(match[3]!))
      if (match === null || name === undefined)
        return problem(`at ${at}: brackets hold an index, * or a name in double quotes, as in ["a.b"]`)
      steps.push(match[1] === undefined ? { kind: 'name', name } : wildcard(name))
      at = BRACKETED.lastIndex
    } else {
      if (steps.length > 0 && path[at] !== '.') return problem(`at ${at}: expected . or [`)
      BARE.lastIndex = steps.length > 0 ? at + 1 : at
      const match = BARE.exec(path)
      if (match === null)
        return problem(`at ${at}: expected a name; one with other characters is written as ["a.b"]`)
      const [name] = match
      steps.push(name.startsWith('*') ? wildcard(name) : { kind: 'name', name })
      at = BARE.lastIndex
    }
    if (steps.length > STEPS_MAX) return problem(`has more than ${STEPS_MAX} steps`)
  }
  const [first] = steps
  if (steps.every(({ kind }) => kind === 'any')) return problem('covers the whole record')
  if (first?.kind === 'name' && !PATH_FIELDS.has(first.name))
    return problem(
      `${first.name} is no field of the personal group (${[...PATH_FIELDS].join(', ')}); fields of your own are found in metadata`,
    )
  return { kind: 'path', steps }
}

function wildcard(stars: string): PathStep {
  return { kind: stars === '*' ? 'one' : 'any' }
}

/** Undefined where JSON has no such string, as with a raw line break. */
function stringOf(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string // a text, since it begins with a quote
  } catch {
    return undefined
  }
}

function problem(what: string): ParsedPath {
  return { kind: 'problem', problem: what }
}
