import type { Clock } from './clock.ts'

/** A signal that aborts what is overdue, or when everything ends. */
export class WriteSignal {
  readonly #controller = new AbortController()
  readonly #timer

  constructor(clock: Clock, timeoutMs: number) {
    this.#timer = clock.after(timeoutMs, () => this.abort(`not answered within ${timeoutMs} ms`))
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  abort(why: string): void {
    this.#timer.cancel()
    this.#controller.abort(new Error(why))
  }

  /** Nothing is overdue any more. */
  settled(): void {
    this.#timer.cancel()
  }
}
