/** What an erasure makes of an entry, in either database. */
import type { ErasedRange } from '../ledger/ledger-store.ts'
import type { BlockEntry } from './entry-block.ts'

const GONE = { kind: 'erased' } as const

/** Whether there is still something of an entry that is to be erased. */
export function isLeft(
  { core, personal }: Pick<BlockEntry, 'core' | 'personal'>,
  { groups }: Pick<ErasedRange, 'groups'>,
): boolean {
  return personal.kind === 'present' || (groups === 'both' && core.kind === 'present')
}

export function erasedEntry<Entry extends BlockEntry>(
  entry: Entry,
  { groups }: Pick<ErasedRange, 'groups'>,
): Entry {
  return { ...entry, personal: GONE, ...(groups === 'both' && { core: GONE }) }
}
