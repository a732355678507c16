/** Which offsets of a partition are done, in whatever order: only what is done without a gap may be committed. */

export class DoneOffsets {
  /** Everything below is done. */
  #next: bigint | undefined
  readonly #taken: bigint[] = []
  readonly #done = new Set<bigint>()

  /** Offsets rise; those that the broker left out (compaction, markers of transactions) never come. */
  take(offset: bigint): void {
    this.#next ??= offset
    this.#taken.push(offset)
  }

  done(offset: bigint): void {
    this.#done.add(offset)
    while (this.#taken.length > 0 && this.#done.delete(this.#taken[0]!))
      this.#next = this.#taken.shift()! + 1n
  }

  /** The offset to go on from; undefined before the first message. */
  get next(): bigint | undefined {
    return this.#next
  }
}
