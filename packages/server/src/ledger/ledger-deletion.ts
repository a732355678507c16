/**
 * A ledger is deleted: erasures of all that is left of it, listed beside its lock and committed, then it is closed for ever. What was
 * listed of it is carried on with by whoever opens the ledger next.
 */
import { decodeUuid } from '@trailproof/core'
import type { ErasureList, ListedErasure } from './erasure-list.ts'
import { RANGES_MAX } from './index-ranges.ts'
import { recordedAtOf } from './leaf-time.ts'
import type { ErasedRange, IndexRange, LedgerStore } from './ledger-store.ts'
import type { Leftover } from './leftover.ts'
import type { OwnedLedger } from './owned-ledger.ts'
import { type DeletionFacts, erasureRecord } from './server-records.ts'

export interface DeletionRequest extends Omit<DeletionFacts, 'at'> {
  readonly ledger: string
  /** Default: now. */
  readonly at?: number
  /** What is held was looked at when the ledger had so many entries. */
  readonly holdsSeenTo: number
}

/** A ledger that is closed; whether its content is destroyed is for `Erasures` to see to. */
export interface LedgerDeletion {
  readonly ledger: string
  readonly facts: DeletionFacts
  readonly ranges: readonly ErasedRange[]
  /** Entries that say so. */
  readonly indexes: readonly number[]
  /** Of the last of them; µs since 1970. */
  readonly recordedAt: number
  readonly size: number
  readonly checkpoint: string
}

export interface DeletionDeps {
  readonly store: LedgerStore
  readonly list: ErasureList
  /** Commits the record of a listed erasure, once. */
  readonly commit: (erasure: ListedErasure) => Promise<unknown>
}

/** The listed erasures that belong to the deletion of a ledger. */
export function listedDeletion(list: ErasureList, ledger: string): readonly Closing[] {
  return list.read(ledger).filter((listed): listed is Closing => listed.closes !== undefined)
}

type Closing = ListedErasure & { readonly closes: DeletionFacts }

/**
 * Lists what is not listed yet, commits it and closes the ledger, which nobody has extended meanwhile: else it rejects with HEAD_MOVED,
 * and goes on when it is called for the ledger taken anew. What `facts` say counts where nothing was listed before.
 */
export async function deleteLedger(
  owned: OwnedLedger,
  facts: DeletionFacts,
  leftover: Leftover,
  { store, list, commit }: DeletionDeps,
): Promise<void> {
  const { name } = owned
  const before = listedDeletion(list, name)
  leftover.skipTo(before.reduce((end, { ranges }) => Math.max(end, ranges.at(-1)?.to ?? 0), 0))
  await leftover.readOn(store, owned.tree.size)
  for (const ranges of pieces(leftover.ranges, before.length === 0))
    list.append(name, closing(owned, ranges, before[0]?.closes ?? facts))
  for (const erasure of listedDeletion(list, name)) await commit(erasure)
  // Nobody who only reads asks the lock: this is the last checkpoint that they are shown.
  await store.keepCheckpoint(name, owned.checkpoint)
  await store.close(name, { kind: 'deleted' }, { size: owned.tree.size, epoch: owned.epoch })
}

/** What became of a deletion, as the ledger itself says it. */
export async function deletionOf(
  ledger: string,
  { store, list }: Pick<DeletionDeps, 'store' | 'list'>,
): Promise<LedgerDeletion> {
  const listed = listedDeletion(list, ledger)
  const ids = Buffer.concat(listed.map(({ record }) => decodeUuid(record.id)!))
  const indexes = (await store.findRecords(ledger, ids)).map((known) => known!.index)
  const recordedAt = recordedAtOf(await store.readLeaves(ledger, indexes.at(-1)!, 1))
  const { size, checkpoint } = (await store.ledger(ledger))!
  const ranges = listed.flatMap((each) => each.ranges)
  return { ledger, facts: listed[0]!.closes, ranges, indexes, recordedAt, size, checkpoint }
}

/** Of one record each. A ledger that nothing is left of is closed by a record that names no entries. */
function pieces(ranges: readonly IndexRange[], isFirst: boolean): readonly (readonly IndexRange[])[] {
  const all: IndexRange[][] = []
  for (let from = 0; from < ranges.length; from += RANGES_MAX) all.push(ranges.slice(from, from + RANGES_MAX))
  return all.length === 0 && isFirst ? [[]] : all
}

function closing(owned: OwnedLedger, ranges: readonly IndexRange[], facts: DeletionFacts): ListedErasure {
  const { authority, reason, approval, at } = facts
  const said = {
    ranges,
    groups: 'both',
    closes: true,
    authority,
    reason,
    ...(approval && { approval }),
  } as const
  const { digest, id, core, personal } = erasureRecord(owned, said, at)
  return {
    ranges: ranges.map(({ from, to }) => ({ from, to, groups: 'both' })),
    record: { id, core, personal, digest: Buffer.from(digest).toString('hex') },
    closes: facts,
  }
}
