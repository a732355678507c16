/** The bytes of a file that is written anywhere and grows. */
export class FileContent {
  #buffer: Buffer
  #size: number

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#buffer = Buffer.from(bytes)
    this.#size = bytes.length
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size)
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#grow(offset + bytes.length)
    this.#buffer.set(bytes, offset)
  }

  truncate(size: number): void {
    if (size > this.#size) this.#grow(size)
    else this.#size = size
  }

  #grow(size: number): void {
    if (size <= this.#size) return
    if (size > this.#buffer.length) {
      // Room for more, so that appending does not copy the file each time.
      const larger = Buffer.alloc(2 * size)
      larger.set(this.bytes)
      this.#buffer = larger
    }
    this.#buffer.fill(0, this.#size, size)
    this.#size = size
  }
}
