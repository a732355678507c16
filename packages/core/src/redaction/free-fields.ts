/** Where in the personal group secrets are looked for, and how. */

/**
 * - `free`: by name and inside texts
 * - `changes`: as `free`, and by the last step of each change's path
 * - `text`: inside the text
 * - `named`: by name alone; the texts are identifiers, which are never altered
 */
export type FreePart = 'free' | 'changes' | 'text' | 'named'

export const FREE_FIELDS: readonly (readonly [field: string, part: FreePart])[] = [
  ['actor', 'named'],
  ['changes', 'changes'],
  ['errors', 'free'],
  ['integrations', 'free'],
  ['internal_steps', 'free'],
  ['labels', 'free'],
  ['message', 'text'],
  ['metadata', 'free'],
  ['reason', 'text'],
  ['request', 'free'],
  ['response', 'free'],
  ['source', 'named'],
  ['targets', 'named'],
]

/** Fields of the personal group that hold identifiers of the record itself: found by paths alone. */
export const PATH_ONLY_FIELDS: readonly string[] = ['session_id', 'source_id', 'stream_chain']

/** The first step of a path; what the server keeps book in (`redacted`, `truncated`, `coerced`) is never altered. */
export const PATH_FIELDS: ReadonlySet<string> = new Set([
  ...FREE_FIELDS.map(([field]) => field),
  ...PATH_ONLY_FIELDS,
])
