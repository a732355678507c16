/** Everything that changes ledgers, in the one thread that may: opening, committing, erasing, closing. */
import { randomBytes } from 'node:crypto'
import { decodeUuid, encodeBase64, formatVerifierKey, readCheckpoint } from '@trailproof/core'
import { type LockStorage, openCheckpointLock, openLedgerStore, type Storage } from '../store/storage.ts'
import { type ErrorCode, TrailproofError } from '../trailproof-error.ts'
import type { CheckpointLock } from './checkpoint-lock.ts'
import { type CommitBatch, type CommitReceipts, joinRecords, packRecords } from './commit-batch.ts'
import { ErasureList, type ListedErasure } from './erasure-list.ts'
import { ExportSigner } from './export-signer.ts'
import { checkpointSizes } from './ledger-checkpoint.ts'
import {
  type DeletionRequest,
  deleteLedger,
  deletionOf,
  type LedgerDeletion,
  listedDeletion,
} from './ledger-deletion.ts'
import { checkpointSize, followedLedger, type LedgerInfo } from './ledger-info.ts'
import { LedgerKeys } from './ledger-keys.ts'
import { isAccessLedger, successorName } from './ledger-name.ts'
import type { ErasedRange, IndexRange, LedgerState, LedgerStore } from './ledger-store.ts'
import { Leftover } from './leftover.ts'
import { assertNotMoving } from './move-marker.ts'
import { createLedger, openLedger } from './open-ledgers.ts'
import { saidAnew } from './said-anew.ts'
import { Sequencer } from './sequencer.ts'
import {
  type DeletionFacts,
  type ErasureFacts,
  erasureRecord,
  type HoldFacts,
  holdRecord,
  isHold,
  isServerAction,
  successionRecord,
} from './server-records.ts'
import { successionChain } from './succession-chain.ts'

export interface LedgerWriterOptions extends Storage, LockStorage {
  /** Origins are `<originPrefix>/<ledger>`. Default `trailproof.invalid/<install id>`. */
  readonly originPrefix?: string
  /** Writes only the ledgers it was asked to own: others may be other processes'. Default: all of them. */
  readonly sharesLedgers?: boolean
  /** Where nothing is stored at all and locks say that there was: an empty ledger stands in, so that it can be succeeded. */
  readonly standsIn?: boolean
}

/** How long a ledger rests before its newest checkpoint is kept with the data, where other processes read it. */
const REST_MS = 200

/** Of a ledger that other servers write to, before it is left for later. */
const DELETION_TRIES = 20
const ENTRIES_A_LOOK = 4096

export interface ErasureRequest extends ErasureFacts {
  readonly ledger: string
  /** µs since 1970. Default: now. The same request of the same time is the same erasure, recorded once. */
  readonly at?: number
  /** What is held was looked at when the ledger had so many entries. Default: now. */
  readonly holdsSeenTo?: number
}

export interface HoldRequest extends HoldFacts {
  readonly ledger: string
  readonly action: 'trailproof.hold' | 'trailproof.hold_released'
  /** µs since 1970. The same hold of the same time is recorded once. */
  readonly at: number
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
  readonly #store: LedgerStore
  readonly #keys: LedgerKeys
  readonly #lock: CheckpointLock
  readonly #erasures: ErasureList
  readonly #sequencer: Sequencer
  /** Why a ledger cannot be written here. `lacksKeys`: it is whole, and goes on once its keys are given. */
  readonly #blocked = new Map<string, { readonly reason: string; readonly lacksKeys: boolean }>()
  /** Ledgers whose newest checkpoint is not kept yet. */
  readonly #atRest = new Map<string, NodeJS.Timeout>()

  private constructor(
    options: LedgerWriterOptions,
    { store, lock, keys }: { store: LedgerStore; lock: CheckpointLock; keys: LedgerKeys },
  ) {
    this.#options = options
    this.#keys = keys
    this.#store = store
    this.#lock = lock
    this.#erasures = new ErasureList(options.keys)
    this.#sequencer = new Sequencer({ store: this.#store, lock: this.#lock, now: nowMicros })
  }

  /** Opens every ledger that may be written; makes `main` where there is none at all. */
  static async open(options: LedgerWriterOptions): Promise<LedgerWriter> {
    assertNotMoving(options.keys)
    const keys = new LedgerKeys(options.keys)
    await using undo = new AsyncDisposableStack()
    const store = undo.use(await openLedgerStore(options))
    const lock = undo.use(await openCheckpointLock(options, checkpointSizes(keys)))
    const writer = new LedgerWriter(options, { store, lock, keys })
    const stored = await writer.#openAll()
    await writer.#adoptLocks(stored)
    await writer.#succeedAccessLedgers()
    undo.move() // closed by `close` from here on
    return writer
  }

  async #openAll(): Promise<readonly LedgerState[]> {
    const stored = await this.#store.ledgers()
    if (this.#options.sharesLedgers !== true) for (const state of stored) await this.#openOrBlock(state)
    return stored
  }

  /** Reads everything anew, after a commit that failed. */
  async reopen(): Promise<void> {
    this.#sequencer.disownAll()
    this.#blocked.clear()
    await this.#openAll()
  }

  /** Makes this process the writer of a ledger, if it is not already. Undefined when there is none of that name. */
  async own(name: string): Promise<LedgerInfo['state'] | undefined> {
    const state = await this.#store.ledger(name)
    if (state === undefined) return undefined
    // Another process has taken it over since.
    if (!this.#isOurs(state)) this.#sequencer.disown(name)
    if (this.#sequencer.owns(name) || this.#blocked.has(name)) return this.#info(state).state
    await this.#openOrBlock(state)
    return this.#info((await this.#store.ledger(name))!).state
  }

  async #openOrBlock(state: LedgerState): Promise<void> {
    if (state.standing.kind !== 'open') return
    try {
      this.#sequencer.own(await openLedger(state.name, this.#deps))
      await this.#commitListed(state.name)
      const [deletion] = listedDeletion(this.#erasures, state.name)
      if (deletion) await this.#finishDeletion(state.name, deletion.closes, new Leftover(state.name))
    } catch (error) {
      this.#sequencer.disown(state.name)
      if (!isOfTheLedger(error)) throw error
      if (error.code === 'DATA_BEHIND_LOCK' && listedDeletion(this.#erasures, state.name).length > 0)
        return await this.#closeRestored(state.name)
      this.#blocked.set(state.name, blockedBy(error))
    }
  }

  /** A backup from before a ledger was deleted: it is as closed as it was, at what there is of it. */
  async #closeRestored(name: string): Promise<void> {
    const { size, epoch } = (await this.#store.ledger(name))!
    await this.#store.close(name, { kind: 'deleted' }, { size, epoch })
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
        if (!isOfTheLedger(error)) throw error
        const state = await this.#store.ledger(name)
        if (state !== undefined) {
          // Another server that starts now has made it.
          if (this.#options.sharesLedgers !== true) await this.#openOrBlock(state)
          continue
        }
        // Rather the wrong place than data that is gone: it is left as it is.
        if (stored.length === 0 && this.#options.standsIn !== true) throw error
        // It stands there empty, behind its lock, so that it can be succeeded.
        await this.#store.createLedger({ name, origin, dedupeKey: randomBytes(32), idKey: randomBytes(32) })
        this.#blocked.set(name, blockedBy(error))
      }
    }
  }

  /** Reading what was restored goes on, recorded in a successor that says for ever what its predecessor lost. */
  async #succeedAccessLedgers(): Promise<void> {
    for (const [name, { reason, lacksKeys }] of this.#blocked)
      if (isAccessLedger(name) && !lacksKeys) await this.succeed(name, `at the start: ${reason}`)
  }

  /** Closes a ledger that cannot start; its successor begins with what was signed and what was found of it. */
  async succeed(name: string, reason: string): Promise<Succession> {
    const names = new Set((await this.#store.ledgers()).map((state) => state.name))
    const successor = successorName(name, names)
    const { origin, size, root, epoch } = (await this.#store.ledger(name))!
    const { locked, lockedSize } = await this.#positionOf(name)
    const { dedupeKey } = await this.createLedger(successor)
    const found = `${origin}\n${size}\n${encodeBase64(root)}\n`
    const record = successionRecord({ dedupeKey }, { predecessor: name, locked, found, reason }, nowMicros())
    await this.commit([joinRecords(successor, [packRecords([record])])])
    await this.#store.close(name, { kind: 'closed', successor }, { size, epoch })
    this.#sequencer.disown(name)
    this.#blocked.delete(name)
    await this.#commitListed(successor)
    return { predecessor: name, successor, lockedSize, foundSize: size }
  }

  async ledgers(): Promise<LedgerInfo[]> {
    const states = await this.#store.ledgers()
    return states.map((state) => this.#info(state))
  }

  #info(stored: LedgerState): LedgerInfo {
    const { name, origin, size, checkpoint, standing } = stored
    const blocked = this.#blocked.get(name)
    const open = standing.kind === 'open' && blocked === undefined
    // Others may have written more than they have kept a checkpoint of: nothing is known of that yet.
    // What was ours when we last wrote it may have grown in another process since.
    const own = open && this.#sequencer.owns(name) ? this.#sequencer.owned(name).checkpoint : checkpoint
    const newest = checkpointSize(own) >= checkpointSize(checkpoint) ? own : checkpoint
    const followed = followedLedger({ ...stored, checkpoint: newest })
    return {
      ...followed,
      size: this.#options.sharesLedgers === true ? followed.size : size,
      verifierKey: this.#keys.has(name) ? formatVerifierKey(this.#keys.open(name, origin).key) : '',
      state:
        standing.kind === 'open' && blocked !== undefined
          ? { kind: 'blocked', reason: blocked.reason }
          : followed.state,
    }
  }

  /** Nothing is recorded of a batch whose ledger was deleted: there are no receipts of it. */
  async commit(batches: readonly CommitBatch[]): Promise<CommitReceipts[]> {
    const taken: CommitBatch[] = []
    for (const batch of batches)
      if (this.#sequencer.owns(batch.ledger) || (await this.own(batch.ledger))?.kind !== 'deleted')
        taken.push(batch)
    if (taken.length === 0) return []
    const receipts = await this.#sequencer.commit(taken)
    if (this.#options.sharesLedgers === true) this.#keepWhenAtRest(receipts)
    return receipts
  }

  /** The next commit keeps the checkpoint of this one; where there is none, it is kept for others to read. */
  #keepWhenAtRest(receipts: readonly CommitReceipts[]): void {
    for (const { ledger, checkpoint } of receipts) {
      clearTimeout(this.#atRest.get(ledger))
      const keep = async (): Promise<void> => {
        this.#atRest.delete(ledger)
        const state = await this.#store.ledger(ledger)
        if (state && this.#isOurs(state)) await this.#store.keepCheckpoint(ledger, checkpoint)
      }
      // It is signed and locked already, and kept with the next commit if not now.
      this.#atRest.set(
        ledger,
        setTimeout(() => void keep().catch(() => undefined), REST_MS),
      )
    }
  }

  async createLedger(name: string): Promise<LedgerInfo> {
    this.#sequencer.own(await createLedger(name, this.#origin(name), this.#deps))
    return this.#info((await this.#store.ledger(name))!)
  }

  /**
   * Writes an erasure down beside the lock and commits the record of it, in the ledger itself or, where it is closed, in what goes on
   * after it; nothing is destroyed yet. What is listed will be carried out, at the next start if not now.
   */
  async recordErasure(
    request: ErasureRequest,
  ): Promise<{ erasure: ListedErasure; receipts: CommitReceipts }> {
    const { ledger, groups } = request
    const ranges = request.ranges.map(({ from, to }) => ({ from, to, ...(groups && { groups }) }))
    const saying = (await this.#chainOf(ledger)).at(-1)!
    await this.#takeAnew(saying)
    const owned = this.#sequencer.owned(saying)
    await this.#assertNoHoldSince(saying, request.holdsSeenTo ?? owned.tree.size)
    for (const range of ranges) await this.#assertErasable(ledger, range)
    const facts = saying === ledger ? request : { ...request, predecessor: ledger }
    const { digest, id, core, personal } = erasureRecord(owned, facts, request.at ?? nowMicros())
    const record = { id, core, personal, digest: Buffer.from(digest).toString('hex') }
    const erasure: ListedErasure = { ...(saying !== ledger && { ledger: saying }), ranges, record }
    if (request.at === undefined || !this.#erasures.read(ledger).some((listed) => listed.record.id === id))
      this.#erasures.append(ledger, erasure)
    return { erasure, receipts: await this.#commitErasure(saying, erasure) }
  }

  /** Looks at the next entries of a ledger before it is deleted, so that nothing waits for all of them. False: there are no more. */
  async lookOn(leftover: Leftover): Promise<boolean> {
    const { ledger, seenTo } = leftover
    const state = await this.#store.ledger(ledger)
    if (state?.standing.kind !== 'open' || seenTo >= state.size) return false
    await leftover.readOn(this.#store, Math.min(state.size, seenTo + ENTRIES_A_LOOK))
    return true
  }

  /**
   * Writes down that all that is left of a ledger is erased, and closes it for ever; nothing is destroyed yet. What is listed is carried
   * out, at the next start if not now. Of a ledger that was deleted before, says what became of it.
   */
  async deleteLedger(request: DeletionRequest, leftover: Leftover): Promise<LedgerDeletion> {
    const { ledger, authority, reason, approval, at = nowMicros(), holdsSeenTo } = request
    const facts = { authority, reason, at, ...(approval && { approval }) }
    for (let tries = 1; ; tries++)
      try {
        await this.#takeAnew(ledger)
        if (!this.#sequencer.owns(ledger)) await this.own(ledger)
        const isBegun = listedDeletion(this.#erasures, ledger).length > 0
        const deps = { store: this.#store, list: this.#erasures }
        if ((await this.#store.ledger(ledger))?.standing.kind === 'deleted')
          return await deletionOf(ledger, deps)
        if (!isBegun) await this.#assertNoHoldSince(ledger, holdsSeenTo)
        await this.#finishDeletion(ledger, facts, leftover)
        return await deletionOf(ledger, deps)
      } catch (error) {
        // Another server has written to it meanwhile: what it wrote is erased as well.
        if (this.#options.sharesLedgers !== true || !isMoved(error) || tries === DELETION_TRIES) throw error
      }
  }

  async #finishDeletion(ledger: string, facts: DeletionFacts, leftover: Leftover): Promise<void> {
    const commit = (erasure: ListedErasure) => this.#commitErasure(ledger, erasure)
    try {
      const deps = { store: this.#store, list: this.#erasures, commit }
      await deleteLedger(this.#sequencer.owned(ledger), facts, leftover, deps)
    } finally {
      // Also where it failed: who opens it anew goes on with it, before anything is recorded.
      this.#sequencer.disown(ledger)
    }
  }

  /** Says in the ledger that a hold began or ended. */
  async recordHold({ ledger, action, at, ...facts }: HoldRequest): Promise<CommitReceipts> {
    await this.#takeAnew(ledger)
    const record = holdRecord(this.#sequencer.owned(ledger), action, facts, at)
    const [receipts] = await this.commit([joinRecords(ledger, [packRecords([record])])])
    return receipts!
  }

  /** A hold that began after the holds were looked at may keep what is to be erased: whoever asks looks again. */
  async #assertNoHoldSince(ledger: string, seenTo: number): Promise<void> {
    const { size } = this.#sequencer.owned(ledger).tree
    for (let index = seenTo; index < size; ) {
      const entries = await this.#store.readEntries(ledger, index, size - index)
      if (entries.some(({ core }) => core.kind === 'present' && isHold(core.bytes)))
        throw new TrailproofError('HOLD_BEGAN', `a hold of ledger ${ledger} has begun`, { retryable: true })
      index += entries.length
    }
  }

  /** What another process has written since is read, and nothing more of it comes in between. */
  async #takeAnew(ledger: string): Promise<void> {
    if (this.#options.sharesLedgers !== true) return
    this.#sequencer.disown(ledger)
    await this.own(ledger)
  }

  async #commitErasure(ledger: string, { record }: ListedErasure): Promise<CommitReceipts> {
    const digest = Buffer.from(record.digest, 'hex')
    const [receipts] = await this.commit([joinRecords(ledger, [packRecords([{ ...record, digest }])])])
    return receipts!
  }

  /**
   * The record of what is listed must never be missing: after a crash between listing and committing, and where a backup was restored from
   * before it. Then this ledger says what is destroyed again in those that it has succeeded.
   */
  async #commitListed(name: string): Promise<void> {
    const owned = this.#sequencer.owned(name)
    for (const ledger of await this.#chainOf(name)) {
      const { size } = (await this.#store.ledger(ledger))!
      for (const listed of this.#erasures.read(ledger)) {
        const saying = listed.ledger ?? ledger
        if (saying === name) await this.#commitErasure(name, listed)
        else if (
          listed.ranges.some(({ from }) => from < size) &&
          !(await this.#isSaid(saying, listed.record.id))
        )
          await this.commit([joinRecords(name, [packRecords([saidAnew(owned, ledger, listed)])])])
      }
    }
  }

  /** Whether verifiers read it there: what stands behind the last checkpoint that is kept is not signed for them. */
  async #isSaid(ledger: string, id: string): Promise<boolean> {
    const [found] = await this.#store.findRecords(ledger, decodeUuid(id)!)
    return found !== undefined && found.index < checkpointSize((await this.#store.ledger(ledger))!.checkpoint)
  }

  /** The ledger with those that it has succeeded and that have succeeded it, the oldest first. */
  async #chainOf(name: string): Promise<readonly string[]> {
    const closed = (await this.#store.ledgers()).flatMap(({ name: ledger, standing }) =>
      standing.kind === 'closed' ? [[ledger, standing.successor] as const] : [],
    )
    return successionChain(name, new Map(closed))
  }

  /** Destroys the personal content of entries for ever, or all of it. Their erasure was recorded before. */
  destroy(ledger: string, ranges: readonly ErasedRange[]): Promise<void> {
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
    const { size } = (await this.#store.ledger(ledger))!
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

  /** False as well when another process has taken the ledger over: its checkpoints are newer than ours. */
  #isOurs({ name, epoch }: LedgerState): boolean {
    return this.#sequencer.owns(name) && this.#sequencer.owned(name).epoch === epoch
  }

  bytes(): Promise<number> {
    return this.#store.bytes()
  }

  /** Keeps the newest checkpoints with the data, and closes all files. */
  async close(): Promise<void> {
    for (const timer of this.#atRest.values()) clearTimeout(timer)
    for (const state of await this.#store.ledgers())
      if (state.standing.kind === 'open' && this.#isOurs(state))
        await this.#store.keepCheckpoint(state.name, this.#sequencer.owned(state.name).checkpoint)
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

function blockedBy({ code, message }: TrailproofError): { reason: string; lacksKeys: boolean } {
  return { reason: message, lacksKeys: OF_KEYS.has(code) }
}

/** Nothing is lost: what is there can be read again, and go on, once its keys can be had. */
const OF_KEYS: ReadonlySet<ErrorCode> = new Set(['KEY_MISSING', 'KEY_RING_UNAVAILABLE'])

/** False where the next attempt may go through: a database that is away, or another writer, says nothing of the ledger. */
function isOfTheLedger(error: unknown): error is TrailproofError {
  if (!(error instanceof TrailproofError)) return false
  return OF_KEYS.has(error.code) || (!error.retryable && !OF_THE_MOMENT.has(error.code))
}

function isMoved(error: unknown): boolean {
  return error instanceof TrailproofError && error.code === 'HEAD_MOVED'
}

const OF_THE_MOMENT: ReadonlySet<ErrorCode> = new Set(['OUTCOME_UNKNOWN', 'HEAD_MOVED'])

function nowMicros(): number {
  return Date.now() * 1000
}
