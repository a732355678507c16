/** Counts matching entries: what is of shapes and time from counts already added up, the rest row by row. */
import { timeBounds } from '@trailproof/core/query'
import type { Deadline } from '../../../search/deadline.ts'
import type { FilterPlan } from '../../../search/filter-plan.ts'
import { slicesOf } from '../../../search/index-slices.ts'
import { isOfShapesAndTime } from '../../../search/plan-filter.ts'
import { bucketsOf, joinedSpans, rollupParts, type TimeSpan } from '../../../search/rollup-parts.ts'
import { timeConditions } from '../../../search/row-conditions.ts'
import { rowSql } from '../../../search/row-conditions-sql.ts'
import type { Tally, TallyRequest } from '../../../search/search-index.ts'
import { isShapeField } from '../../../search/shape.ts'
import { ShapeTally } from '../../../search/shape-tally.ts'
import { fieldsOf } from '../../../search/tally-cells.ts'
import type { Connections } from '../connections.ts'
import { byTerms, planFor, rowWise, shapesAsTerms } from './index-lookup.ts'
import { integers } from './integers.ts'
import type { KnownLedger, KnownLedgers } from './known-ledgers.ts'
import { BY_TERMS, rowsWithin } from './rows-within.ts'
import { Zones } from './zones.ts'

/** What is counted of a range of time; what is not asked for is not told apart. */
interface Scan {
  readonly range: TimeSpan
  readonly cells: ShapeTally
  readonly byActor: boolean
  readonly byShape: boolean
}

export class TallyReader {
  readonly #connections: Connections
  readonly #schema: string
  readonly #ledgers: KnownLedgers
  readonly #zones: Zones

  constructor(connections: Connections, schema: string, ledgers: KnownLedgers) {
    this.#connections = connections
    this.#schema = schema
    this.#ledgers = ledgers
    this.#zones = new Zones(connections, schema)
  }

  async tally(request: TallyRequest, deadline: Deadline): Promise<Tally | undefined> {
    const known = await this.#ledgers.find(request.ledger)
    const plan = planFor(request, known)
    const fields = request.by.flatMap(fieldsOf)
    const byActor = fields.includes('actor.id')
    if (!plan.exact || fields.some((field) => field !== 'actor.id' && !isShapeField(field))) return undefined
    const byShape = fields.some(isShapeField)
    if (byShape && known?.others) return undefined
    const cells = new ShapeTally(request, known?.shapes ?? new Map())
    if (!known || plan.shapes?.size === 0) return cells.tally(true)
    const { fromMs = -Infinity, toMs = Infinity } = timeBounds(request.filter, request.nowMs)
    const within = ({ from, to }: TimeSpan): TimeSpan => ({
      from: Math.max(from, fromMs),
      to: Math.min(to, toMs),
    })
    const { edges } = request
    const isAddedUp = !byActor && isOfShapesAndTime(plan, timeConditions(fromMs, toMs))
    if (!isAddedUp) {
      const all = within({ from: edges[0] ?? -Infinity, to: edges.at(-1) ?? Infinity })
      return cells.tally(await this.#scan(known, plan, { range: all, cells, byActor, byShape }, deadline))
    }
    const buckets = bucketsOf(edges).map((bucket) => rollupParts(within(bucket)))
    if (!(await this.#addUp(known, plan, { buckets, cells }, deadline))) return cells.tally(false)
    for (const range of joinedSpans(buckets.flatMap(({ rests }) => rests)))
      if (!(await this.#scan(known, plan, { range, cells, byActor, byShape }, deadline)))
        return cells.tally(false)
    return cells.tally(true)
  }

  /** One question for all buckets; false: time ran out. */
  async #addUp(
    known: KnownLedger,
    { shapes }: FilterPlan,
    { buckets, cells }: { buckets: readonly ReturnType<typeof rollupParts>[]; cells: ShapeTally },
    deadline: Deadline,
  ): Promise<boolean> {
    const parts = buckets.flatMap((bucket, i) => bucket.parts.map((part) => ({ ...part, bucket: i })))
    if (parts.length === 0) return true
    const rows = await rowsWithin<[number, number, number]>(
      this.#connections,
      `SELECT b.bucket, r.shape, r.entries
        FROM unnest(${integers(parts.map(({ bucket }) => bucket))}, ${integers(parts.map(({ step }) => step))},
          ${integers(parts.map(({ first }) => first))}, ${integers(parts.map(({ end }) => end))})
          AS b (bucket, step, first, past)
        CROSS JOIN LATERAL (SELECT shape, sum(entries)::bigint AS entries FROM ${this.#schema}.rollup
          WHERE ledger = ${known.id} AND step = b.step AND slot >= b.first AND slot < b.past GROUP BY shape) AS r`,
      deadline.leftMs,
    )
    if (!rows) return false
    for (const [bucket, shape, count] of rows)
      if (!shapes || shapes.has(shape)) cells.addToBucket(bucket, { shape, actor: null, count })
    return !deadline.isOver
  }

  /** Counts rows one by one in the database; false: time ran out. */
  async #scan(
    known: KnownLedger,
    plan: FilterPlan,
    { range, cells, byActor, byShape }: Scan,
    deadline: Deadline,
  ): Promise<boolean> {
    const { from, to } = range
    const spans = await this.#zones.within(known.id, { low: 0, high: known.cursor }, from, to)
    const { grain } = cells
    const at = `r.timestamp_ms - ((r.timestamp_ms % ${grain}) + ${grain}) % ${grain}`
    const columns = [at, byShape ? 'r.shape' : '0', 'count(*)', ...(byActor ? ['r.actor'] : [])].join(', ')
    const { shapes } = plan
    const isSparse = shapes !== undefined && (await this.#ledgers.areSparse(known, shapes))
    const termPlan = isSparse ? shapesAsTerms(plan) : plan
    const [lookUp, settings] = termPlan.match === undefined ? [rowWise, ''] : [byTerms, BY_TERMS]
    for (const slice of slicesOf(spans, 'newest')) {
      const conditions = [...lookUp(known, slice, termPlan), ...timeConditions(from, to).map(rowSql)]
      const rows = await rowsWithin<[number, number, number, Buffer | null | undefined]>(
        this.#connections,
        `SELECT ${columns} FROM ${this.#schema}.indexed_entry AS r
          WHERE ${conditions.join(' AND ')} GROUP BY 1, 2${byActor ? ', 4' : ''}`,
        deadline.leftMs,
        settings,
      )
      if (!rows) return false
      for (const [ms, shape, count, actor] of rows)
        cells.add(ms, { shape, actor: actor ? actor.toString() : null, count })
      if (!(await deadline.hasTime())) return false
    }
    return true
  }
}
