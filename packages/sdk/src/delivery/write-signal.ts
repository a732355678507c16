import type { Clock } from './clock.ts'

/** A signal that aborts what is overdue, or when everything ends. Dispose of it when the write has settled. */
export class WriteSignal implements Disposable {
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

  [Symbol.dispose](): void {
    this.#timer.cancel()
  }
}
