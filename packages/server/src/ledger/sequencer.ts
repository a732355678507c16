/**
 * The one writer of the ledgers: gives each record its place, commits, locks, and only then answers.
 * Runs in a thread of its own; `commit` is the hot path.
 */
import { randomFillSync } from 'node:crypto'
import { commitmentHasher, encodeLeaf, LEAF_BYTES, leafHasher } from '@trailproof/core'
import { sha256 } from '../process/sha256.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { CheckpointLock } from './checkpoint-lock.ts'
import {
  type CommitBatch,
  type CommitReceipts,
  type EncodedRecord,
  packRecords,
  STATUS,
} from './commit-batch.ts'
import { recordedAtOf } from './leaf-time.ts'
import {
  BLOCK_ENTRIES,
  type KnownRecord,
  type LedgerStore,
  type SealedBatch,
  type SealedEntry,
} from './ledger-store.ts'
import type { OwnedLedger } from './owned-ledger.ts'
import { conflictRecord } from './server-records.ts'

/** Both reuse their buffers from call to call. */
const commit = commitmentHasher(sha256)
const hashLeaf = leafHasher(sha256)

/** Blocks of leaves kept while a batch is sealed, 22 KiB each. */
const LEAF_BLOCKS_MAX = 64

export interface SequencerDeps {
  readonly store: LedgerStore
  readonly lock: CheckpointLock
  /** µs since 1970. */
  now(): number
}

export class Sequencer {
  readonly #deps: SequencerDeps
  readonly #ledgers = new Map<string, OwnedLedger>()

  constructor(deps: SequencerDeps) {
    this.#deps = deps
  }

  own(ledger: OwnedLedger): void {
    this.#ledgers.set(ledger.name, ledger)
  }

  disown(ledger: string): void {
    this.#ledgers.delete(ledger)
  }

  owns(name: string): boolean {
    return this.#ledgers.has(name)
  }

  /** Trusts nothing in memory any more: every ledger has to be opened again. */
  disownAll(): void {
    this.#ledgers.clear()
  }

  owned(name: string): OwnedLedger {
    const ledger = this.#ledgers.get(name)
    if (!ledger) throw new TrailproofError('LEDGER_UNKNOWN', `there is no open ledger ${name}`)
    return ledger
  }

  /**
   * Records batches of one or more ledgers, at most one batch a ledger: all or none of them. Once
   * resolved, every record is on the disk and every answer is covered by a locked checkpoint. After a
   * rejection nothing in memory is to be trusted: the process has to end.
   */
  async commit(batches: readonly CommitBatch[]): Promise<CommitReceipts[]> {
    const drafts: Draft[] = []
    for (const batch of batches) drafts.push(await this.#seal(this.owned(batch.ledger), batch))
    const extended = drafts.filter(({ entries }) => entries.length > 0)

    await this.#deps.store.append(
      extended.map(({ ledger, after, entries }) => sealedBatch(ledger, after, entries)),
    )
    // Beside each other: a lock in a database costs a round trip a ledger.
    await Promise.all(
      extended.map(async ({ ledger }) => {
        ledger.checkpoint = ledger.sign(ledger.tree.size, ledger.tree.root())
        await this.#deps.lock.advance(ledger.name, ledger.checkpoint)
      }),
    )
    return drafts.map(({ ledger, receipts }) => ({
      ...receipts,
      checkpoint: ledger.checkpoint,
      size: ledger.tree.size,
    }))
  }

  /** Decides for each record whether it is new, and gives the new ones index, leaf and place in the tree. */
  async #seal(ledger: OwnedLedger, batch: CommitBatch): Promise<Draft> {
    const draft = openDraft(ledger, batch.count, this.#recordedAt(ledger))
    const known = await this.#deps.store.findRecords(ledger.name, batch.ids)
    const seen = new Map<string, KnownRecord>()
    const conflicts: EncodedRecord[] = []

    let at = 0
    for (let i = 0; i < batch.count; i++) {
      const id = batch.ids.subarray(16 * i, 16 * i + 16)
      const digest = batch.digests.subarray(16 * i, 16 * i + 16)
      const core = batch.bytes.subarray(at, (at += batch.lengths[2 * i]!))
      const personal = batch.bytes.subarray(at, (at += batch.lengths[2 * i + 1]!))
      const key = idKey(id)
      assertOurs(known[i], draft)
      const earlier = known[i] ?? seen.get(key)
      if (!earlier) {
        seen.set(key, { index: ledger.tree.size, digest })
        this.#place(draft, i, { id, digest, core, personal })
      } else if (earlier.digest === undefined || Buffer.compare(earlier.digest, digest) === 0) {
        await this.#answerEarlier(draft, i, earlier, 'duplicate')
      } else {
        await this.#answerEarlier(draft, i, earlier, 'conflict')
        conflicts.push(
          conflictRecord(ledger, { id, digest, core, index: earlier.index, at: draft.recordedAt }),
        )
      }
    }
    if (conflicts.length > 0) await this.#recordConflicts(draft, conflicts)
    return draft
  }

  /** One record a conflicting (id, digest), however often it is sent: its own id is made from the two. */
  async #recordConflicts(draft: Draft, conflicts: readonly EncodedRecord[]): Promise<void> {
    const distinct = [...new Map(conflicts.map((record) => [record.id, record])).values()]
    const batch = packRecords(distinct)
    const known = await this.#deps.store.findRecords(draft.ledger.name, batch.ids)
    let at = 0
    for (let i = 0; i < batch.count; i++) {
      const core = batch.bytes.subarray(at, (at += batch.lengths[2 * i]!))
      const personal = batch.bytes.subarray(at, (at += batch.lengths[2 * i + 1]!))
      if (known[i]) continue
      const id = batch.ids.subarray(16 * i, 16 * i + 16)
      const digest = batch.digests.subarray(16 * i, 16 * i + 16)
      appendEntry(draft, { id, digest, core, personal })
    }
  }

  #place(draft: Draft, i: number, record: NewEntry): void {
    const { receipts, ledger, recordedAt } = draft
    receipts.statuses[i] = STATUS.recorded
    receipts.indexes[i] = ledger.tree.size
    receipts.recordedAt[i] = recordedAt
    receipts.leafHashes.set(appendEntry(draft, record), 32 * i)
  }

  async #answerEarlier(
    draft: Draft,
    i: number,
    { index }: KnownRecord,
    status: 'duplicate' | 'conflict',
  ): Promise<void> {
    const { receipts } = draft
    const inBatch = index - draft.after
    const leaf = inBatch >= 0 ? draft.entries[inBatch]!.leaf : await this.#earlierLeaf(draft, index)
    receipts.statuses[i] = STATUS[status]
    receipts.indexes[i] = index
    receipts.recordedAt[i] = recordedAtOf(leaf)
    receipts.leafHashes.set(hashLeaf(leaf), 32 * i)
  }

  /** A batch that is sent again stands where it stood: its leaves are read block by block. */
  async #earlierLeaf({ ledger, leafBlocks }: Draft, index: number): Promise<Uint8Array> {
    const from = index - (index % BLOCK_ENTRIES)
    let leaves = leafBlocks.get(from)
    if (leaves === undefined) {
      leaves = await this.#deps.store.readLeaves(ledger.name, from, BLOCK_ENTRIES)
      if (leafBlocks.size === LEAF_BLOCKS_MAX) leafBlocks.clear()
      leafBlocks.set(from, leaves)
    }
    return leaves.subarray((index - from) * LEAF_BYTES, (index - from + 1) * LEAF_BYTES)
  }

  #recordedAt(ledger: OwnedLedger): number {
    // The clock may step back; recorded_at never does.
    ledger.lastRecordedAt = Math.max(this.#deps.now(), ledger.lastRecordedAt)
    return ledger.lastRecordedAt
  }
}

interface NewEntry {
  readonly id: Uint8Array
  readonly digest: Uint8Array
  readonly core: Uint8Array
  readonly personal: Uint8Array
}

/** A batch on its way into the ledger. */
interface Draft {
  readonly ledger: OwnedLedger
  readonly recordedAt: number
  /** Size before the batch. */
  readonly after: number
  readonly entries: SealedEntry[]
  /** Leaves of earlier entries that were asked for, by the first index of their block. */
  readonly leafBlocks: Map<number, Uint8Array>
  readonly salts: () => Uint8Array
  readonly receipts: Omit<CommitReceipts, 'checkpoint' | 'size'>
}

function openDraft(ledger: OwnedLedger, count: number, recordedAt: number): Draft {
  return {
    ledger,
    recordedAt,
    after: ledger.tree.size,
    entries: [],
    leafBlocks: new Map(),
    salts: saltSource(count),
    receipts: {
      ledger: ledger.name,
      statuses: new Uint8Array(count),
      indexes: new Float64Array(count),
      recordedAt: new Float64Array(count),
      leafHashes: new Uint8Array(32 * count),
    },
  }
}

/** Seals a record as the next entry and returns its leaf hash. */
function appendEntry(draft: Draft, { id, digest, core, personal }: NewEntry): Uint8Array {
  const coreSalt = draft.salts()
  const personalSalt = draft.salts()
  const leaf = encodeLeaf({
    id,
    recordedAtUs: draft.recordedAt,
    core: commit('core', coreSalt, core),
    personal: commit('personal', personalSalt, personal),
  })
  const hash = hashLeaf(leaf)
  draft.ledger.tree.append(hash)
  draft.entries.push({ id, leaf, digest, coreSalt, core, personalSalt, personal })
  return hash
}

function sealedBatch(ledger: OwnedLedger, after: number, entries: readonly SealedEntry[]): SealedBatch {
  const { tree, epoch, lastRecordedAt, checkpoint } = ledger
  return {
    ledger: ledger.name,
    after: { size: after, epoch },
    head: { size: tree.size, root: tree.root(), lastRecordedAt },
    entries,
    // Tiles of level 0 are the hashes of the leaves; the store makes them from those.
    tiles: tree.takeChangedTiles().filter(({ level }) => level > 0),
    checkpoint,
  }
}

/** What stands behind the head that we know was written by another, though our own commit is not there yet to be refused. */
function assertOurs(known: KnownRecord | undefined, { after, ledger }: Draft): void {
  if (known !== undefined && known.index >= after)
    throw new TrailproofError('HEAD_MOVED', `ledger ${ledger.name} is no longer at size ${after}`)
}

/** Salts of 16 bytes, drawn in bulk: one call into the system's generator for many records. */
function saltSource(records: number): () => Uint8Array {
  let pool = randomFillSync(new Uint8Array(32 * Math.max(records, 1)))
  let at = 0
  return () => {
    if (at === pool.length) {
      pool = randomFillSync(new Uint8Array(1024))
      at = 0
    }
    return pool.subarray(at, (at += 16))
  }
}

function idKey(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, 16).toString('latin1')
}
