/**
 * Group commit, seen from the main thread: batches wait here while the sequencer's disk is busy, and
 * all that wait go into its next commit. Latency follows the disk, throughput follows the load.
 */
import type { Intake } from '../intake/intake.ts'
import { TrailproofError } from '../trailproof-error.ts'
import {
  type AppendReceipts,
  buffersOf,
  type CommitBatch,
  type CommitReceipts,
  joinRecords,
  type PackedRecords,
} from './commit-batch.ts'
import { wasDeleted } from './ledger-info.ts'

export interface SequencerQueueOptions {
  /** Beyond this many waiting records new ones are refused with OVERLOADED. Default 50_000. */
  readonly waitingRecordsMax?: number
  /** Beyond this many waiting bytes of content new records are refused with OVERLOADED. Default 128 MiB. */
  readonly waitingBytesMax?: number
  /** Records in one commit. Default 8_192: bounds the time the sequencer holds the disk. */
  readonly commitRecordsMax?: number
  /** For a store that may be away for a while. Default: every failed commit is fatal. */
  readonly recovery?: Recovery
}

/** The way on after a commit that failed, where what is stored can be read anew. */
export interface Recovery {
  appliesTo(error: Error): boolean
  /** Called when no commit is under way, again and again until it resolves; until then everything is refused. */
  recover(): Promise<void>
}

/**
 * Commits packed batches, one a ledger; a rejection means that the process must end. Of a ledger that was deleted nothing is recorded,
 * and there are no receipts.
 */
export type Commit = (
  batches: readonly CommitBatch[],
  buffers: readonly ArrayBuffer[],
) => Promise<CommitReceipts[]>

interface Waiting {
  readonly ledger: string
  readonly records: PackedRecords
  readonly resolve: (receipts: AppendReceipts) => void
  readonly reject: (error: Error) => void
}

/** Commits handed to the sequencer at once: one at work, one ready, so that it never waits for us. */
const IN_FLIGHT_MAX = 2
const RECOVERY_DELAY_MS = 50
const RECOVERY_DELAY_MAX_MS = 2_000

export class SequencerQueue implements Intake {
  readonly #commit: Commit
  readonly #onFatal: (error: Error) => void
  readonly #limits: Required<Omit<SequencerQueueOptions, 'recovery'>>
  readonly #recovery: Recovery | undefined
  #waiting: Waiting[] = []
  #waitingRecords = 0
  #waitingBytes = 0
  #inFlight = 0
  #scheduled = false
  #stopping = false
  #idle: (() => void) | undefined
  /** Why a commit failed, until what is stored was read anew. */
  #failed: TrailproofError | undefined

  /** `onFatal` is told when a commit failed: whether it happened is unknown, so nothing may be answered. */
  constructor(
    commit: Commit,
    onFatal: (error: Error) => void,
    { recovery, ...limits }: SequencerQueueOptions = {},
  ) {
    this.#commit = commit
    this.#onFatal = onFatal
    this.#recovery = recovery
    this.#limits = { waitingRecordsMax: 50_000, waitingBytesMax: 2 ** 27, commitRecordsMax: 8192, ...limits }
  }

  get waitingRecords(): number {
    return this.#waitingRecords
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Resolves when the records are committed and locked; rejects with OVERLOADED or STOPPING before they were taken. */
  append(ledger: string, records: PackedRecords): Promise<AppendReceipts> {
    if (this.#stopping)
      return Promise.reject(new TrailproofError('STOPPING', 'the server is stopping', { retryable: true }))
    if (this.#failed) return Promise.reject(this.#failed)
    const { waitingRecordsMax, waitingBytesMax } = this.#limits
    const count = this.#waitingRecords + records.count
    const bytes = this.#waitingBytes + records.bytes.length
    // A request larger than the whole queue is taken when nothing else waits.
    if (this.#waitingRecords > 0 && (count > waitingRecordsMax || bytes > waitingBytesMax))
      return Promise.reject(
        new TrailproofError('OVERLOADED', `${this.#waitingRecords} records wait for the disk already`, {
          retryable: true,
        }),
      )
    this.#waitingRecords = count
    this.#waitingBytes = bytes
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ledger, records, resolve, reject })
      this.#schedule()
    })
  }

  /** Commits what waits, then refuses what comes. */
  async drain(): Promise<void> {
    this.#stopping = true
    if (this.#inFlight === 0 && this.#waiting.length === 0) return
    await new Promise<void>((resolve) => {
      this.#idle = resolve
    })
  }

  /** Batches that arrive in the same turn of the event loop go together. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= IN_FLIGHT_MAX) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.#send()
    })
  }

  async #send(): Promise<void> {
    const taken = this.#take()
    if (taken.length === 0) return
    this.#inFlight++
    const byLedger = Map.groupBy(taken, ({ ledger }) => ledger)
    const batches = [...byLedger].map(([ledger, waiting]) =>
      joinRecords(
        ledger,
        waiting.map(({ records }) => records),
      ),
    )
    try {
      const answers = await this.#commit(batches, batches.flatMap(buffersOf))
      for (const receipts of answers) answer(byLedger.get(receipts.ledger)!, receipts)
      const answered = new Set(answers.map(({ ledger }) => ledger))
      for (const [ledger, waiting] of byLedger) if (!answered.has(ledger)) refuse(waiting, wasDeleted(ledger))
    } catch (error) {
      if (!this.#recovery?.appliesTo(error as Error)) {
        this.#onFatal(error as Error)
        return
      }
      this.#failed ??= notNow(error as Error)
      for (const { reject } of [...taken, ...this.#waiting.splice(0)]) reject(this.#failed)
      this.#waitingRecords = 0
      this.#waitingBytes = 0
    }
    this.#inFlight--
    if (this.#waiting.length > 0) this.#schedule()
    else if (this.#inFlight === 0) {
      this.#idle?.()
      if (this.#failed) await this.#recover(this.#recovery!)
    }
  }

  async #recover(recovery: Recovery): Promise<void> {
    for (
      let delayMs = RECOVERY_DELAY_MS;
      !this.#stopping;
      delayMs = Math.min(2 * delayMs, RECOVERY_DELAY_MAX_MS)
    )
      try {
        await recovery.recover()
        this.#failed = undefined
        return
      } catch (error) {
        this.#failed = notNow(error as Error)
        await new Promise((resolve) => setTimeout(resolve, delayMs))
      }
  }

  /** What fits one commit; at least one batch, however large. */
  #take(): Waiting[] {
    let records = 0
    let end = 0
    while (end < this.#waiting.length) {
      const next = this.#waiting[end]!
      if (end > 0 && records + next.records.count > this.#limits.commitRecordsMax) break
      records += next.records.count
      this.#waitingRecords -= next.records.count
      this.#waitingBytes -= next.records.bytes.length
      end++
    }
    const taken = this.#waiting.slice(0, end)
    this.#waiting = this.#waiting.slice(end)
    return taken
  }
}

/** The records may be recorded all the same; sent again they are found. */
function notNow(cause: Error): TrailproofError {
  return new TrailproofError('STORE_UNAVAILABLE', cause.message, { retryable: true, cause })
}

function refuse(waiting: readonly Waiting[], error: TrailproofError): void {
  for (const { reject } of waiting) reject(error)
}

function answer(waiting: readonly Waiting[], receipts: CommitReceipts): void {
  let offset = 0
  for (const { records, resolve } of waiting) {
    resolve({ receipts, offset, count: records.count })
    offset += records.count
  }
}
