/** Which erased groups an erasure entry accounts for: one of the same ledger, or of its successor (spec/verify.md, "Erasures"). */

import type { ErasedRange, IndexRange } from './report.ts'

export const ERASURE_ACTION = 'trailproof.erasure'
/** Erases from a closed ledger that this one has succeeded: its indexes are none of this ledger's. */
export const PREDECESSOR_ERASURE_ACTION = 'trailproof.erasure_of_predecessor'

export interface Erasure {
  readonly index: number
  /** The successor whose entry it is; undefined: the ledger itself. */
  readonly ledger?: string
  /** It reaches entries below this index only. */
  readonly reach: number
  readonly ranges: readonly (readonly [number, number])[]
  readonly authority: string
  readonly reason: string
  readonly subject?: string
  /** Both groups of its entries are gone, not the personal one alone. */
  readonly isOfBoth: boolean
  /** The retention rule that it was done by. */
  readonly rule?: string
}

/** The erasure that a present entry's `metadata` declares; undefined when it declares none that counts. Nothing can be erased ahead. */
export function parseErasure(index: number, metadata: unknown): Erasure | undefined {
  if (typeof metadata !== 'object' || metadata === null || 'ledger' in metadata) return undefined
  return erasureOf(index, index, metadata)
}

/** The same of an entry that erases from a predecessor, with the name of that. The predecessor is closed: all of it was there before. */
export function parsePredecessorErasure(
  index: number,
  metadata: unknown,
): { readonly ledger: string; readonly erasure: Erasure } | undefined {
  if (typeof metadata !== 'object' || metadata === null) return undefined
  const { ledger } = metadata as Record<string, unknown>
  const erasure = erasureOf(index, Number.POSITIVE_INFINITY, metadata)
  return typeof ledger === 'string' && erasure !== undefined ? { ledger, erasure } : undefined
}

function erasureOf(index: number, reach: number, metadata: object): Erasure | undefined {
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
    reach,
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
 * Divides erased runs (ascending) into those an erasure covers and those none does. Of several that cover
 * an index, the one that reaches furthest is named.
 */
export function coverErased(
  runs: readonly IndexRange[],
  erasures: readonly Erasure[],
): { covered: ErasedRange[]; uncovered: IndexRange[] } {
  const claims = erasures
    .flatMap((erasure) =>
      erasure.ranges.map(([from, to]) => ({ from, to: Math.min(to, erasure.reach), erasure })),
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
  { index, ledger, authority, reason, subject, rule }: Erasure,
): ErasedRange {
  return {
    from,
    to,
    erasedBy: index,
    ...(ledger !== undefined && { ledger }),
    authority,
    reason,
    ...(subject !== undefined && { subject }),
    ...(rule !== undefined && { rule }),
  }
}
