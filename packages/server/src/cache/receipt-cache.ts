/**
 * Remembers where records are, so that those that are sent again get their receipts without the sequencer. Redis only says where to look
 * and that the content was the same: the entry itself, read from the ledger, is what a receipt is made of.
 */
import { LEAF_BYTES, leafHasher } from '@trailproof/core'
import type { Intake } from '../intake/intake.ts'
import { type AppendReceipts, type PackedRecords, STATUS } from '../ledger/commit-batch.ts'
import { recordedAtOf } from '../ledger/leaf-time.ts'
import type { LedgerTable, LedgerView } from '../ledger/ledger-table.ts'
import { sha256 } from '../process/sha256.ts'
import type { CacheReports } from './cache-reports.ts'
import { type CacheSeal, SEAL_BYTES } from './cache-seal.ts'
import type { CacheEntry, CacheStore } from './cache-store.ts'
import { receiptsBeginningOf } from './ledger-names.ts'

export interface ReceiptCacheDeps {
  readonly store: CacheStore
  readonly seal: CacheSeal
  readonly reports: CacheReports
  readonly ledgers: LedgerTable
  /** Leaves of a ledger, `count` from an index on. */
  readonly readLeaves: (ledger: string, from: number, count: number) => Promise<Uint8Array>
}

const INDEX_BYTES = 8
const VALUE_BYTES = INDEX_BYTES + SEAL_BYTES
/** Runs of neighbours that are read to answer one request: records that were sent together lie together. */
const RUNS_MAX = 8

const hashLeaf = leafHasher(sha256)

/** The intake as it is, with receipts that are remembered. */
export function rememberReceipts(intake: Intake, deps: ReceiptCacheDeps): Intake {
  const cache = new ReceiptCache(intake, deps)
  return {
    append: (ledger, records) => cache.append(ledger, records),
    ...(intake.enqueue && { enqueue: intake.enqueue }),
    get waitingRecords() {
      return intake.waitingRecords
    },
    get waitingBytes() {
      return intake.waitingBytes
    },
    drain: () => intake.drain(),
  }
}

class ReceiptCache {
  readonly #intake: Pick<Intake, 'append'>
  readonly #deps: ReceiptCacheDeps

  constructor(intake: Pick<Intake, 'append'>, deps: ReceiptCacheDeps) {
    this.#intake = intake
    this.#deps = deps
  }

  async append(ledger: string, records: PackedRecords): Promise<AppendReceipts> {
    const known = await this.#known(ledger, records)
    this.#deps.reports.lookedUp('receipts', known === undefined ? 'miss' : 'hit')
    if (known !== undefined) return known
    const appended = await this.#intake.append(ledger, records)
    this.#remember(appended, records)
    return appended
  }

  /** The receipts of records that are all in the ledger with the same content; undefined when that is not known. */
  async #known(ledger: string, records: PackedRecords): Promise<AppendReceipts | undefined> {
    const view = this.#deps.ledgers.get(ledger)
    if (view?.info.state.kind !== 'open' || view.size === 0) return undefined
    const places = await this.#places(view, records)
    if (places === undefined) return undefined
    const leaves = await this.#leaves(ledger, places).catch(() => undefined) // the sequencer will say what is wrong
    if (leaves === undefined) return undefined

    const { count } = records
    const recordedAt = new Float64Array(count)
    const leafHashes = new Uint8Array(32 * count)
    for (const [i, place] of places.entries()) {
      const leaf = leaves.get(place.index)
      if (leaf === undefined || !this.#isOf(leaf, place, records, i)) return undefined
      recordedAt[i] = recordedAtOf(leaf)
      leafHashes.set(hashLeaf(leaf), 32 * i)
    }
    // Taken together at the end: this head covers every index above.
    const { checkpoint, size } = view
    const indexes = Float64Array.from(places, ({ index }) => index)
    const statuses = new Uint8Array(count).fill(STATUS.duplicate)
    const receipts = { ledger, checkpoint, size, statuses, indexes, recordedAt, leafHashes }
    return { receipts, offset: 0, count }
  }

  /** Where each of the records is said to be; undefined when one of them is not known. */
  async #places(view: LedgerView, { count, ids }: PackedRecords): Promise<readonly Place[] | undefined> {
    const beginning = receiptsBeginningOf(view.info)
    const read = async (from: number, to: number): Promise<readonly Place[] | undefined> => {
      const names = Array.from({ length: to - from }, (_, i) => nameOf(beginning, ids, from + i))
      const values = (await this.#deps.store.read(names)) ?? []
      const places = names.map((name, i) => this.#place(name, values[i]))
      return places.every((place) => place !== undefined && place.index < view.size)
        ? (places as Place[])
        : undefined
    }
    // Most records are new: then one name is all that is asked for.
    const first = await read(0, 1)
    if (first === undefined || count === 1) return first
    const others = await read(1, count)
    return others && [...first, ...others]
  }

  #place(name: string, value: Buffer | undefined): Place | undefined {
    if (value?.length === VALUE_BYTES)
      return { name, index: Number(value.readBigUInt64BE()), seal: value.subarray(INDEX_BYTES) }
    if (value !== undefined) this.#deps.reports.refused('receipts')
    return undefined
  }

  /** By index; undefined when they lie too far apart. */
  async #leaves(
    ledger: string,
    places: readonly Place[],
  ): Promise<ReadonlyMap<number, Uint8Array> | undefined> {
    const runs = runsOf(places.map(({ index }) => index))
    if (runs.length > RUNS_MAX) return undefined
    const leaves = new Map<number, Uint8Array>()
    for (const { from, count } of runs) {
      const bytes = await this.#deps.readLeaves(ledger, from, count)
      for (let i = 0; LEAF_BYTES * (i + 1) <= bytes.length; i++)
        leaves.set(from + i, bytes.subarray(LEAF_BYTES * i, LEAF_BYTES * (i + 1)))
    }
    return leaves
  }

  /** The record with this id and this content, and not another one at the same place of a ledger that was set back. */
  #isOf(leaf: Uint8Array, { name, index, seal }: Place, { ids, digests }: PackedRecords, i: number): boolean {
    const id = ids.subarray(16 * i, 16 * i + 16)
    const digest = digests.subarray(16 * i, 16 * i + 16)
    if (Buffer.compare(leaf.subarray(1, 17), id) !== 0) return false
    // Other content is a conflict, which is the sequencer's to say and to record: the digest is in the seal, and in nothing else.
    return this.#deps.seal.isOf(seal, name, indexBytes(index), hashLeaf(leaf), digest)
  }

  #remember({ receipts, offset, count }: AppendReceipts, { ids, digests }: PackedRecords): void {
    const view = this.#deps.ledgers.get(receipts.ledger)
    if (view === undefined) return
    const beginning = receiptsBeginningOf(view.info)
    const entries: CacheEntry[] = []
    for (let i = 0; i < count; i++) {
      if (receipts.statuses[offset + i] === STATUS.conflict) continue
      const name = nameOf(beginning, ids, i)
      const index = indexBytes(receipts.indexes[offset + i]!)
      const leafHash = receipts.leafHashes.subarray(32 * (offset + i), 32 * (offset + i + 1))
      const seal = this.#deps.seal.of(name, index, leafHash, digests.subarray(16 * i, 16 * i + 16))
      entries.push({ name, value: Buffer.concat([index, seal]) })
    }
    this.#deps.store.write(entries)
  }
}

interface Place {
  readonly name: string
  readonly index: number
  /** Of index, leaf hash and digest. */
  readonly seal: Uint8Array
}

function nameOf(beginning: string, ids: Uint8Array, i: number): string {
  return `${beginning}${Buffer.from(ids.buffer, ids.byteOffset + 16 * i, 16).toString('base64url')}`
}

function indexBytes(index: number): Buffer {
  const bytes = Buffer.alloc(INDEX_BYTES)
  bytes.writeBigUInt64BE(BigInt(index))
  return bytes
}

function runsOf(indexes: readonly number[]): readonly { from: number; count: number }[] {
  const runs: { from: number; count: number }[] = []
  for (const index of [...new Set(indexes)].toSorted((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last !== undefined && last.from + last.count === index) last.count++
    else runs.push({ from: index, count: 1 })
  }
  return runs
}
