import type { Clock, Timer } from './clock.ts'

/** A wait that can be cut short. One at a time. */
export class Pause {
  readonly #clock: Clock
  #timer: Timer | undefined
  #resume: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  for(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve
      this.#timer = this.#clock.after(ms, () => this.end())
    })
  }

  end(): void {
    this.#timer?.cancel()
    this.#resume?.()
    this.#timer = undefined
    this.#resume = undefined
  }
}
