/**
 * Sends records whose request waits for the answer. Those that come while one batch is under way go together in the
 * next, so that waiting follows the sink and not the number of requests. Each record waits only so long; then the lane
 * lets go of it, sent or not, and its owner sees to it that it arrives.
 */
import type { Delivered, Sink } from '../sinks/sink.ts'
import { attemptWrite } from './attempt-write.ts'
import { backoffMs } from './backoff.ts'
import type { Clock, Timer } from './clock.ts'
import type { Contact } from './contact.ts'
import type { Bounds } from './memory-queue.ts'
import { outsideRequests } from './outside-requests.ts'
import { Pause } from './pause.ts'
import type { SealedRecord } from './sealed-record.ts'
import { WriteSignal } from './write-signal.ts'

/** A record whose sink fails at once is tried at least so often before its time is up. */
const TRIES_IN_TIME = 4

export type AckOutcome =
  /** The sink has said what became of it. */
  | { readonly kind: 'settled'; readonly fate: Delivered }
  /** The sink will not take it, whatever is tried. */
  | { readonly kind: 'rejected'; readonly error: unknown }
  /** Whether the sink has it is not known: it must be sent again, under the same id. */
  | { readonly kind: 'unknown'; readonly error: unknown }

export interface AckLaneOptions {
  readonly sink: Sink
  readonly batch: Bounds
  /** Bounds of all that wait. */
  readonly waiting: Bounds
  readonly timeoutMs: number
  readonly clock: Clock
  readonly contact: Contact
}

interface Asked {
  readonly record: SealedRecord
  readonly bytes: number
  /** On the clock's `elapsed`. */
  readonly deadline: number
  /** Undefined once it was answered. */
  answer: ((outcome: AckOutcome) => void) | undefined
}

export class AckLane {
  readonly #options: AckLaneOptions
  readonly #pause: Pause
  #asked: Asked[] = []
  #bytes = 0
  #state: 'idle' | 'running' | 'stopped' = 'idle'
  #deadline: Timer | undefined
  #lastError: unknown
  #writing: WriteSignal | undefined
  #idle: (() => void)[] = []

  constructor(options: AckLaneOptions) {
    this.#options = options
    this.#pause = new Pause(options.clock)
    options.contact.onMade(() => this.#pause.endUnlessAsked())
  }

  /** Records that wait for an answer. */
  get records(): number {
    return this.#asked.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Settles within `timeoutMs`; never rejects. */
  ask(record: SealedRecord, bytes: number): Promise<AckOutcome> {
    const { waiting, clock, timeoutMs } = this.#options
    if (this.#state === 'stopped') return Promise.resolve({ kind: 'unknown', error: new Error('closed') })
    if (
      this.#asked.length >= waiting.recordsMax ||
      (this.#asked.length > 0 && this.#bytes + bytes > waiting.bytesMax)
    )
      return Promise.resolve({ kind: 'unknown', error: new Error('too many records wait for their receipt') })
    return new Promise((answer) => {
      this.#asked.push({ record, bytes, deadline: clock.elapsed() + timeoutMs, answer })
      this.#bytes += bytes
      this.#watchDeadline()
      if (this.#state !== 'idle') return
      this.#state = 'running'
      // Records of the same turn of the event loop share the first batch.
      outsideRequests(() => clock.after(0, () => void this.#run()))
    })
  }

  /** Resolves when none waits. */
  async flush(): Promise<void> {
    this.#pause.end()
    if (this.#asked.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Lets go of all; each is answered `unknown`. */
  stop(why: string): void {
    this.#state = 'stopped'
    this.#deadline?.cancel()
    this.#writing?.abort(why)
    this.#pause.end()
    this.#answerFirst(this.#asked.length, () => ({
      kind: 'unknown',
      error: this.#lastError ?? new Error(why),
    }))
  }

  /** Never rejects: all that may fail is the sink, and that is an attempt. */
  async #run(): Promise<void> {
    const { sink, clock, contact, timeoutMs } = this.#options
    let failures = 0
    while (this.#state === 'running' && this.#asked.length > 0) {
      const batch = this.#nextBatch()
      const writing = new WriteSignal(clock, timeoutMs)
      this.#writing = writing
      const attempt = await attemptWrite(
        sink,
        batch.map(({ record }) => record),
        writing.signal,
        { proofs: true },
      )
      writing.settled()
      this.#writing = undefined
      if (this.#stopped()) return
      // Those whose time was up meanwhile are no longer at the front: they were answered then.
      if (attempt.kind === 'settled') {
        failures = 0
        contact.made()
        const fates = new Map(attempt.fates.map((fate, at) => [batch[at]!, fate]))
        this.#answerFirst(stillAsked(batch.slice(0, attempt.fates.length)), (asked) => ({
          kind: 'settled',
          fate: fates.get(asked)!,
        }))
      } else if (attempt.retryable) {
        this.#lastError = attempt.error
        // Requests wait: one of them must not fail because those before it have.
        const mostMs = timeoutMs / TRIES_IN_TIME
        const delayMs = backoffMs(++failures, clock.random, attempt.retryAfterMs, mostMs)
        contact.retrying(attempt.error, delayMs)
        await this.#pause.for(delayMs, attempt.retryAfterMs !== undefined)
        if (this.#stopped()) return
      } else {
        contact.failed(attempt.error)
        this.#answerFirst(stillAsked(batch), () => ({ kind: 'rejected', error: attempt.error }))
      }
    }
    this.#lastError = undefined
    this.#state = 'idle'
  }

  #nextBatch(): Asked[] {
    const { recordsMax, bytesMax } = this.#options.batch
    let bytes = 0
    let count = 0
    for (const asked of this.#asked) {
      bytes += asked.bytes
      if (count >= recordsMax || (count > 0 && bytes > bytesMax)) break
      count++
    }
    return this.#asked.slice(0, count)
  }

  /** They are answered in the order they came, whether settled or out of time, so it is always the first. */
  #answerFirst(count: number, outcome: (asked: Asked) => AckOutcome): void {
    for (const asked of this.#asked.splice(0, count)) {
      this.#bytes -= asked.bytes
      asked.answer?.(outcome(asked))
      asked.answer = undefined
    }
    if (this.#asked.length > 0) return
    this.#deadline?.cancel()
    this.#deadline = undefined
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** One timer, for the oldest: all wait equally long. The process stays alive for so long, and no longer. */
  #watchDeadline(): void {
    const { clock, timeoutMs } = this.#options
    const [oldest] = this.#asked
    if (this.#deadline !== undefined || oldest === undefined) return
    const inMs = Math.max(1, oldest.deadline - clock.elapsed())
    const answerOverdue = (): void => {
      this.#deadline = undefined
      const now = clock.elapsed()
      const overdue = this.#asked.findIndex(({ deadline }) => deadline > now)
      const error = this.#lastError ?? new Error(`no receipt within ${timeoutMs} ms`)
      this.#answerFirst(overdue < 0 ? this.#asked.length : overdue, () => ({ kind: 'unknown', error }))
      this.#watchDeadline()
    }
    // A script that awaits its receipt has nothing else that keeps it alive.
    this.#deadline = outsideRequests(() => clock.after(inMs, answerOverdue, { keepsAlive: true }))
  }

  #stopped(): boolean {
    return this.#state === 'stopped'
  }
}

/** How many of a batch have not been answered. */
function stillAsked(batch: readonly Asked[]): number {
  return batch.filter(({ answer }) => answer !== undefined).length
}
