/**
 * Finds ids that occur twice, in bounded memory.
 *
 * A Bloom filter (8 probes, 64 bits per expected id, at most `filterBytesMax`) names ids that MAY have
 * occurred before; it never misses one that did. Only those suspects are remembered, and if there are any the
 * caller reads the ids once more to tell. Below 30 million entries the default filter of 256 MiB expects less
 * than one false suspect; at 100 million about a thousand. More than SUSPECTS_MAX and the answer is "unproven".
 */

import { encodeHex } from '@trailproof/core'

export const SUSPECTS_MAX = 100_000
export const FILTER_BYTES_MAX = 2 ** 28
const PROBES = 8
const BITS_PER_ID = 64

export class RepeatedIds {
  readonly #filter: Uint32Array
  readonly #mask: number
  readonly #suspects = new Set<string>()
  readonly #firstIndex = new Map<string, number>()
  /** True when there were too many suspects to keep. */
  overflowed = false

  constructor(idsExpected: number, filterBytesMax: number = FILTER_BYTES_MAX) {
    let bits = 1024
    while (bits < idsExpected * BITS_PER_ID && bits / 8 < Math.min(filterBytesMax, FILTER_BYTES_MAX))
      bits *= 2
    this.#filter = new Uint32Array(bits / 32)
    this.#mask = bits - 1
  }

  get hasSuspects(): boolean {
    return this.#suspects.size > 0
  }

  /** First reading: notes the id of the next entry. */
  note(id: Uint8Array): void {
    // The id is its own randomness; an attacker who chooses ids can only cause more suspects, never fewer.
    let probe = mix(word(id, 0) ^ mix(word(id, 8)))
    const stride = mix(word(id, 4) ^ mix(word(id, 12) + 1)) | 1
    let seen = true
    for (let i = 0; i < PROBES; i++) {
      const bit = (probe & this.#mask) >>> 0
      const at = bit >>> 5
      const flag = 1 << (bit & 31)
      if ((this.#filter[at]! & flag) === 0) {
        seen = false
        this.#filter[at]! |= flag
      }
      probe = (probe + stride) | 0
    }
    if (!seen) return
    if (this.#suspects.size < SUSPECTS_MAX) this.#suspects.add(encodeHex(id))
    else this.overflowed = true
  }

  /** Second reading: the index where a suspect occurred before, if it did. */
  earlier(id: Uint8Array, index: number): number | undefined {
    const key = encodeHex(id)
    if (!this.#suspects.has(key)) return undefined
    const first = this.#firstIndex.get(key)
    if (first === undefined) this.#firstIndex.set(key, index)
    return first
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** MurmurHash3's finalizer: every bit of the input reaches every bit of the output. */
function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
