import type { Clock, Timer } from './clock.ts'

/** A wait that can be cut short. One at a time. */
export class Pause {
  readonly #clock: Clock
  #timer: Timer | undefined
  #resume: (() => void) | undefined
  #isAsked = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `isAsked`: the other side has asked for it. */
  for(ms: number, isAsked = false): Promise<void> {
    this.#isAsked = isAsked
    return new Promise((resolve) => {
      this.#resume = resolve
      this.#timer = this.#clock.after(ms, () => this.end())
    })
  }

  endUnlessAsked(): void {
    if (!this.#isAsked) this.end()
  }

  end(): void {
    this.#timer?.cancel()
    this.#resume?.()
    this.#timer = undefined
    this.#resume = undefined
  }
}
