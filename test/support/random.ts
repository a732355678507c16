/** Random numbers that can be drawn again: a failed run is repeated with its seed. */

export interface Random {
  readonly seed: number
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number
  /** True in `share` of the cases. */
  chance(share: number): boolean
}

/** Mulberry32. The seed is that of `name` in the environment, or a new one. */
export function seededRandom(name: string): Random {
  const given = process.env[name]
  return randomOf(given === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(given))
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    seed,
    below: (below) => Math.floor(next() * below),
    chance: (share) => next() < share,
  }
}
