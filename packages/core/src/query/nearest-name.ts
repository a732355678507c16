/** The name that was probably meant. */

/** Longer texts are no slips of the pen. */
const NAME_CHARS_MAX = 32
/** And at most one in three characters. */
const SLIPS_MAX = 2
/** What is shorter begins too many names. */
const BEGINNING_CHARS_MIN = 3

/**
 * The known name with the fewest slips; else one that the name begins with, or that begins with it; else undefined.
 * Of equals the first.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > NAME_CHARS_MAX) return undefined
  const written = name.toLowerCase()
  return misspelledName(written, known) ?? known.find((each) => beginAlike(written, each))
}

/** The known name that was written with the fewest slips of the pen, if they are few. Of equals the first. */
export function misspelledName(name: string, known: readonly string[]): string | undefined {
  const slipsMax = Math.min(SLIPS_MAX, Math.floor(name.length / 3))
  if (name.length > NAME_CHARS_MAX) return undefined
  const nearest = known
    .map((each) => ({ each, slips: slipsBetween(name, each) }))
    .filter(({ slips }) => slips <= slipsMax)
    .toSorted((a, b) => a.slips - b.slips)[0]
  return nearest?.each
}

function beginAlike(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= BEGINNING_CHARS_MIN && (a.startsWith(b) || b.startsWith(a))
}

/** Characters left out, added, mistaken or swapped with their neighbour (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const mistaken = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min(mistaken, last[j]! + 1, row[j - 1]! + 1)
      const areSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (areSwapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
