/** The receivers' half of a broker: publishes records keyed by ledger, and waits for the sequencer's receipts. */
import type { AppendReceipts, PackedRecords } from '../ledger/commit-batch.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { Intake } from './intake.ts'
import type { IntakeBroker } from './intake-broker.ts'
import { decodeReply, encodeRecords, type Reply } from './message.ts'

export interface BrokerIntakeOptions {
  /** How long to wait for receipts before the request is answered 503. Default 10,000. */
  readonly answerTimeoutMs?: number
  /** Beyond this many unanswered records new ones are refused with OVERLOADED. Default 50,000. */
  readonly waitingRecordsMax?: number
  /** Told of receipts, also those that came too late for their request. */
  readonly onReceipts?: (receipts: AppendReceipts['receipts']) => void
}

interface Waiting {
  readonly records: PackedRecords
  readonly timer: NodeJS.Timeout
  readonly resolve: (receipts: AppendReceipts) => void
  readonly reject: (error: Error) => void
}

export class BrokerIntake implements Intake {
  readonly #broker: IntakeBroker
  readonly #address: string
  readonly #limits: { readonly answerTimeoutMs: number; readonly waitingRecordsMax: number }
  readonly #waiting = new Map<number, Waiting>()
  #requests = 0
  #waitingRecords = 0
  #waitingBytes = 0
  #isStopping = false
  #idle: (() => void) | undefined

  private constructor(broker: IntakeBroker, address: string, options: BrokerIntakeOptions) {
    this.#broker = broker
    this.#address = address
    const { answerTimeoutMs = 10_000, waitingRecordsMax = 50_000 } = options
    this.#limits = { answerTimeoutMs, waitingRecordsMax }
  }

  /** Resolves once receipts can reach this process. */
  static async open(broker: IntakeBroker, options: BrokerIntakeOptions = {}): Promise<BrokerIntake> {
    const replies: { answer?: (reply: Reply) => void } = {} // nothing was asked yet
    const address = await broker.listen((bytes) => {
      const reply = decodeReply(bytes)
      if (reply.kind === 'receipts') options.onReceipts?.(reply.receipts)
      replies.answer?.(reply)
    })
    const intake = new BrokerIntake(broker, address, options)
    replies.answer = (reply) => intake.#answer(reply)
    return intake
  }

  get waitingRecords(): number {
    return this.#waitingRecords
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  append(ledger: string, records: PackedRecords): Promise<AppendReceipts> {
    const refusal = this.#refusal(records)
    if (refusal !== undefined) return Promise.reject(refusal)
    const request = this.#requests++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#settle(request)?.reject(late(ledger)),
        this.#limits.answerTimeoutMs,
      )
      this.#waiting.set(request, { records, timer, resolve, reject })
      this.#waitingRecords += records.count
      this.#waitingBytes += records.bytes.length
      const replyTo = { address: this.#address, request }
      this.#broker
        .publish(ledger, encodeRecords({ ledger, records, replyTo }))
        .catch((error: Error) => this.#settle(request)?.reject(error))
    })
  }

  readonly enqueue = async (ledger: string, records: PackedRecords): Promise<void> => {
    const refusal = this.#refusal(records)
    if (refusal !== undefined) throw refusal
    await this.#broker.publish(ledger, encodeRecords({ ledger, records, replyTo: undefined }))
  }

  async drain(): Promise<void> {
    this.#isStopping = true
    if (this.#waiting.size === 0) return
    await new Promise<void>((resolve) => {
      this.#idle = resolve
    })
  }

  #refusal(records: PackedRecords): TrailproofError | undefined {
    if (this.#isStopping)
      return new TrailproofError('STOPPING', 'the server is stopping', { retryable: true })
    // A request larger than the whole queue is taken when nothing else waits.
    if (this.#waitingRecords === 0 || this.#waitingRecords + records.count <= this.#limits.waitingRecordsMax)
      return undefined
    const message = `${this.#waitingRecords} records wait for the sequencer already`
    return new TrailproofError('OVERLOADED', message, { retryable: true })
  }

  #answer(reply: Reply): void {
    const waiting = this.#settle(reply.request)
    if (reply.kind === 'refused') {
      const { code, message, retryable } = reply
      waiting?.reject(new TrailproofError(code, message, { retryable }))
    } else waiting?.resolve({ receipts: reply.receipts, offset: 0, count: reply.receipts.statuses.length })
  }

  /** Takes a request out of those that wait; undefined when its time was over. */
  #settle(request: number): Waiting | undefined {
    const waiting = this.#waiting.get(request)
    if (waiting === undefined) return undefined
    clearTimeout(waiting.timer)
    this.#waiting.delete(request)
    this.#waitingRecords -= waiting.records.count
    this.#waitingBytes -= waiting.records.bytes.length
    if (this.#waiting.size === 0) this.#idle?.()
    return waiting
  }
}

function late(ledger: string): TrailproofError {
  const message = `no sequencer answered for ledger ${ledger} in time; the records may still be recorded, once`
  return new TrailproofError('BROKER_UNAVAILABLE', message, { retryable: true })
}
