/** Answers searches from the index in OpenSearch. */
import type { Deadline } from '../../search/deadline.ts'
import type { FilterPlan } from '../../search/filter-plan.ts'
import { slicesOf } from '../../search/index-slices.ts'
import { planFilter } from '../../search/plan-filter.ts'
import { MINUTE_MS } from '../../search/rollup-parts.ts'
import { timeConditions } from '../../search/row-conditions.ts'
import type { CandidatePage, CandidateRequest } from '../../search/search-index.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import { boundedPlan, planQuery, type Query, rowQuery } from './index-query.ts'
import type { KnownLedger, KnownLedgers } from './known-ledgers.ts'
import type { SearchAnswer } from './search-answer.ts'

/** Documents that a search may answer with (`index.max_result_window`). */
const PAGE_MAX = 10_000
/** Entries asked for first, and how many times more with each question that did not fill the page. */
const FIRST_SLICE = 262_144
const GROWTH = 8
const RANGE_TIMEOUT_MS = 30_000

interface Extremes {
  readonly first: { readonly value: number | null }
  readonly last: { readonly value: number | null }
}

interface ExtremesAnswer extends SearchAnswer {
  readonly aggregations: Extremes & { readonly within?: Extremes }
}

export class IndexReader {
  readonly #ledgers: KnownLedgers

  constructor(ledgers: KnownLedgers) {
    this.#ledgers = ledgers
  }

  candidates(request: CandidateRequest, deadline: Deadline): Promise<CandidatePage> {
    return this.#ledgers.ask(request.ledger, async (known) => {
      const plan = known && planFor(request, known)
      if (!plan || plan.shapes?.size === 0) return { indexes: [], exact: true, next: undefined }
      return await this.#page(known, plan, request, deadline)
    })
  }

  async #page(
    known: KnownLedger,
    plan: FilterPlan,
    { order, low, high, limit: asked }: CandidateRequest,
    deadline: Deadline,
  ): Promise<CandidatePage> {
    const { exact } = plan
    const limit = Math.min(asked, PAGE_MAX)
    const span = { low: Math.min(low, known.cursor), high: Math.min(high, known.cursor) }
    const indexes: number[] = []
    for (const slice of slicesOf([span], order, growing())) {
      const query = planQuery(plan, slice.low, slice.high)
      const page = pageBody(query, order, limit - indexes.length)
      const answer = await this.#ledgers.search<SearchAnswer>(known, page, deadline.leftMs)
      const [begin, end] = order === 'newest' ? [slice.high, slice.low] : [slice.low, slice.high]
      if (!answer) return { indexes, exact, next: begin }
      for (const { sort } of answer.hits.hits) indexes.push(sort![0]!)
      if (indexes.length === limit) {
        const last = indexes.at(-1)!
        return { indexes, exact, next: order === 'newest' ? last : last + 1 }
      }
      const isEnd = order === 'newest' ? end === span.low : end === span.high
      if (!isEnd && deadline.isOver) return { indexes, exact, next: end }
    }
    return { indexes, exact, next: undefined }
  }

  timeRange(
    ledger: string,
    within?: { fromMs: number; toMs: number },
  ): Promise<{ fromMs: number; toMs: number } | undefined> {
    return this.#ledgers.ask(ledger, async (known) => {
      if (!known) return undefined
      const extremes = {
        first: { min: { field: 'timestamp_ms' } },
        last: { max: { field: 'timestamp_ms' } },
      }
      const aggs = {
        ...extremes,
        ...(within && {
          within: {
            filter: { bool: { filter: timeConditions(within.fromMs, within.toMs).map(rowQuery) } },
            aggs: extremes,
          },
        }),
      }
      const query = planQuery({ exact: true }, 0, known.cursor)
      const body = { size: 0, track_total_hits: false, query, aggs }
      const answer = await this.#ledgers.search<ExtremesAnswer>(known, body, RANGE_TIMEOUT_MS)
      if (!answer)
        throw new TrailproofError('OVERLOADED', 'OpenSearch: the times of a ledger were not found in time', {
          retryable: true,
        })
      return rangeOf(answer.aggregations, within)
    })
  }

  explain(request: Pick<CandidateRequest, 'ledger' | 'filter' | 'nowMs'>): Promise<readonly string[]> {
    return this.#ledgers.ask(request.ledger, async (known) => {
      if (!known) return ['nothing is indexed']
      const plan = planFor(request, known)
      return [
        JSON.stringify(pageBody(planQuery(plan, 0, known.cursor), 'newest', 50)),
        `${known.parts} indices`,
        ...(plan.shapes ? [`${plan.shapes.size} of ${known.shapes.size} shapes`] : []),
        plan.exact ? 'the index decides' : 'each candidate is compared with its record',
      ]
    })
  }
}

export function planFor(
  { filter, nowMs }: Pick<CandidateRequest, 'filter' | 'nowMs'>,
  known: KnownLedger,
): FilterPlan {
  return boundedPlan(planFilter(filter, known, nowMs))
}

/** A page by its entries alone: nothing of a document is read but where it sorts. */
function pageBody(query: Query, order: CandidateRequest['order'], size: number): object {
  return {
    size,
    track_total_hits: false,
    stored_fields: '_none_',
    query,
    sort: [{ entry: order === 'newest' ? 'desc' : 'asc' }],
  }
}

function growing(): () => number {
  let size = FIRST_SLICE / GROWTH
  return () => (size = Math.min(size * GROWTH, Number.MAX_SAFE_INTEGER))
}

function rangeOf(
  all: Extremes & { readonly within?: Extremes },
  within: { fromMs: number; toMs: number } | undefined,
): { fromMs: number; toMs: number } | undefined {
  const { first, last } = all
  if (first.value === null || last.value === null) return undefined
  const [fromMs, toMs] = [first.value, last.value + 1]
  if (!within || (fromMs >= within.fromMs && toMs <= within.toMs)) return { fromMs, toMs }
  const inside = all.within!
  if (inside.first.value === null || inside.last.value === null) return undefined
  // To the minute, as drivers that count by minutes answer.
  return {
    fromMs: Math.max(minuteOf(inside.first.value), fromMs, within.fromMs),
    toMs: Math.min(minuteOf(inside.last.value) + MINUTE_MS, toMs, within.toMs),
  }
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS
}
