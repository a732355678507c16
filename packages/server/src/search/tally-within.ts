/** Counts by time, and how many matches lie outside of that time: together they are all that match. */
import type { TallyAnswer, TallyQuery } from './searcher.ts'
import { ALL_TIME } from './shown-range.ts'

export interface TallyWithin extends TallyAnswer {
  readonly outside: { readonly before: number; readonly after: number }
}

/** One question: what lies outside is a bucket at either end. Values are counted inside alone. */
export async function tallyWithin(
  searcher: { tally(request: TallyQuery): Promise<TallyAnswer> },
  request: TallyQuery,
): Promise<TallyWithin> {
  const edges = [
    Math.min(ALL_TIME.fromMs, request.edges[0]! - 1),
    ...request.edges,
    Math.max(ALL_TIME.toMs, request.edges.at(-1)! + 1),
  ]
  const tally = await searcher.tally({ ...request, edges })
  const by = Object.entries(tally.by).map(([field, values]) => [
    field,
    new Map(
      [...values]
        .map(([value, counts]) => [value, counts.slice(1, -1)] as const)
        .filter(([, counts]) => counts.some((count) => count > 0)),
    ),
  ])
  return {
    ...tally,
    counts: tally.counts.slice(1, -1),
    by: Object.fromEntries(by),
    outside: { before: tally.counts[0]!, after: tally.counts.at(-1)! },
  }
}
