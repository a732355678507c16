/** Rows in the binary form of COPY. */

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const END = Buffer.from([0xff, 0xff])

/** What stands in a column: its value, with the width it has there. */
export type CopyField =
  | { readonly int2: number }
  | { readonly int4: number }
  | { readonly int8: number }
  | { readonly bytes: Uint8Array }

/** The data of one COPY, row by row. */
export function* copyOf(rows: Iterable<readonly CopyField[]>): Generator<Uint8Array> {
  yield SIGNATURE
  for (const row of rows) yield encodeRow(row)
  yield END
}

function encodeRow(row: readonly CopyField[]): Uint8Array {
  let length = 2
  for (const field of row) length += 4 + widthOf(field)
  const data = Buffer.allocUnsafe(length)
  let at = data.writeInt16BE(row.length)
  for (const field of row) at = writeField(data, field, at)
  return data
}

function widthOf(field: CopyField): number {
  if ('bytes' in field) return field.bytes.length
  if ('int8' in field) return 8
  return 'int4' in field ? 4 : 2
}

function writeField(data: Buffer, field: CopyField, start: number): number {
  const at = data.writeInt32BE(widthOf(field), start)
  if ('bytes' in field) {
    data.set(field.bytes, at)
    return at + field.bytes.length
  }
  if ('int8' in field) return data.writeBigInt64BE(BigInt(field.int8), at)
  return 'int4' in field ? data.writeInt32BE(field.int4, at) : data.writeInt16BE(field.int2, at)
}

const ID_ROW_BYTES = 2 + 4 + 4 + 4 + 16 + 4 + 8

/** Rows of `record_id`, of which there is one a record: written without an object each. */
export class IdRows {
  readonly #data: Buffer
  #at: number

  constructor(count: number) {
    this.#data = Buffer.allocUnsafe(SIGNATURE.length + count * ID_ROW_BYTES + END.length)
    this.#at = SIGNATURE.copy(this.#data)
  }

  add(ledgerId: number, id: Uint8Array, index: number): void {
    const data = this.#data
    let at = data.writeInt16BE(3, this.#at)
    at = data.writeInt32BE(4, at)
    at = data.writeInt32BE(ledgerId, at)
    at = data.writeInt32BE(16, at)
    data.set(id, at)
    at = data.writeInt32BE(8, at + 16)
    at = data.writeUInt32BE(Math.floor(index / 2 ** 32), at)
    this.#at = data.writeUInt32BE(index % 2 ** 32, at)
  }

  /** Once all rows are added. */
  end(): Uint8Array {
    END.copy(this.#data, this.#at)
    return this.#data
  }
}
