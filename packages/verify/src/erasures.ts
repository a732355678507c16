/** Which erased groups an erasure entry of the same ledger accounts for (spec/verify.md, "Erasures"). */

import type { ErasedRange, IndexRange } from './report.ts'

export const ERASURE_ACTION = 'trailproof.erasure'

interface Erasure {
  readonly index: number
  readonly ranges: readonly (readonly [number, number])[]
  readonly authority: string
  readonly reason: string
  readonly subject?: string
  /** Both groups of its entries are gone, not the personal one alone. */
  readonly isOfBoth: boolean
  /** The retention rule that it was done by. */
  readonly rule?: string
}

/** The erasure that a present entry's `metadata` declares; undefined when it declares none that counts. */
export function parseErasure(index: number, metadata: unknown): Erasure | undefined {
  if (typeof metadata !== 'object' || metadata === null) return undefined
  const { ranges, group, authority, reason, subject, rule } = metadata as Record<string, unknown>
  if (
    (group !== 'personal' && group !== 'both') ||
    typeof authority !== 'string' ||
    typeof reason !== 'string'
  )
    return undefined
  if (!Array.isArray(ranges) || !ranges.every(isRange)) return undefined
  return {
    index,
    ranges,
    authority,
    reason,
    isOfBoth: group === 'both',
    ...(typeof subject === 'string' && { subject }),
    ...(typeof rule === 'string' && { rule }),
  }
}

function isRange(range: unknown): range is [number, number] {
  if (!Array.isArray(range) || range.length !== 2) return false
  const [from, to] = range as unknown[]
  return (
    Number.isSafeInteger(from) &&
    Number.isSafeInteger(to) &&
    (from as number) >= 0 &&
    (from as number) < (to as number)
  )
}

/**
 * Divides erased runs (ascending) into those an erasure covers and those none does. An erasure reaches
 * entries before its own only: nothing can be erased ahead. Of several that cover an index, the one that
 * reaches furthest is named.
 */
export function coverErased(
  runs: readonly IndexRange[],
  erasures: readonly Erasure[],
): { covered: ErasedRange[]; uncovered: IndexRange[] } {
  const claims = erasures
    .flatMap((erasure) =>
      erasure.ranges.map(([from, to]) => ({ from, to: Math.min(to, erasure.index), erasure })),
    )
    .filter(({ from, to }) => from < to)
    .toSorted((a, b) => a.from - b.from)
  const covered: ErasedRange[] = []
  const uncovered: IndexRange[] = []
  let next = 0
  let furthest: (typeof claims)[number] | undefined
  for (const run of runs) {
    for (let at = run.from; at < run.to; ) {
      for (; next < claims.length && claims[next]!.from <= at; next++)
        if (furthest === undefined || claims[next]!.to > furthest.to) furthest = claims[next]!
      if (furthest !== undefined && furthest.to > at) {
        const to = Math.min(run.to, furthest.to)
        covered.push(erasedRange(at, to, furthest.erasure))
        at = to
      } else {
        const to = Math.min(run.to, claims[next]?.from ?? run.to)
        uncovered.push({ from: at, to })
        at = to
      }
    }
  }
  return { covered, uncovered }
}

function erasedRange(
  from: number,
  to: number,
  { index, authority, reason, subject, rule }: Erasure,
): ErasedRange {
  return {
    from,
    to,
    erasedBy: index,
    authority,
    reason,
    ...(subject !== undefined && { subject }),
    ...(rule !== undefined && { rule }),
  }
}
