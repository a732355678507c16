/** Counts matching entries, by buckets of time and by the values of shapes and actors, a bounded page at a time. */
import { timeBounds } from '@trailproof/core/query'
import type { Deadline } from '../../search/deadline.ts'
import type { FilterPlan } from '../../search/filter-plan.ts'
import { bucketsOf } from '../../search/rollup-parts.ts'
import { timeConditions } from '../../search/row-conditions.ts'
import type { Tally, TallyRequest } from '../../search/search-index.ts'
import { isShapeField } from '../../search/shape.ts'
import { ShapeTally } from '../../search/shape-tally.ts'
import { fieldsOf } from '../../search/tally-cells.ts'
import { planQuery, type Query } from './index-query.ts'
import { planFor } from './index-reader.ts'
import type { KnownLedger, KnownLedgers } from './known-ledgers.ts'
import type { SearchAnswer } from './search-answer.ts'

/** Counts in one answer; a cluster refuses more than 65,535 (`search.max_buckets`). */
const CELLS_MAX = 32_768
/** Buckets of time that are counted at once. */
const BUCKETS_MAX = 2048

interface TimeBucket {
  readonly key: string
  readonly doc_count: number
}

interface Group {
  readonly key: { readonly shape?: number; readonly actor?: string | null }
  readonly doc_count: number
  readonly times?: { readonly buckets: readonly TimeBucket[] }
}

interface CountAnswer extends SearchAnswer {
  readonly aggregations?: {
    readonly groups?: { readonly buckets: readonly Group[]; readonly after_key?: object }
    readonly times?: { readonly buckets: readonly TimeBucket[] }
  }
}

/** What is counted at once. */
interface Scan {
  readonly query: Query
  /** Buckets of time, and the number of the first one; undefined: one without bounds. */
  readonly times: { readonly edges: readonly number[]; readonly first: number } | undefined
  readonly byShape: boolean
  readonly byActor: boolean
  readonly cells: ShapeTally
}

export class TallyReader {
  readonly #ledgers: KnownLedgers

  constructor(ledgers: KnownLedgers) {
    this.#ledgers = ledgers
  }

  tally(request: TallyRequest, deadline: Deadline): Promise<Tally | undefined> {
    return this.#ledgers.ask(request.ledger, async (known) => {
      const fields = request.by.flatMap(fieldsOf)
      if (fields.some((field) => field !== 'actor.id' && !isShapeField(field))) return undefined
      if (!known) return new ShapeTally(request, new Map()).tally(true)
      const plan = planFor(request, known)
      const byActor = fields.includes('actor.id')
      const byShape = fields.some(isShapeField)
      if (!plan.exact || (byShape && known.others) || (byActor && known.cutActors)) return undefined
      const cells = new ShapeTally(request, known.shapes)
      if (plan.shapes?.size === 0) return cells.tally(true)
      return cells.tally(await this.#count(known, plan, request, { byShape, byActor, cells }, deadline))
    })
  }

  /** False: time ran out. */
  async #count(
    known: KnownLedger,
    plan: FilterPlan,
    { filter, nowMs, edges }: TallyRequest,
    by: Pick<Scan, 'byShape' | 'byActor' | 'cells'>,
    deadline: Deadline,
  ): Promise<boolean> {
    if (edges.length === 0) {
      const query = planQuery(plan, 0, known.cursor)
      return await this.#scan(known, { ...by, query, times: undefined }, deadline)
    }
    const { fromMs = -Infinity, toMs = Infinity } = timeBounds(filter, nowMs)
    for (let first = 0; first < edges.length - 1; first += BUCKETS_MAX) {
      const some = edges.slice(first, first + BUCKETS_MAX + 1)
      const [from, to] = [Math.max(fromMs, some[0]!), Math.min(toMs, some.at(-1)!)]
      if (from >= to) continue
      const query = planQuery(plan, 0, known.cursor, ...timeConditions(from, to))
      if (!(await this.#scan(known, { ...by, query, times: { edges: some, first } }, deadline))) return false
    }
    return true
  }

  /** False: time ran out; what was counted of other values stays. */
  async #scan(known: KnownLedger, scan: Scan, deadline: Deadline): Promise<boolean> {
    const { query, times, byShape, byActor, cells } = scan
    const isGrouped = byShape || byActor
    const buckets = times ? times.edges.length - 1 : 1
    const size = Math.max(1, Math.floor(CELLS_MAX / buckets))
    for (let after: object | undefined; ; ) {
      const inTime = times && { times: { range: { field: 'timestamp_ms', ranges: rangesOf(times.edges) } } }
      const aggs = isGrouped
        ? { groups: { composite: compositeOf(scan, size, after), ...(inTime && { aggs: inTime }) } }
        : inTime
      const body = { size: 0, track_total_hits: !aggs, query, ...(aggs && { aggs }) }
      const answer = await this.#ledgers.search<CountAnswer>(known, body, deadline.leftMs)
      if (!answer) return false
      const { groups, times: counts } = answer.aggregations ?? {}
      for (const { key, doc_count: count, times: inside } of groups?.buckets ?? []) {
        const { shape = 0, actor = null } = key
        if (!inside) cells.addToBucket(0, { shape, actor, count })
        else
          addTimes(inside.buckets, times!.first, (bucket, n) =>
            cells.addToBucket(bucket, { shape, actor, count: n }),
          )
      }
      if (counts)
        addTimes(counts.buckets, times!.first, (bucket, count) =>
          cells.addToBucket(bucket, { shape: 0, actor: null, count }),
        )
      if (!aggs) cells.addToBucket(0, { shape: 0, actor: null, count: answer.hits.total!.value })
      after = groups?.after_key
      if (!groups || groups.buckets.length < size || after === undefined) return true
      if (!(await deadline.hasTime())) return false
    }
  }
}

function compositeOf({ byShape, byActor }: Scan, size: number, after: object | undefined): object {
  return {
    size,
    sources: [
      ...(byShape ? [{ shape: { terms: { field: 'shape' } } }] : []),
      ...(byActor ? [{ actor: { terms: { field: 'actor', missing_bucket: true } } }] : []),
    ],
    ...(after && { after }),
  }
}

function rangesOf(edges: readonly number[]): readonly object[] {
  return bucketsOf(edges).map(({ from, to }, i) => ({ key: String(i), from, to }))
}

function addTimes(
  buckets: readonly TimeBucket[],
  first: number,
  add: (bucket: number, count: number) => void,
): void {
  for (const { key, doc_count } of buckets) if (doc_count > 0) add(first + Number(key), doc_count)
}
