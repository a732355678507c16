/**
 * Sees to it that sealed records reach the sink, or that it is known, counted and recorded that they do not. Nothing here
 * throws into the host, blocks it, keeps its process alive, or grows without bound.
 */
import { report } from '../recorder/diagnostics.ts'
import type { Receipt } from '../sinks/sink.ts'
import { AckLane } from './ack-lane.ts'
import { BulkLane } from './bulk-lane.ts'
import { Contact, type ContactState } from './contact.ts'
import type { DeliveryCounters } from './counters.ts'
import { type DeliveryOptions, type ResolvedDelivery, resolveDelivery } from './delivery-options.ts'
import { DropTally } from './drop-tally.ts'
import { FateTally } from './fate-tally.ts'
import { InHand } from './in-hand.ts'
import { LossLog } from './loss-log.ts'
import { MemoryQueue } from './memory-queue.ts'
import type { DeliveryMode, SealedRecord } from './sealed-record.ts'
import type { Spool } from './spool/spool.ts'
import { SpoolError } from './spool/spool-error.ts'
import { within } from './within.ts'

/** How sure it is that a record will not be lost. */
export type Safe =
  /** It is on the disk of this machine and will be sent. */
  | { readonly kind: 'spooled' }
  /** The sink has it; with a receipt from sinks that give any. */
  | { readonly kind: 'acknowledged'; readonly receipt?: Receipt }
  /** Neither, in time. Unless the sink refused it, it is still sent in the end if it can be. */
  | { readonly kind: 'failed'; readonly error: unknown }

export interface DeliveryStatus {
  readonly state: 'open' | 'closing' | 'closed'
  readonly contact: ContactState
  readonly waitingRecords: number
  readonly waitingBytes: number
  readonly droppedRecords: number
  /** Undefined without a spool. */
  readonly spool: { readonly records: number; readonly bytes: number } | undefined
}

export interface Delivery {
  /** Takes a record and returns at once. Never throws. Modes other than `async` go their way without being waited for. */
  deliver(record: SealedRecord, mode?: DeliveryMode): void
  /** Resolves as soon as the record is safe, or within `diskTimeoutMs` or `ackTimeoutMs`. Never rejects. */
  deliverSafely(record: SealedRecord, mode: 'disk' | 'ack'): Promise<Safe>
  /**
   * Sends what waits, without waiting for company. Resolves with true once all that was given before is settled or, with
   * false, at the deadline. The process stays alive for so long.
   */
  flush(deadlineMs?: number): Promise<boolean>
  /**
   * Flushes until the deadline, then refuses, then resolves: what could not be sent is in the spool, or counted as dropped
   * with the reason `closed`. Never rejects. Default 5_000.
   */
  close(deadlineMs?: number): Promise<void>
  /**
   * For the `exit` of the process, when nothing asynchronous runs any more: what waits goes to the sink's `writeSync`, else
   * to the spool, else it is counted as lost. Refuses afterwards.
   */
  drainSync(): void
  readonly counters: DeliveryCounters
  status(): DeliveryStatus
}

/** A gap is recorded at most once in this time, so that an overload is not made worse by telling of it. */
const NOTICE_EVERY_MS = 1_000
/** What closing takes at most beyond its deadline, to bring what is left to the disk and to let go. */
const CLOSING_MS_MAX = 1_000
const FLUSH_MS = 5_000
const UNBOUNDED = { recordsMax: Infinity, bytesMax: Infinity }

/** Throws a RangeError for options that cannot be meant; nothing else here throws. */
export function createDelivery(options: DeliveryOptions): Delivery {
  return new OpenDelivery(resolveDelivery(options))
}

class OpenDelivery implements Delivery {
  readonly #options: ResolvedDelivery
  readonly #spool: Spool | undefined
  readonly #losses = new LossLog()
  readonly #drops: DropTally
  readonly #fates: FateTally
  readonly #contact: Contact
  readonly #queue: MemoryQueue
  readonly #notices = new MemoryQueue(UNBOUNDED)
  readonly #inHand = new InHand()
  readonly #bulk: BulkLane
  readonly #ack: AckLane
  #state: DeliveryStatus['state'] = 'open'
  #given = 0
  #spooled = 0
  /** The queue overflowed: until the spool is empty, new records go there, behind the older ones. */
  #spilling = false
  /** Records on their way to the disk. */
  #appending = 0
  #noticedAt = -Infinity
  #closed: Promise<void> | undefined

  constructor(options: ResolvedDelivery) {
    const { sink, clock, queueRecordsMax, queueBytesMax, batchRecordsMax, batchBytesMax } = options
    const waiting = { recordsMax: queueRecordsMax, bytesMax: queueBytesMax }
    const batch = { recordsMax: batchRecordsMax, bytesMax: batchBytesMax }
    this.#options = options
    this.#spool = options.spool
    this.#drops = new DropTally(clock, this.#losses)
    this.#fates = new FateTally(this.#drops)
    this.#contact = new Contact(sink.name, clock)
    this.#queue = new MemoryQueue(waiting)
    this.#ack = new AckLane({
      sink,
      batch,
      waiting,
      timeoutMs: options.ackTimeoutMs,
      clock,
      contact: this.#contact,
    })
    this.#bulk = new BulkLane({
      ...options,
      spool: options.spool,
      batch,
      queue: this.#queue,
      notices: this.#notices,
      makeNotices: () => this.#makeNotices(),
      contact: this.#contact,
      fates: this.#fates,
      onFault,
    })
    // What ended processes have left is sent even if nothing new comes.
    void this.#spool?.open(() => this.#wake())
  }

  deliver(record: SealedRecord, mode: DeliveryMode = 'async'): void {
    try {
      if (mode !== 'async') {
        void this.deliverSafely(record, mode) // never rejects
        return
      }
      this.#given++
      if (this.#state === 'closed') this.#drops.drop('closed', record.seq)
      else this.#enqueue(record)
    } catch (error) {
      this.#drops.drop('internal', undefined, error)
    }
  }

  async deliverSafely(record: SealedRecord, mode: 'disk' | 'ack'): Promise<Safe> {
    this.#given++
    try {
      if (this.#state === 'closed') {
        this.#drops.drop('closed', record.seq)
        return { kind: 'failed', error: new Error('delivery is closed') }
      }
      return mode === 'disk' ? await this.#toDisk(record) : await this.#acknowledged(record)
    } catch (error) {
      this.#drops.drop('internal', undefined, error)
      return { kind: 'failed', error }
    }
  }

  flush(deadlineMs = FLUSH_MS): Promise<boolean> {
    if (this.#state === 'closed') return Promise.resolve(true)
    const flushed = async (): Promise<void> => {
      await Promise.all([this.#ack.flush(), this.#inHand.releasedAll(), this.#bulk.flush()])
      // What was waited for may be on its way to the disk or in a queue now.
      await this.#inHand.releasedAll()
      await this.#bulk.flush()
    }
    return within(deadlineMs, flushed(), this.#options.clock)
  }

  close(deadlineMs = 5_000): Promise<void> {
    this.#closed ??= this.#close(deadlineMs)
    return this.#closed
  }

  drainSync(): void {
    if (this.#state === 'closed' && this.#leftRecords === 0) return
    this.#stop('the process ends')
    this.#makeNotices({ now: true })
    const left = [...this.#inHand.takeAll(), ...this.#takeQueued()].toSorted((a, b) => a.seq - b.seq)
    try {
      this.#putSync(left)
    } catch (error) {
      for (const { seq } of left) this.#drops.drop('closed', seq, error)
    }
    this.#drops.tellAll()
  }

  get counters(): DeliveryCounters {
    return {
      given: this.#given,
      written: this.#fates.written,
      duplicates: this.#fates.duplicates,
      replayed: this.#fates.replayed,
      spooled: this.#spooled,
      retries: this.#contact.retries,
      dropped: { ...this.#drops.counts },
      waitingRecords: this.#leftRecords,
      waitingBytes: this.#queue.bytes + this.#notices.bytes + this.#ack.bytes,
    }
  }

  status(): DeliveryStatus {
    const { waitingRecords, waitingBytes } = this.counters
    const spool = this.#spool
    return {
      state: this.#state,
      contact: this.#contact.state,
      waitingRecords,
      waitingBytes,
      droppedRecords: this.#drops.total,
      spool: spool && { records: spool.waitingRecords, bytes: spool.waitingBytes },
    }
  }

  get #leftRecords(): number {
    return this.#queue.records + this.#notices.records + this.#inHand.records
  }

  #enqueue(record: SealedRecord): void {
    const full = this.#isSpilling() || !this.#push(record)
    if (!full) return
    if (this.#options.onQueueFull === 'drop' || this.#spool === undefined)
      this.#drops.drop('queue_full', record.seq)
    else {
      this.#spilling = true
      void this.#append(record, this.#spool) // never rejects
    }
  }

  #isSpilling(): boolean {
    if (this.#spilling && this.#appending === 0 && this.#spool?.waitingRecords === 0) this.#spilling = false
    return this.#spilling
  }

  #push(record: SealedRecord): boolean {
    const pushed = this.#queue.push(record, bytesOf(record), this.#options.clock.elapsed())
    if (pushed) this.#wake()
    return pushed
  }

  async #toDisk(record: SealedRecord): Promise<Safe> {
    if (this.#spool === undefined) {
      if (!this.#push(record)) this.#drops.drop('queue_full', record.seq)
      return { kind: 'failed', error: new Error('no spool is configured') }
    }
    const { diskTimeoutMs, clock } = this.#options
    let safe: Safe = {
      kind: 'failed',
      error: new SpoolError('spool_failed', `not on disk within ${diskTimeoutMs} ms`),
    }
    const appended = this.#append(record, this.#spool).then((answer) => {
      safe = answer
    })
    await within(diskTimeoutMs, appended, clock)
    return safe
  }

  /** Never rejects: what the spool does not take goes to the queue, and is dropped only when that is full. */
  async #append(record: SealedRecord, spool: Spool): Promise<Safe> {
    const held = this.#inHand.hold(record)
    this.#appending++
    try {
      await spool.append(record)
      if (this.#inHand.release(held)) this.#spooled++
      this.#wake()
      return { kind: 'spooled' }
    } catch (error) {
      const reason = error instanceof SpoolError ? error.reason : 'spool_failed'
      if (this.#inHand.release(held) && (this.#state === 'closed' || !this.#push(record)))
        this.#drops.drop(reason, record.seq, error)
      return { kind: 'failed', error }
    } finally {
      this.#appending--
    }
  }

  async #acknowledged(record: SealedRecord): Promise<Safe> {
    const bytes = bytesOf(record)
    const held = this.#inHand.hold(record)
    const outcome = await this.#ack.ask(record, bytes)
    const isOurs = this.#inHand.release(held)
    switch (outcome.kind) {
      case 'settled': {
        const { fate } = outcome
        if (isOurs) this.#fates.settle(record, fate, { own: true, isNotice: false })
        if (fate.kind === 'refused')
          return { kind: 'failed', error: new Error(`${fate.status}: ${fate.reason}`) }
        const { receipt } = fate
        return receipt === undefined ? { kind: 'acknowledged' } : { kind: 'acknowledged', receipt }
      }
      case 'rejected':
        if (isOurs) this.#fates.drop(record, outcome.error, { own: true, isNotice: false })
        return { kind: 'failed', error: outcome.error }
      case 'unknown':
        if (!isOurs) return { kind: 'failed', error: outcome.error }
        return this.#sendLater(record, outcome.error)
    }
  }

  /** The sink may have it or not: it is sent again, under the same id. */
  async #sendLater(record: SealedRecord, error: unknown): Promise<Safe> {
    const spool = this.#spool
    const safe = spool && (await this.#append(record, spool))
    if (safe === undefined && (this.#state === 'closed' || !this.#push(record)))
      this.#drops.drop(this.#state === 'closed' ? 'closed' : 'queue_full', record.seq, error)
    if (safe?.kind !== 'spooled' || this.#options.onAckFailure === 'fail') return { kind: 'failed', error }
    report({ kind: 'undelivered', mode: 'ack', policy: 'spool', error })
    return safe
  }

  /** Makes the records of gaps once the sink answers again; gives when the next may be made, on the clock's `elapsed`. */
  #makeNotices({ now = false } = {}): number | undefined {
    const { makeLossRecord, clock } = this.#options
    if (makeLossRecord === undefined || this.#losses.isEmpty) return undefined
    if (!now) {
      if (this.#state === 'closed') return undefined
      if (this.#contact.state.kind !== 'good' || this.#notices.records > 0) return undefined
      const nextAt = this.#noticedAt + NOTICE_EVERY_MS
      if (nextAt > clock.elapsed() && this.#state === 'open') return nextAt
    }
    this.#noticedAt = clock.elapsed()
    for (const loss of this.#losses.take())
      try {
        const record = makeLossRecord(loss)
        this.#given++
        this.#notices.push(record, bytesOf(record), clock.elapsed())
      } catch (error) {
        onFault('makeLossRecord', error)
      }
    return undefined
  }

  async #close(deadlineMs: number): Promise<void> {
    const { clock, sink } = this.#options
    this.#state = 'closing'
    const isEmpty = await this.flush(deadlineMs)
    this.#stop('closed')
    await within(CLOSING_MS_MAX, this.#inHand.emptied(), clock)
    const spool = this.#spool
    if (spool !== undefined && !isEmpty) this.#makeNotices({ now: true })
    // What is still in hand is on its way to a disk that hangs: there is no second way.
    const left = this.#takeQueued()
    const kept = left.map(async (record) => {
      if (spool === undefined) this.#drops.drop('closed', record.seq)
      else await this.#append(record, spool)
    })
    await within(CLOSING_MS_MAX, Promise.all(kept), clock)
    for (const { seq } of this.#inHand.takeAll()) this.#drops.drop('closed', seq)
    this.#drops.tellAll()
    const released = [contained(async () => spool?.close()), contained(() => sink.close())]
    await within(CLOSING_MS_MAX, Promise.all(released), clock)
  }

  #stop(why: string): void {
    this.#state = 'closed'
    this.#bulk.stop(why)
    this.#ack.stop(why)
  }

  /** Everything in the queues, in the order of the stream. */
  #takeQueued(): SealedRecord[] {
    const left = [...this.#notices.oldest(UNBOUNDED), ...this.#queue.oldest(UNBOUNDED)]
    this.#notices.settle(Infinity)
    this.#queue.settle(Infinity)
    return left.toSorted((a, b) => a.seq - b.seq)
  }

  /** Throws when nobody takes them. */
  #putSync(left: readonly SealedRecord[]): void {
    const { sink } = this.#options
    if (sink.writeSync !== undefined)
      try {
        sink.writeSync(left)
        this.#fates.written += left.length
        return
      } catch (error) {
        if (this.#spool === undefined) throw error
        onFault('writeSync', error)
      }
    if (left.length === 0) return
    if (this.#spool === undefined) throw new Error('the process ended before it was sent')
    this.#spool.appendSync(left)
    this.#spooled += left.length
  }

  #wake(): void {
    try {
      if (this.#state !== 'closed') this.#bulk.wake()
    } catch (error) {
      onFault('wake', error)
    }
  }
}

/** With its newline. */
function bytesOf({ line }: SealedRecord): number {
  return Buffer.byteLength(line) + 1
}

async function contained(close: () => Promise<void>): Promise<void> {
  try {
    await close()
  } catch (error) {
    onFault('close', error)
  }
}

function onFault(where: string, error: unknown): void {
  report({ kind: 'fault', where, error })
}
