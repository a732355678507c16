/** Counts what did not get through, tells it on the diagnostics channel, and keeps it for the record of the gap. */
import { DROP_REASONS, type DropReason, report } from '../recorder/diagnostics.ts'
import type { Clock, Timer } from './clock.ts'
import type { LossLog } from './loss-log.ts'

/** All are counted; the channel gets at most one event of a reason in this time, with their number. */
const REPORT_EVERY_MS = 1_000

interface Untold {
  records: number
  error: unknown
  toldAt: number
  timer: Timer | undefined
}

export class DropTally {
  readonly counts: Readonly<Record<DropReason, number>>
  readonly #counts: Record<DropReason, number>
  readonly #untold = new Map<DropReason, Untold>()
  readonly #clock: Clock
  readonly #losses: LossLog

  constructor(clock: Clock, losses: LossLog) {
    this.#clock = clock
    this.#losses = losses
    this.#counts = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>
    this.counts = this.#counts
  }

  get total(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0)
  }

  /** `noted: false` for the record of a gap itself: a gap in the records of gaps would go on for ever. */
  drop(reason: DropReason, seq: number | undefined, error?: unknown, { noted = true } = {}): void {
    this.#counts[reason]++
    if (noted) this.#losses.add(reason, seq, this.#clock.now())
    this.#tell(reason, error)
  }

  /** Tells what is still untold; for the end. */
  tellAll(): void {
    for (const [reason, untold] of this.#untold) this.#tellNow(reason, untold)
  }

  #tell(reason: DropReason, error: unknown): void {
    let untold = this.#untold.get(reason)
    if (untold === undefined) {
      untold = { records: 0, error: undefined, toldAt: -Infinity, timer: undefined }
      this.#untold.set(reason, untold)
    }
    untold.records++
    untold.error = error ?? untold.error
    if (untold.timer !== undefined) return
    const waitMs = untold.toldAt + REPORT_EVERY_MS - this.#clock.elapsed()
    if (waitMs <= 0) this.#tellNow(reason, untold)
    else untold.timer = this.#clock.after(waitMs, () => this.#tellNow(reason, untold))
  }

  #tellNow(reason: DropReason, untold: Untold): void {
    untold.timer?.cancel()
    const { records, error } = untold
    Object.assign(untold, { records: 0, error: undefined, timer: undefined, toldAt: this.#clock.elapsed() })
    if (records === 0) return
    report({ kind: 'dropped', reason, records, ...(error === undefined ? {} : { error }) })
  }
}
