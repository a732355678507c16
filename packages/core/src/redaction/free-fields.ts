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
