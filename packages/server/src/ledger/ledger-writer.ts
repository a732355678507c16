/** Everything that changes ledgers, in the one thread that may: opening, committing, erasing, closing. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { encodeBase64, formatVerifierKey, readCheckpoint } from '@trailproof/core'
import { LEDGER_FILE } from '../store/sqlite/files.ts'
import { SqliteLedgerStore } from '../store/sqlite/ledger-store.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { type CommitBatch, type CommitReceipts, joinRecords, packRecords } from './commit-batch.ts'
import { ErasureList, type ListedErasure } from './erasure-list.ts'
import { ExportSigner } from './export-signer.ts'
import { FileCheckpointLock } from './file-checkpoint-lock.ts'
import { checkpointSizes } from './ledger-checkpoint.ts'
import { LedgerKeys } from './ledger-keys.ts'
import { isAccessLedger, successorName } from './ledger-name.ts'
import type { IndexRange, LedgerState } from './ledger-store.ts'
import { createLedger, openLedger } from './open-ledgers.ts'
import { Sequencer } from './sequencer.ts'
import { erasureRecord, isServerAction, successionRecord } from './server-records.ts'

export interface LedgerWriterOptions {
  /** Directory of the data. */
  readonly data: string
  /** Directory of keys and locks. */
  readonly keys: string
  /** Origins are `<originPrefix>/<ledger>`. Default `trailproof.invalid/<install id>`. */
  readonly originPrefix?: string
}

/** A ledger as the rest of the server knows it. */
export interface LedgerInfo {
  readonly name: string
  readonly origin: string
  readonly verifierKey: string
  readonly size: number
  readonly checkpoint: string
  readonly dedupeKey: Uint8Array
  readonly idKey: Uint8Array
  readonly state:
    | { readonly kind: 'open' }
    | { readonly kind: 'closed'; readonly successor: string }
    | { readonly kind: 'blocked'; readonly reason: string }
}

export interface ErasureRequest {
  readonly ledger: string
  readonly ranges: readonly IndexRange[]
  /** Who or what law asks for it. */
  readonly authority: string
  readonly reason: string
}

export interface Succession {
  readonly predecessor: string
  readonly successor: string
  /** Size of the last checkpoint that was signed for the predecessor; undefined when its lock is lost. */
  readonly lockedSize: number | undefined
  /** Size of the predecessor's data as it was found. */
  readonly foundSize: number
}

export class LedgerWriter {
  readonly #options: LedgerWriterOptions
  readonly #store: SqliteLedgerStore
  readonly #keys: LedgerKeys
  readonly #lock: FileCheckpointLock
  readonly #erasures: ErasureList
  readonly #sequencer: Sequencer
  readonly #blocked = new Map<string, string>()

  private constructor(options: LedgerWriterOptions) {
    this.#options = options
    this.#keys = new LedgerKeys(options.keys)
    this.#store = SqliteLedgerStore.create(join(options.data, LEDGER_FILE))
    this.#lock = new FileCheckpointLock(options.keys, checkpointSizes(this.#keys))
    this.#erasures = new ErasureList(options.keys)
    this.#sequencer = new Sequencer({ store: this.#store, lock: this.#lock, now: nowMicros })
  }

  /** Opens every ledger that may be written; makes `main` where there is none at all. */
  static async open(options: LedgerWriterOptions): Promise<LedgerWriter> {
    const writer = new LedgerWriter(options)
    const stored = await writer.#store.ledgers()
    for (const state of stored) await writer.#openOrBlock(state)
    await writer.#adoptLocks(stored)
    await writer.#succeedAccessLedgers()
    return writer
  }

  async #openOrBlock(state: LedgerState): Promise<void> {
    if (state.successor !== undefined) return
    try {
      this.#sequencer.own(await openLedger(state.name, this.#deps))
      // A crash between listing and committing: the record of an erasure must never be missing.
      for (const erasure of this.#erasures.read(state.name)) await this.#commitErasure(state.name, erasure)
    } catch (error) {
      if (!(error instanceof TrailproofError)) throw error
      this.#sequencer.disown(state.name)
      this.#blocked.set(state.name, error.message)
    }
  }

  /** A lock without a ledger is a creation cut short (made again), or data that is gone (blocked). */
  async #adoptLocks(stored: readonly LedgerState[]): Promise<void> {
    const names = new Set(stored.map(({ name }) => name))
    const orphans = (await this.#lock.ledgers()).filter((name) => !names.has(name))
    if (stored.length === 0 && orphans.length === 0) orphans.push('main')
    for (const name of orphans) {
      const origin = this.#origin(name)
      try {
        this.#sequencer.own(await createLedger(name, origin, this.#deps))
      } catch (error) {
        if (!(error instanceof TrailproofError)) throw error
        // It stands there empty, behind its lock, so that it can be succeeded.
        await this.#store.createLedger({ name, origin, dedupeKey: randomBytes(32), idKey: randomBytes(32) })
        this.#blocked.set(name, error.message)
      }
    }
  }

  /** Reading what was restored goes on, recorded in a successor that says for ever what its predecessor lost. */
  async #succeedAccessLedgers(): Promise<void> {
    for (const name of [...this.#blocked.keys()].filter(isAccessLedger))
      await this.succeed(name, `at the start: ${this.#blocked.get(name)!}`)
  }

  /** Closes a ledger that cannot start; its successor begins with what was signed and what was found of it. */
  async succeed(name: string, reason: string): Promise<Succession> {
    const names = new Set((await this.#store.ledgers()).map((state) => state.name))
    const successor = successorName(name, names)
    const { origin, size, root } = (await this.#store.ledger(name))!
    const { locked, lockedSize } = await this.#positionOf(name)
    const { dedupeKey } = await this.createLedger(successor)
    const found = `${origin}\n${size}\n${encodeBase64(root)}\n`
    const record = successionRecord({ dedupeKey }, { predecessor: name, locked, found, reason }, nowMicros())
    await this.commit([joinRecords(successor, [packRecords([record])])])
    await this.#store.close(name, successor)
    this.#sequencer.disown(name)
    this.#blocked.delete(name)
    return { predecessor: name, successor, lockedSize, foundSize: size }
  }

  async ledgers(): Promise<LedgerInfo[]> {
    const states = await this.#store.ledgers()
    return states.map((state) => this.#info(state))
  }

  #info({ name, origin, size, checkpoint, dedupeKey, idKey, successor }: LedgerState): LedgerInfo {
    const blocked = this.#blocked.get(name)
    const open = successor === undefined && blocked === undefined
    return {
      name,
      origin,
      size,
      checkpoint: open ? this.#sequencer.owned(name).checkpoint : checkpoint,
      dedupeKey,
      idKey,
      verifierKey: this.#keys.has(name) ? formatVerifierKey(this.#keys.open(name, origin).key) : '',
      state:
        successor !== undefined
          ? { kind: 'closed', successor }
          : blocked !== undefined
            ? { kind: 'blocked', reason: blocked }
            : { kind: 'open' },
    }
  }

  commit(batches: readonly CommitBatch[]): Promise<CommitReceipts[]> {
    return this.#sequencer.commit(batches)
  }

  async createLedger(name: string): Promise<LedgerInfo> {
    this.#sequencer.own(await createLedger(name, this.#origin(name), this.#deps))
    return this.#info((await this.#store.ledger(name))!)
  }

  /**
   * Writes an erasure down beside the lock and commits the record of it; nothing is destroyed yet. What
   * is listed will be carried out, at the next start if not now.
   */
  async recordErasure(
    request: ErasureRequest,
  ): Promise<{ erasure: ListedErasure; receipts: CommitReceipts }> {
    const { ledger, ranges } = request
    const owned = this.#sequencer.owned(ledger)
    for (const range of ranges) await this.#assertErasable(ledger, range)
    const { digest, id, core, personal } = erasureRecord(owned, request, nowMicros())
    const record = { id, core, personal, digest: Buffer.from(digest).toString('hex') }
    const erasure: ListedErasure = { ranges, record }
    this.#erasures.append(ledger, erasure)
    return { erasure, receipts: await this.#commitErasure(ledger, erasure) }
  }

  async #commitErasure(ledger: string, { record }: ListedErasure): Promise<CommitReceipts> {
    const digest = Buffer.from(record.digest, 'hex')
    const [receipts] = await this.#sequencer.commit([
      joinRecords(ledger, [packRecords([{ ...record, digest }])]),
    ])
    return receipts!
  }

  /** Destroys the personal content of entries for ever. Their erasure was recorded before. */
  destroy(ledger: string, ranges: readonly IndexRange[]): Promise<void> {
    return this.#store.erase(ledger, ranges)
  }

  /** Signs exports of a ledger, also of one that is closed. Rejects with LOCK_MISSING when its key is not there. */
  async exportSigner(ledger: string): Promise<ExportSigner> {
    const state = await this.#store.ledger(ledger)
    if (!state) throw new TrailproofError('LEDGER_UNKNOWN', `there is no ledger ${ledger}`)
    const { checkpoint } = this.#info(state)
    return new ExportSigner(state, checkpoint, this.#keys.open(ledger, state.origin), this.#store)
  }

  listedErasures(ledger: string): readonly ListedErasure[] {
    return this.#erasures.read(ledger)
  }

  /** What was last signed for a ledger, '' when its lock is lost or unreadable. */
  async #positionOf(ledger: string): Promise<{ locked: string; lockedSize: number | undefined }> {
    const locked = await this.#lock.read(ledger).catch(() => undefined)
    const parsed = locked === undefined ? undefined : readCheckpoint(locked)
    const lockedSize = parsed?.kind === 'checkpoint' ? parsed.size : undefined
    return { locked: locked ?? '', lockedSize }
  }

  async #assertErasable(ledger: string, { from, to }: IndexRange): Promise<void> {
    const { size } = this.#sequencer.owned(ledger).tree
    if (from < 0 || to > size || from >= to)
      throw new TrailproofError('ENTRY_UNKNOWN', `ledger ${ledger} has no entries ${from} to ${to - 1}`)
    for (let index = from; index < to; ) {
      const entries = await this.#store.readEntries(ledger, index, to - index)
      for (const { core, index: at } of entries)
        if (core.kind === 'present' && isServerAction(core.bytes))
          throw new TrailproofError('NOT_ERASABLE', `entry ${at} is a record of the ledger itself and stays`)
      index += entries.length
    }
  }

  bytes(): Promise<number> {
    return this.#store.bytes()
  }

  /** Keeps the newest checkpoints with the data, and closes all files. */
  async close(): Promise<void> {
    for (const { name, successor } of await this.#store.ledgers())
      if (successor === undefined && !this.#blocked.has(name))
        await this.#store.keepCheckpoint(name, this.#sequencer.owned(name).checkpoint)
    await this.#store[Symbol.asyncDispose]()
    await this.#lock[Symbol.asyncDispose]()
  }

  #origin(name: string): string {
    return `${this.#options.originPrefix ?? `trailproof.invalid/${this.#keys.installId()}`}/${name}`
  }

  get #deps() {
    return { store: this.#store, lock: this.#lock, keys: this.#keys }
  }
}

function nowMicros(): number {
  return Date.now() * 1000
}
