/** Chance that can be drawn again: the same seed makes the same shop. */

export interface Chance {
  /** From 0 up to, but not, 1. */
  next(): number
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number
  pick<T>(values: readonly [T, ...T[]] | readonly T[]): T
  /** True in `share` of the cases. */
  happens(share: number): boolean
  /** So many hexadecimal digits. */
  hex(digits: number): string
}

/** Mulberry32: small, and good enough for what nobody is to guess anything from. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    between,
    pick(values) {
      const value = values[between(0, values.length - 1)]
      if (value === undefined) throw new RangeError('there is nothing to pick from')
      return value
    },
    happens: (share) => next() < share,
    hex: (digits) => Array.from({ length: digits }, () => between(0, 15).toString(16)).join(''),
  }
}

/** A UUIDv7 of that time (RFC 9562, section 5.7). */
export function idAt(ms: number, chance: Chance): string {
  const time = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0')
  const variant = (8 + chance.between(0, 3)).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${chance.hex(3)}-${variant}${chance.hex(3)}-${chance.hex(12)}`
}
