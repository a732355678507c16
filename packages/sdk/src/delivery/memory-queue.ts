/** Records that wait in memory, oldest first, bounded in number and bytes. */
import type { SealedRecord } from './sealed-record.ts'

export interface Bounds {
  readonly recordsMax: number
  readonly bytesMax: number
}

interface Waiting {
  readonly record: SealedRecord
  readonly bytes: number
  /** On the clock's `elapsed`. */
  readonly since: number
}

/** Places before the oldest record are given back once there are so many. */
const COMPACT_AT = 1024

export class MemoryQueue {
  readonly #bounds: Bounds
  #entries: (Waiting | undefined)[] = []
  #first = 0
  #bytes = 0
  #settled = 0
  #barriers: { readonly settled: number; readonly resolve: () => void }[] = []

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  get records(): number {
    return this.#entries.length - this.#first
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Number of the oldest record in its stream. */
  get head(): number | undefined {
    return this.#entries[this.#first]?.record.seq
  }

  get oldestSince(): number | undefined {
    return this.#entries[this.#first]?.since
  }

  /** False: it is full, and the record is not in it. An empty queue takes one record of any size. */
  push(record: SealedRecord, bytes: number, since: number): boolean {
    const { recordsMax, bytesMax } = this.#bounds
    if (this.records > 0 && (this.records >= recordsMax || this.#bytes + bytes > bytesMax)) return false
    this.#entries.push({ record, bytes, since })
    this.#bytes += bytes
    return true
  }

  /** The oldest records, at least one when there is any; they stay until they are settled. */
  oldest({ recordsMax, bytesMax }: Bounds): SealedRecord[] {
    const batch: SealedRecord[] = []
    let bytes = 0
    for (let at = this.#first; at < this.#entries.length && batch.length < recordsMax; at++) {
      const entry = this.#entries[at]!
      bytes += entry.bytes
      if (batch.length > 0 && bytes > bytesMax) break
      batch.push(entry.record)
    }
    return batch
  }

  /** Lets go of the oldest `count`. */
  settle(count: number): void {
    for (let n = 0; n < count && this.#first < this.#entries.length; n++) {
      this.#bytes -= this.#entries[this.#first]!.bytes
      this.#entries[this.#first++] = undefined
      this.#settled++
    }
    if (this.#first === this.#entries.length) {
      this.#entries = []
      this.#first = 0
    } else if (this.#first >= COMPACT_AT && this.#first * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first)
      this.#first = 0
    }
    while (this.#barriers[0] !== undefined && this.#barriers[0].settled <= this.#settled)
      this.#barriers.shift()!.resolve()
  }

  /** Resolves when all that is in it now has been settled. */
  settledAll(): Promise<void> {
    if (this.records === 0) return Promise.resolve()
    return new Promise((resolve) => this.#barriers.push({ settled: this.#settled + this.records, resolve }))
  }
}
