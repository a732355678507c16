/** How many trails sampling left out since it was last recorded; told within a minute, however quiet it is afterwards. */
import { type Clock, systemClock, type Timer } from '../delivery/clock.ts'

/** The longest that it is kept to oneself while the process runs. */
export const SAMPLED_EVERY_MS = 60_000

export class SampledOut {
  readonly #tell: (trails: number, since: number) => void
  readonly #clock: Clock
  #trails = 0
  #since = 0
  #timer: Timer | undefined

  constructor(tell: (trails: number, since: number) => void, clock: Clock = systemClock) {
    this.#tell = tell
    this.#clock = clock
  }

  /** Left out since it was last told. */
  get untold(): number {
    return this.#trails
  }

  add(): void {
    this.#trails++
    if (this.#timer !== undefined) return
    this.#since = this.#clock.now()
    // It keeps no process alive: at the end it is told anyway.
    this.#timer = this.#clock.after(SAMPLED_EVERY_MS, () => this.tell())
  }

  /** Now rather than when the minute is over; nothing where there is nothing to tell. */
  tell(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#trails === 0) return
    const trails = this.#trails
    this.#trails = 0
    this.#tell(trails, this.#since)
  }
}
