/** Keeps the beginning of a body as it passes, its size, and the SHA-256 of one that is longer than what is kept. */
import { createHash, type Hash } from 'node:crypto'

export interface CapturedBody {
  /** What was kept: all of it, or the first bytes. */
  readonly bytes: Buffer
  /** Of the whole body, as far as it passed. */
  readonly size: number
  /** Hex, over all of it; absent when all of it was kept. */
  readonly sha256: string | undefined
}

export class BodyCapture {
  readonly #bytesMax: number
  readonly #kept: (Buffer | string)[] = []
  #keptBytes = 0
  #size = 0
  #hash: Hash | undefined

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get size(): number {
    return this.#size
  }

  /** Copies what it keeps: the caller may use its buffer again. Never throws. */
  add(chunk: unknown, encoding?: unknown): void {
    if (typeof chunk === 'string') this.#addText(chunk, encoding)
    else if (chunk instanceof Uint8Array) this.#addBytes(chunk)
  }

  /** What was captured so far; more may follow. An answer may come before all of its request was sent. */
  captured(): CapturedBody {
    const [only] = this.#kept
    const bytes =
      this.#kept.length === 1 && typeof only !== 'string'
        ? only!
        : Buffer.concat(this.#kept.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
    return { bytes, size: this.#size, sha256: this.#hash?.copy().digest('hex') }
  }

  /** The only chunk, when it was one text: most answers are, and need not become bytes for us. */
  get onlyText(): string | undefined {
    const [only] = this.#kept
    return this.#kept.length === 1 && typeof only === 'string' ? only : undefined
  }

  #addText(text: string, encoding: unknown): void {
    if (
      encoding !== undefined &&
      encoding !== 'utf8' &&
      encoding !== 'utf-8' &&
      typeof encoding !== 'function'
    ) {
      this.#addBytes(
        Buffer.from(text, typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8'),
      )
      return
    }
    const size = Buffer.byteLength(text)
    if (this.#hash === undefined && this.#keptBytes + size <= this.#bytesMax) {
      if (size === 0) return
      this.#kept.push(text)
      this.#keptBytes += size
      this.#size += size
    } else this.#addBytes(Buffer.from(text))
  }

  #addBytes(bytes: Uint8Array): void {
    this.#size += bytes.length
    const room = this.#bytesMax - this.#keptBytes
    if (this.#hash === undefined && bytes.length <= room) {
      if (bytes.length > 0) this.#kept.push(Buffer.from(bytes))
      this.#keptBytes += bytes.length
      return
    }
    if (this.#hash === undefined) {
      this.#hash = createHash('sha256')
      for (const part of this.#kept) this.#hash.update(part)
      if (room > 0) this.#kept.push(Buffer.from(bytes.subarray(0, room)))
      this.#keptBytes += room
    }
    this.#hash.update(bytes)
  }
}
