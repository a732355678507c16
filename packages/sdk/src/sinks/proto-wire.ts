/** The wire format of Protocol Buffers, as much of it as audit-proto.ts needs: varints, 64-bit doubles and byte strings. */

const VARINT = 0
const FIXED_64 = 1
const BYTES = 2
const FIXED_32 = 5

/** Writes one message. What is undefined is not written. */
export class ProtoWriter {
  #buffer = Buffer.allocUnsafe(512)
  #size = 0

  text(field: number, value: string | undefined): void {
    if (value === undefined) return
    const size = Buffer.byteLength(value)
    this.#head(field, size)
    this.#buffer.write(value, this.#size)
    this.#size += size
  }

  bytes(field: number, value: Uint8Array | undefined): void {
    if (value === undefined) return
    this.#head(field, value.length)
    this.#buffer.set(value, this.#size)
    this.#size += value.length
  }

  message(field: number, value: ProtoWriter | undefined): void {
    this.bytes(field, value?.written)
  }

  /** An enum, a bool or a number that is not negative. */
  varint(field: number, value: number | undefined): void {
    if (value === undefined) return
    this.#reserve(20)
    this.#varint(field * 8 + VARINT)
    this.#varint(value)
  }

  double(field: number, value: number | undefined): void {
    if (value === undefined) return
    this.#reserve(20)
    this.#varint(field * 8 + FIXED_64)
    this.#size = this.#buffer.writeDoubleLE(value, this.#size)
  }

  /** What was written so far; valid until more is. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#size)
  }

  #head(field: number, size: number): void {
    this.#reserve(20 + size)
    this.#varint(field * 8 + BYTES)
    this.#varint(size)
  }

  /** Below 2^53: by division, as shifts know 32 bits only. */
  #varint(value: number): void {
    let rest = value
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#buffer[this.#size++] = (rest % 128) + 128
    this.#buffer[this.#size++] = rest
  }

  #reserve(bytes: number): void {
    if (this.#size + bytes <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, this.#size + bytes))
    this.#buffer.copy(grown, 0, 0, this.#size)
    this.#buffer = grown
  }
}

/** One message that was read: each field with all its values, in their order. */
export class ProtoMessage {
  readonly #varints = new Map<number, number>()
  readonly #bytes = new Map<number, Uint8Array[]>()

  /** Throws an Error for bytes that are no message. */
  constructor(source: Uint8Array) {
    let at = 0
    const varint = (): number => {
      let value = 0
      for (let scale = 1; ; scale *= 128) {
        const byte = source[at++]
        if (byte === undefined || scale > 2 ** 63) throw new Error('not a protobuf message: it is cut off')
        value += (byte & 127) * scale
        if (byte < 128) return value
      }
    }
    const skip = (bytes: number): number => {
      const from = at
      at += bytes
      if (at > source.length) throw new Error('not a protobuf message: it is cut off')
      return from
    }
    while (at < source.length) {
      const tag = varint()
      const field = Math.floor(tag / 8)
      switch (tag % 8) {
        case VARINT:
          this.#varints.set(field, varint())
          break
        case BYTES: {
          const size = varint()
          const from = skip(size)
          const values = this.#bytes.get(field)
          const value = source.subarray(from, at)
          if (values === undefined) this.#bytes.set(field, [value])
          else values.push(value)
          break
        }
        case FIXED_64:
          skip(8)
          break
        case FIXED_32:
          skip(4)
          break
        default:
          throw new Error(`not a protobuf message: wire type ${tag % 8}`)
      }
    }
  }

  /** 0 where it is absent, as proto3 has it. Exact up to 2^53. */
  varint(field: number): number {
    return this.#varints.get(field) ?? 0
  }

  bytes(field: number): Uint8Array | undefined {
    return this.#bytes.get(field)?.at(-1)
  }

  all(field: number): readonly Uint8Array[] {
    return this.#bytes.get(field) ?? []
  }

  text(field: number): string {
    return Buffer.from(this.bytes(field) ?? []).toString()
  }

  /** An empty one where it is absent. */
  message(field: number): ProtoMessage {
    return new ProtoMessage(this.bytes(field) ?? new Uint8Array())
  }
}
