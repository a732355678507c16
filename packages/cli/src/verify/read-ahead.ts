/** Reads that are started before they are asked for, and kept for a while after. */

export class ReadAhead<Key, Value> {
  readonly #read: (key: Key) => Promise<Value>
  readonly #keptMax: number
  readonly #started = new Map<Key, Promise<Value>>()

  /** Beyond `keptMax` the oldest are forgotten. */
  constructor(read: (key: Key) => Promise<Value>, keptMax: number) {
    this.#read = read
    this.#keptMax = keptMax
  }

  /** Begins reading, if that was not done; a failure shows when the value is asked for. */
  start(key: Key): void {
    this.read(key).catch(() => {}) // told to whoever reads it
  }

  read(key: Key): Promise<Value> {
    const known = this.#started.get(key)
    if (known) return known
    const value = this.#read(key)
    this.#started.set(key, value)
    if (this.#started.size > this.#keptMax) this.#started.delete(this.#started.keys().next().value!)
    return value
  }
}
