/** Entries as search sees them: their two groups, parsed. */
import { recordedAtOf } from '../ledger/leaf-time.ts'
import type { StoredEntry } from '../ledger/ledger-store.ts'
import type { IndexedEntry } from './search-index.ts'

/** Throws SyntaxError for a group that is not JSON. */
export function indexedEntry({ index, leaf, core, personal }: StoredEntry): IndexedEntry {
  return {
    index,
    recordedAt: recordedAtOf(leaf),
    core: core.kind === 'present' ? parseGroup(core.bytes) : {},
    personal: personal.kind === 'present' ? parseGroup(personal.bytes) : undefined,
  }
}

const decoder = new TextDecoder()

function parseGroup(bytes: Uint8Array): Record<string, unknown> {
  return JSON.parse(decoder.decode(bytes)) as Record<string, unknown>
}
