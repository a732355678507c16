/** Answers searches from the index in PostgreSQL. */
import { timeBounds } from '@trailproof/core/query'
import type { Deadline } from '../../../search/deadline.ts'
import type { FilterPlan } from '../../../search/filter-plan.ts'
import { type IndexSpan, type Order, slicesOf } from '../../../search/index-slices.ts'
import type { CandidatePage, CandidateRequest } from '../../../search/search-index.ts'
import type { Connections } from '../connections.ts'
import {
  byTerms,
  hasTerms,
  orderedQuery,
  planFor,
  rowWise,
  shapesAsTerms,
  sortedQuery,
} from './index-lookup.ts'
import type { KnownLedger, KnownLedgers } from './known-ledgers.ts'
import { Pace } from './pace.ts'
import { BY_TERMS, rowsWithin } from './rows-within.ts'
import { Zones } from './zones.ts'

const EXPLAIN_TIMEOUT_MS = 5000

export class IndexReader {
  readonly #connections: Connections
  readonly #schema: string
  readonly #ledgers: KnownLedgers
  readonly #zones: Zones
  readonly #firstSlice: number

  constructor(connections: Connections, schema: string, ledgers: KnownLedgers, firstSlice: number) {
    this.#connections = connections
    this.#schema = schema
    this.#ledgers = ledgers
    this.#zones = new Zones(connections, schema)
    this.#firstSlice = firstSlice
  }

  async candidates(request: CandidateRequest, deadline: Deadline): Promise<CandidatePage> {
    const known = await this.#ledgers.find(request.ledger)
    const plan = planFor(request, known)
    if (!known || plan.shapes?.size === 0) return { indexes: [], exact: true, next: undefined }
    const { order, limit, filter, nowMs } = request
    const { fromMs, toMs } = timeBounds(filter, nowMs)
    const span = { low: Math.min(request.low, known.cursor), high: Math.min(request.high, known.cursor) }
    const spans = await this.#zones.within(known.id, span, fromMs, toMs)
    const pace = new Pace(hasTerms(plan), this.#firstSlice)
    let termPlan: FilterPlan | undefined
    const indexes: number[] = []
    for (const slice of slicesOf(spans, order, () => pace.size)) {
      const page = { order, limit: limit - indexes.length }
      const { query, settings } = pace.byTerms
        ? this.#termQuery(known, slice, (termPlan ??= await this.#termPlan(known, plan)), page)
        : { query: orderedQuery(this.#schema, rowWise(known, slice, plan), page), settings: '' }
      const rows = await rowsWithin<[number]>(this.#connections, query, deadline.leftMs, settings)
      const [begin, end] = order === 'newest' ? [slice.high, slice.low] : [slice.low, slice.high]
      if (!rows) return { indexes, exact: plan.exact, next: begin }
      for (const [index] of rows) indexes.push(index)
      if (indexes.length === limit) {
        const last = indexes.at(-1)!
        return { indexes, exact: plan.exact, next: order === 'newest' ? last : last + 1 }
      }
      if (deadline.isOver) return { indexes, exact: plan.exact, next: end }
      pace.saw(slice.high - slice.low, rows.length, limit - indexes.length)
    }
    return { indexes, exact: plan.exact, next: undefined }
  }

  async timeRange(
    ledger: string,
    within?: { fromMs: number; toMs: number },
  ): Promise<{ fromMs: number; toMs: number } | undefined> {
    const known = await this.#ledgers.find(ledger)
    const all = known && (await this.#zones.timesOf(known.id))
    if (!all || !within || (all.fromMs >= within.fromMs && all.toMs <= within.toMs)) return all
    // A zone's extremes hide the others of its times; the minutes of the rollup do not.
    const minutes = await this.#zones.minutesIn(known.id, { from: within.fromMs, to: within.toMs })
    if (!minutes) return undefined
    const fromMs = Math.max(minutes.from, all.fromMs, within.fromMs)
    const toMs = Math.min(minutes.to, all.toMs, within.toMs)
    return fromMs < toMs ? { fromMs, toMs } : undefined
  }

  async explain(request: Pick<CandidateRequest, 'ledger' | 'filter' | 'nowMs'>): Promise<readonly string[]> {
    const known = await this.#ledgers.find(request.ledger)
    const plan = planFor(request, known)
    if (!known) return ['nothing is indexed']
    const slice = { low: 0, high: known.cursor }
    const page = { order: 'newest', limit: 50 } as const
    const { query, settings } = hasTerms(plan)
      ? this.#termQuery(known, slice, await this.#termPlan(known, plan), page)
      : { query: orderedQuery(this.#schema, rowWise(known, slice, plan), page), settings: '' }
    const explained = `EXPLAIN (COSTS OFF) ${query}`
    const steps = await rowsWithin<[string]>(this.#connections, explained, EXPLAIN_TIMEOUT_MS, settings)
    return [
      query,
      ...(steps ?? []).map(([step]) => step),
      ...(plan.shapes ? [`${plan.shapes.size} of ${known.shapes.size} shapes`] : []),
      plan.exact ? 'the index decides' : 'each candidate is compared with its record',
    ]
  }

  #termQuery(known: KnownLedger, slice: IndexSpan, plan: FilterPlan, page: { order: Order; limit: number }) {
    return { query: sortedQuery(this.#schema, byTerms(known, slice, plan), page), settings: BY_TERMS }
  }

  /** Shapes that many entries have are told from their rows, once other terms have found them. */
  async #termPlan(known: KnownLedger, plan: FilterPlan): Promise<FilterPlan> {
    const { match, shapes } = plan
    if (match !== undefined && shapes && !(await this.#ledgers.areSparse(known, shapes))) return plan
    return shapesAsTerms(plan)
  }
}
