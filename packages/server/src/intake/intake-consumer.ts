/**
 * The sequencers' half of a broker: takes messages in order, has them committed, answers, and only then tells the broker that
 * they are done. After any failure nothing in memory is trusted: it begins again behind the last message that was done.
 */
import type { AppendReceipts } from '../ledger/commit-batch.ts'
import { mayHoldServerRecords } from '../ledger/server-records.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { Intake } from './intake.ts'
import type { Consumption, Delivery, IntakeBroker } from './intake-broker.ts'
import {
  decodeRecords,
  encodeReceipts,
  encodeRefusal,
  isOurMessage,
  type RecordsMessage,
  type ReplyTo,
} from './message.ts'

/** Where the records of a message go, if anywhere. */
export type Ownership =
  /** This process writes it, or what succeeded it. */
  | { readonly kind: 'owned'; readonly ledger: string }
  /** Whoever waits is told; where nobody does, the message is put aside. */
  | { readonly kind: 'refused'; readonly error: TrailproofError }

export interface IntakeConsumerDeps {
  readonly broker: IntakeBroker
  /** A queue for one consumption. `onFatal`: a commit failed, nothing it took will be answered. */
  openQueue(onFatal: (error: Error) => void): Intake
  /** Makes this process the writer of a ledger. */
  own(ledger: string): Promise<Ownership>
  /** Records in JSON that others produced; resolves when all are committed through `queue` or put aside. */
  takeForeign(delivery: Delivery, queue: Intake): Promise<void>
  /** Keeps a message that can never be recorded, durably; rejects when it cannot. `ledger`: which it was for, as far as is known. */
  putAside(delivery: Delivery, reason: string, ledger?: string): Promise<void>
  /** After a failure, before the next consumption: whatever is in memory of the ledgers is read anew. */
  recover(): Promise<void>
  /** Told of each failure; the consumer goes on by itself. */
  onFailure(error: Error): void
}

export interface IntakeConsumerOptions {
  /** Records taken and not committed; beyond, the broker keeps the rest. Default 20,000. */
  readonly waitingRecordsMax?: number
  /** Pause after a first failure; doubles up to 32 times it. Default 100. */
  readonly retryDelayMs?: number
}

const BACKOFF_STEPS = 5

export class IntakeConsumer {
  readonly #deps: IntakeConsumerDeps
  readonly #waitingRecordsMax: number
  readonly #retryDelayMs: number
  readonly #stopping = Promise.withResolvers<void>()
  #isStopping = false
  #consumption: Consumption | undefined
  #ended: Promise<void> | undefined

  constructor(
    deps: IntakeConsumerDeps,
    { waitingRecordsMax = 20_000, retryDelayMs = 100 }: IntakeConsumerOptions = {},
  ) {
    this.#deps = deps
    this.#waitingRecordsMax = waitingRecordsMax
    this.#retryDelayMs = retryDelayMs
  }

  start(): void {
    this.#ended ??= this.#run()
  }

  /** Takes nothing new, finishes what was taken, and tells the broker. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#stopping.resolve()
    await this.#ended
  }

  /** True while messages are taken. */
  get isConsuming(): boolean {
    return this.#consumption !== undefined
  }

  /** Messages that wait at the broker; undefined when it cannot say. */
  async lag(): Promise<number | undefined> {
    return this.#consumption?.lag()
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isStopping; ) {
      const began = performance.now()
      try {
        if (failures > 0) await this.#deps.recover()
        await this.#consume()
        return
      } catch (error) {
        this.#deps.onFailure(error as Error)
        // Long enough without one: the next failure is another matter.
        const delayMs = this.#retryDelayMs * 2 ** Math.min(failures, BACKOFF_STEPS)
        failures = performance.now() - began > 4 * delayMs + 10_000 ? 1 : failures + 1
        await Promise.race([this.#stopping.promise, pause(delayMs)])
      }
    }
  }

  /** Until asked to stop; rejects when anything failed. */
  async #consume(): Promise<void> {
    const failed = Promise.withResolvers<never>()
    failed.promise.catch(() => undefined) // it may come when nobody waits for it any more
    const session = new Session(this.#deps, this.#waitingRecordsMax, failed.reject)
    const consumption = await this.#deps.broker.consume({
      take: (delivery) => session.take(delivery),
      onFailure: failed.reject,
    })
    try {
      this.#consumption = consumption
      await Promise.race([failed.promise, this.#stopping.promise])
      await Promise.race([failed.promise, session.end()])
      await Promise.race([failed.promise, consumption.settled()])
    } finally {
      this.#consumption = undefined
      session.abort()
      await consumption[Symbol.asyncDispose]()
    }
  }
}

/** What happens between two failures. */
class Session {
  readonly #deps: IntakeConsumerDeps
  readonly #fail: (error: Error) => void
  readonly #queue: Intake
  readonly #waitingRecordsMax: number
  /** Ledgers that this process has made its own. */
  readonly #owned = new Map<string, string>()
  readonly #working = new Set<Promise<void>>()
  #isOver = false
  /** Called when records have left the queue. */
  #onRoom: (() => void) | undefined

  constructor(deps: IntakeConsumerDeps, waitingRecordsMax: number, fail: (error: Error) => void) {
    this.#deps = deps
    this.#fail = fail
    this.#waitingRecordsMax = waitingRecordsMax
    this.#queue = deps.openQueue(fail)
  }

  /** Resolves when the next message may come; the work on this one goes on. Messages keep their order. */
  async take(delivery: Delivery): Promise<void> {
    try {
      await this.#room()
      if (this.#isOver) return
      const { settled } = await this.#begin(delivery)
      const working = settled
        .then(() => delivery.done())
        .catch((error: unknown) => this.#fail(error as Error))
        .finally(() => {
          this.#working.delete(working)
          this.#onRoom?.()
        })
      this.#working.add(working)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  /** Nothing more is taken; resolves when all that was taken is done. */
  async end(): Promise<void> {
    this.#isOver = true
    this.#onRoom?.()
    await Promise.all(this.#working)
  }

  abort(): void {
    this.#isOver = true
    this.#onRoom?.()
  }

  async #room(): Promise<void> {
    while (!this.#isOver && this.#queue.waitingRecords >= this.#waitingRecordsMax)
      await new Promise<void>((resolve) => {
        this.#onRoom = resolve
      })
  }

  /** Resolves once the message has its place in the queue; `settled` does when nothing is left to do with it. */
  async #begin(delivery: Delivery): Promise<{ readonly settled: Promise<void> }> {
    if (!isOurMessage(delivery.bytes)) return { settled: this.#deps.takeForeign(delivery, this.#queue) }
    const message = readMessage(delivery)
    if (message instanceof Error) return { settled: this.#deps.putAside(delivery, message.message) }
    if (mayHoldServerRecords(message.records))
      return { settled: this.#deps.putAside(delivery, 'it has records that only the server itself writes') }
    const ledger = this.#owned.get(message.ledger) ?? (await this.#own(message.ledger))
    if (ledger instanceof TrailproofError) return { settled: this.#refuse(delivery, message, ledger) }
    return { settled: this.#commit(ledger, message, delivery) }
  }

  async #own(name: string): Promise<string | TrailproofError> {
    const ownership = await this.#deps.own(name)
    if (ownership.kind === 'refused') return ownership.error
    this.#owned.set(name, ownership.ledger)
    return ownership.ledger
  }

  async #commit(ledger: string, message: RecordsMessage, delivery: Delivery): Promise<void> {
    const { records, replyTo } = message
    try {
      const receipts = await this.#queue.append(ledger, records)
      if (replyTo !== undefined) this.#reply(replyTo, receipts)
    } catch (error) {
      if (!(error instanceof TrailproofError) || error.code !== 'LEDGER_CLOSED') throw error
      // It was deleted since it became ours.
      this.#owned.delete(message.ledger)
      await this.#refuse(delivery, message, error)
    }
  }

  #reply({ address, request }: ReplyTo, receipts: AppendReceipts): void {
    // Whoever waits in vain sends again, and is told that it is a duplicate.
    this.#deps.broker.reply(address, encodeReceipts(request, receipts)).catch(() => undefined)
  }

  async #refuse(
    delivery: Delivery,
    { ledger, replyTo }: RecordsMessage,
    { code, message, retryable }: TrailproofError,
  ): Promise<void> {
    if (replyTo === undefined) return this.#deps.putAside(delivery, message, ledger)
    await this.#deps.broker
      .reply(replyTo.address, encodeRefusal(replyTo.request, { code, message, retryable }))
      .catch(() => undefined) // the request times out, and its sender still has the records
  }
}

function readMessage({ bytes }: Delivery): RecordsMessage | Error {
  try {
    return decodeRecords(bytes)
  } catch (error) {
    return error as Error
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
