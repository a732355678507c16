/**
 * Sends what waits, in order, one batch at a time, until each record is settled: records of gaps first, then what ended
 * processes left in the spool, then our own from memory and spool, older numbers first.
 */
import type { Sink } from '../sinks/sink.ts'
import { attemptWrite } from './attempt-write.ts'
import { backoffMs } from './backoff.ts'
import type { Clock, Timer } from './clock.ts'
import type { Contact } from './contact.ts'
import type { FateTally, Origin } from './fate-tally.ts'
import type { Bounds, MemoryQueue } from './memory-queue.ts'
import { outsideRequests } from './outside-requests.ts'
import { Pause } from './pause.ts'
import type { SealedRecord } from './sealed-record.ts'
import type { Spool } from './spool/spool.ts'
import { WriteSignal } from './write-signal.ts'

export interface BulkLaneOptions {
  readonly sink: Sink
  readonly queue: MemoryQueue
  readonly spool: Spool | undefined
  /** Records that tell of gaps; asked before each batch. */
  readonly notices: MemoryQueue
  /** Makes notices when the time has come; gives when it comes by itself, on the clock's `elapsed`. */
  readonly makeNotices: () => number | undefined
  readonly batch: Bounds
  readonly maxAgeMs: number
  readonly writeTimeoutMs: number
  readonly clock: Clock
  readonly contact: Contact
  readonly fates: FateTally
  readonly onFault: (where: string, error: unknown) => void
}

/** Earlier than anything on the clock. */
const NOW = -Infinity

interface Taken {
  readonly records: readonly SealedRecord[]
  readonly origin: Origin
  readonly settle: (count: number) => void | Promise<void>
}

export class BulkLane {
  readonly #options: BulkLaneOptions
  readonly #pause: Pause
  #state: 'idle' | 'running' | 'stopped' = 'idle'
  #timer: { readonly at: number; readonly timer: Timer } | undefined
  #writing: WriteSignal | undefined
  /** Flushes under way: while there are any, nothing waits for company. */
  #flushes = 0

  constructor(options: BulkLaneOptions) {
    this.#options = options
    this.#pause = new Pause(options.clock)
    options.contact.onMade(() => this.#pause.endUnlessAsked())
  }

  /** Something has come. Cheap; sends nothing before the code that runs now has ended. */
  wake(): void {
    if (this.#state === 'idle') this.#runAt(this.#dueAt())
  }

  /** Resolves when all that waits now is settled; may never. */
  async flush(): Promise<void> {
    const { queue, spool, notices } = this.#options
    this.#flushes++
    try {
      this.#pause.end()
      this.wake()
      await Promise.all([queue.settledAll(), spool?.settledAll()])
      this.#options.makeNotices()
      this.wake()
      await notices.settledAll()
    } finally {
      this.#flushes--
    }
  }

  /** What is under way or waits stays where it is. */
  stop(why: string): void {
    this.#state = 'stopped'
    this.#timer?.timer.cancel()
    this.#writing?.abort(why)
    this.#pause.end()
  }

  /** `at` is on the clock's `elapsed`. */
  #runAt(at: number | undefined): void {
    if (at === undefined) return
    if (this.#timer !== undefined) {
      if (this.#timer.at <= at) return
      this.#timer.timer.cancel()
    }
    const run = (): void => {
      this.#timer = undefined
      if (this.#state !== 'idle') return
      this.#state = 'running'
      void this.#run() // contains its errors
    }
    const { clock } = this.#options
    this.#timer = { at, timer: outsideRequests(() => clock.after(at - clock.elapsed(), run)) }
  }

  async #run(): Promise<void> {
    while (this.#state === 'running') {
      try {
        this.#options.makeNotices()
        const dueAt = this.#dueAt()
        if (dueAt === undefined || dueAt > this.#options.clock.elapsed()) break
        const taken = await this.#take()
        if (taken.records.length > 0) await this.#writeUntilSettled(taken)
      } catch (error) {
        // Not the sink's: those are attempts. What we cannot read or settle is tried again, slowly.
        this.#options.onFault('bulk lane', error)
        await this.#pause.for(backoffMs(8, this.#options.clock.random))
      }
    }
    if (this.#state !== 'running') return
    this.#state = 'idle'
    const noticeAt = this.#options.makeNotices()
    this.#runAt(this.#dueAt())
    this.#runAt(noticeAt)
  }

  /** When there is a batch to send, on the clock's `elapsed`. Undefined: nothing waits. */
  #dueAt(): number | undefined {
    const { queue, spool, notices, batch, maxAgeMs } = this.#options
    if (notices.records > 0) return NOW
    const spoolRecords = spool?.waitingRecords ?? 0
    if (queue.records === 0 && spoolRecords === 0) return undefined
    if (this.#flushes > 0 || spool?.head === -Infinity) return NOW
    if (queue.records >= batch.recordsMax || queue.bytes >= batch.bytesMax) return NOW
    if (spoolRecords >= batch.recordsMax || (spool?.waitingBytes ?? 0) >= batch.bytesMax) return NOW
    const since = Math.min(queue.oldestSince ?? Infinity, spool?.oldestSince ?? Infinity)
    return since === Infinity ? NOW : since + maxAgeMs
  }

  async #take(): Promise<Taken> {
    const { queue, spool, notices, batch } = this.#options
    if (notices.records > 0) return takenFrom(notices, batch, true)
    if (spool === undefined || (queue.head ?? Infinity) < (spool.head ?? Infinity))
      return takenFrom(queue, batch, false)
    const { records, own, damaged } = await spool.oldest(batch)
    if (damaged > 0) this.#options.fates.damaged(damaged, own)
    return { records, origin: { own, isNotice: false }, settle: (count) => spool.settle(count) }
  }

  /** Returns with the batch settled, or with the lane stopped. */
  async #writeUntilSettled({ records, origin, settle }: Taken): Promise<void> {
    const { sink, clock, contact, fates, writeTimeoutMs } = this.#options
    let rest = records
    for (let failures = 0; rest.length > 0; ) {
      const writing = new WriteSignal(clock, writeTimeoutMs)
      this.#writing = writing
      const attempt = await attemptWrite(sink, rest, writing.signal)
      writing.settled()
      this.#writing = undefined
      // What was under way when the lane was stopped is somebody else's now.
      if (this.#state === 'stopped') return
      if (attempt.kind === 'settled') {
        failures = 0
        contact.made()
        for (const [at, fate] of attempt.fates.entries()) fates.settle(rest[at]!, fate, origin)
        await settle(attempt.fates.length)
        rest = rest.slice(attempt.fates.length)
      } else if (attempt.retryable) {
        const delayMs = backoffMs(++failures, clock.random, attempt.retryAfterMs)
        contact.retrying(attempt.error, delayMs)
        await this.#pause.for(delayMs, attempt.retryAfterMs !== undefined)
        if (this.#stopped()) return
      } else {
        contact.failed(attempt.error)
        for (const record of rest) fates.drop(record, attempt.error, origin)
        await settle(rest.length)
        rest = []
      }
    }
  }

  /** A method, because the compiler does not know that the state changes while we wait. */
  #stopped(): boolean {
    return this.#state === 'stopped'
  }
}

function takenFrom(queue: MemoryQueue, batch: Bounds, isNotice: boolean): Taken {
  return {
    records: queue.oldest(batch),
    origin: { own: true, isNotice },
    settle: (count) => queue.settle(count),
  }
}
