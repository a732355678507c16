/** Runs one thing after the other, in the order they were asked for; an error is only its own caller's. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined) // the caller has it
    return done
  }
}
