/** Bytes that grow: texts and exact bytes one after another, without a string in between. */

const BYTES_AT_FIRST = 1 << 18
/** What one block of large records took is not kept for the small ones that follow. */
const BYTES_KEPT_MAX = 1 << 22

export class ByteWriter {
  #buffer = Buffer.allocUnsafeSlow(BYTES_AT_FIRST)
  #length = 0

  text(text: string): void {
    this.#reserve(text.length * 3) // three bytes a UTF-16 unit always fit
    this.#length += this.#buffer.write(text, this.#length, 'utf8')
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0
  }

  /** What was written, in memory of its own: a worker can give it away. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.#length)
    taken.set(this.#buffer.subarray(0, this.#length))
    this.#length = 0
    if (this.#buffer.length > BYTES_KEPT_MAX) this.#buffer = Buffer.allocUnsafeSlow(BYTES_AT_FIRST)
    return taken
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + bytes))
    grown.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = grown
  }
}
