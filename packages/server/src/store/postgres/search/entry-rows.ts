/** Rows of `indexed_entry` in the binary form of COPY, written without an object each. */
import type { IndexRow } from '../../../search/index-row.ts'

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
/** What stands beside the bytes of actor and terms: lengths and numbers. */
const FIXED_BYTES = 128
/** Sent as soon as it is full, so that the server works on it while the next is made. */
const BUFFER_BYTES = 1 << 16
/** PostgreSQL takes a little more for one entry. UTF-8 takes up to three bytes for one UTF-16 code unit. */
const TERMS_BYTES_MAX = 1_000_000
const BYTES_PER_CHAR_MAX = 3

/** Finds the entries whose terms were too many: they have it and their shape's, and no others. */
export const CUT_TERM = 'Āz'

export interface EntryRow extends IndexRow {
  readonly ledgerId: number
  readonly part: number
  readonly shape: number
  readonly index: number
  readonly erased: boolean
  readonly terms: ReadonlySet<string>
}

export class EntryRows {
  #data = Buffer.allocUnsafe(BUFFER_BYTES)
  #at = SIGNATURE.copy(this.#data)
  #full: Uint8Array[] = []

  add(row: EntryRow): void {
    let termChars = 0
    for (const term of row.terms) termChars += term.length + 1
    this.#makeRoom(FIXED_BYTES + BYTES_PER_CHAR_MAX * (termChars + (row.actor?.length ?? 0) + row.terms.size))
    this.#int16(10)
    this.#integer(row.ledgerId)
    this.#integer(row.part)
    this.#bigint(row.index)
    this.#bigint(row.at)
    this.#integer(row.shape)
    this.#int32(1)
    this.#at = this.#data.writeUInt8(row.erased ? 1 : 0, this.#at)
    this.#double(row.status)
    this.#double(row.latencyMs)
    if (row.actor === undefined) this.#int32(-1)
    else this.#sized(() => this.#text(row.actor!))
    this.#sized(() => {
      this.#int32(row.terms.size)
      for (const term of row.terms) {
        this.#text(term)
        this.#at = this.#data.writeUInt8(0, this.#at)
        this.#int16(0) // no places
      }
    })
  }

  /** What is complete so far; each part once. */
  takeFull(): readonly Uint8Array[] {
    const full = this.#full
    this.#full = []
    return full
  }

  /** The rest, once all rows are added. */
  end(): readonly Uint8Array[] {
    this.#makeRoom(2)
    this.#int16(-1)
    return [...this.#full, this.#data.subarray(0, this.#at)]
  }

  #makeRoom(bytes: number): void {
    if (this.#at + bytes <= this.#data.length) return
    this.#full.push(this.#data.subarray(0, this.#at))
    this.#data = Buffer.allocUnsafe(Math.max(bytes, BUFFER_BYTES))
    this.#at = 0
  }

  #int16(value: number): void {
    this.#at = this.#data.writeInt16BE(value, this.#at)
  }

  #int32(value: number): void {
    this.#at = this.#data.writeInt32BE(value, this.#at)
  }

  #integer(value: number): void {
    this.#int32(4)
    this.#int32(value)
  }

  #bigint(value: number): void {
    this.#int32(8)
    this.#at = this.#data.writeBigInt64BE(BigInt(value), this.#at)
  }

  #double(value: number | null): void {
    if (value === null) return this.#int32(-1)
    this.#int32(8)
    this.#at = this.#data.writeDoubleBE(value, this.#at)
  }

  #text(text: string): void {
    this.#at += this.#data.write(text, this.#at)
  }

  /** Its length in front of what `write` writes. */
  #sized(write: () => void): void {
    const start = this.#at
    this.#at += 4
    write()
    this.#data.writeInt32BE(this.#at - start - 4, start)
  }
}

/** Whether PostgreSQL takes so many terms for one entry. */
export function fitsRow(terms: ReadonlySet<string>): boolean {
  let chars = 0
  for (const term of terms) chars += term.length
  if (BYTES_PER_CHAR_MAX * chars <= TERMS_BYTES_MAX) return true
  let bytes = 0
  for (const term of terms) bytes += Buffer.byteLength(term)
  return bytes <= TERMS_BYTES_MAX
}
