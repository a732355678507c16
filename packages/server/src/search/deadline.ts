/** Time for one query: it gives way to others now and then, and ends when its time is over. */

/** How long a query may keep the thread to itself. */
const TURN_MS = 20

export class Deadline {
  readonly #endsAt: number
  #turnEndsAt: number

  constructor(milliseconds: number) {
    const now = performance.now()
    this.#endsAt = now + milliseconds
    this.#turnEndsAt = now + TURN_MS
  }

  get isOver(): boolean {
    return performance.now() >= this.#endsAt
  }

  /** For what waits on others: a database ends its work by itself. 0 when the time is over. */
  get leftMs(): number {
    return Math.max(0, this.#endsAt - performance.now())
  }

  /** Lets others run when the turn is over. False: there is no time left. */
  async hasTime(): Promise<boolean> {
    if (performance.now() >= this.#turnEndsAt) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
      this.#turnEndsAt = performance.now() + TURN_MS
    }
    return !this.isOver
  }
}
