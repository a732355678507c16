/** Entries in a form that travels between threads. */
import type { StoredEntry, StoredGroup } from './ledger-store.ts'

/** A group's exact text, and its salt. */
export interface ReadGroup {
  readonly text: string
  readonly salt: Uint8Array
}

export interface ReadEntry {
  readonly index: number
  readonly leaf: Uint8Array
  readonly core: ReadGroup | undefined
  readonly personal: ReadGroup | undefined
}

/** Whether there is something left of an entry that is not one of the ledger's own. */
export function isRecord({ core }: ReadEntry): boolean {
  if (core === undefined) return false
  const { action } = JSON.parse(core.text) as { action?: unknown }
  return typeof action !== 'string' || !action.startsWith('trailproof.')
}

const decoder = new TextDecoder()

/** Copies: a view would drag its whole block of 256 entries along to the other thread. */
export function readEntry({ index: at, leaf, core, personal }: StoredEntry): ReadEntry {
  return { index: at, leaf: Uint8Array.from(leaf), core: readGroup(core), personal: readGroup(personal) }
}

function readGroup(group: StoredGroup): ReadGroup | undefined {
  if (group.kind === 'erased') return undefined
  return { text: decoder.decode(group.bytes), salt: Uint8Array.from(group.salt) }
}
