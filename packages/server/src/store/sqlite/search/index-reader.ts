/** Answers searches and counts from the index's file. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { timeBounds } from '@trailproof/core/query'
import type { Deadline } from '../../../search/deadline.ts'
import { type FilterPlan, joined, wholeMatch } from '../../../search/filter-plan.ts'
import { type IndexSpan, type Order, slicesOf } from '../../../search/index-slices.ts'
import {
  isOfShapesAndTime,
  planFilter,
  SHAPE_TERMS_MAX,
  shapeCondition,
  shapesMatch,
} from '../../../search/plan-filter.ts'
import { bucketsOf, joinedSpans, type TimeSpan } from '../../../search/rollup-parts.ts'
import { SEVERAL_STATUSES, timeConditions } from '../../../search/row-conditions.ts'
import { rowSql } from '../../../search/row-conditions-sql.ts'
import type { CandidatePage, CandidateRequest, Tally, TallyRequest } from '../../../search/search-index.ts'
import { isShapeField } from '../../../search/shape.ts'
import { ShapeTally } from '../../../search/shape-tally.ts'
import { fieldsOf } from '../../../search/tally-cells.ts'
import { indexOf, positionOf } from '../ledger-position.ts'
import { ftsMatch } from './fts-match.ts'
import { Zones } from './position-ranges.ts'
import { Rollup, type ShapeCounts } from './rollup.ts'
import { ShapeReader } from './shape-table.ts'

/** Of all entries: below this share, looking shapes up as terms reads less than reading rows. */
const SPARSE_SHARE = 1 / 50

interface KnownLedger {
  readonly id: number
  readonly cursor: number
}

export class IndexReader {
  readonly #db: DatabaseSync
  readonly #ledger: StatementSync
  readonly #shapes: ShapeReader
  readonly #zones: Zones
  readonly #rollup: Rollup
  readonly #severalStatuses: StatementSync

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#ledger = db.prepare('SELECT id, cursor FROM indexed_ledger WHERE name = ?')
    this.#shapes = new ShapeReader(db)
    this.#zones = new Zones(db)
    this.#rollup = new Rollup(db)
    this.#severalStatuses = db.prepare(
      `SELECT 1 FROM indexed_entry WHERE status = ${SEVERAL_STATUSES} LIMIT 1`,
    )
  }

  find(ledger: string): KnownLedger | undefined {
    return this.#ledger.get(ledger) as KnownLedger | undefined
  }

  async candidates(request: CandidateRequest, deadline: Deadline): Promise<CandidatePage> {
    const known = this.find(request.ledger)
    const plan = this.#plan(request)
    if (!known || plan.shapes?.size === 0) return { indexes: [], exact: true, next: undefined }
    const { order, limit, filter, nowMs } = request
    const { fromMs, toMs } = timeBounds(filter, nowMs)
    const ranges = this.#zones.within(positions(known, request.low, request.high), fromMs, toMs)
    const lookUp = this.#lookUp(plan)
    const ask = this.#db.prepare(candidateSql(lookUp, order))
    ask.setReturnArrays(true)
    const terms = termsOf(lookUp)
    const indexes: number[] = []
    for (const { low, high } of slicesOf(ranges, order)) {
      const rows = ask.all(...terms, low, high, limit - indexes.length) as unknown as [number][]
      for (const [position] of rows) indexes.push(indexOf(position))
      if (indexes.length === limit) {
        const last = indexes.at(-1)!
        return { indexes, exact: plan.exact, next: order === 'newest' ? last : last + 1 }
      }
      const end = order === 'newest' ? low : high
      if (!(await deadline.hasTime())) return { indexes, exact: plan.exact, next: indexOf(end) }
    }
    return { indexes, exact: plan.exact, next: undefined }
  }

  async tally(request: TallyRequest, deadline: Deadline): Promise<Tally | undefined> {
    const plan = this.#plan(request)
    const fields = request.by.flatMap(fieldsOf)
    const byActor = fields.includes('actor.id')
    if (!plan.exact || fields.some((field) => field !== 'actor.id' && !isShapeField(field))) return undefined
    if (fields.some(isShapeField) && this.#shapes.hasOthers()) return undefined
    const cells = new ShapeTally(request, this.#shapes.all())
    const known = this.find(request.ledger)
    if (!known || plan.shapes?.size === 0) return cells.tally(true)
    const { fromMs = -Infinity, toMs = Infinity } = timeBounds(request.filter, request.nowMs)
    const scan = (range: TimeSpan): Promise<boolean> =>
      this.#scan(
        known,
        plan,
        { range: { from: Math.max(range.from, fromMs), to: Math.min(range.to, toMs) }, cells, byActor },
        deadline,
      )
    const { edges } = request
    if (byActor || !isOfShapesAndTime(plan, timeConditions(fromMs, toMs)))
      return cells.tally(await scan({ from: edges[0] ?? -Infinity, to: edges.at(-1) ?? Infinity }))
    const rests: TimeSpan[] = []
    for (const [bucket, { from, to }] of bucketsOf(edges).entries()) {
      const counts: ShapeCounts = new Map()
      const range = { from: Math.max(from, fromMs), to: Math.min(to, toMs) }
      rests.push(...this.#rollup.addTo(counts, known.id, range))
      for (const [shape, count] of counts)
        if (!plan.shapes || plan.shapes.has(shape)) cells.addToBucket(bucket, { shape, actor: null, count })
      if (!(await deadline.hasTime())) return cells.tally(false)
    }
    for (const part of joinedSpans(rests)) if (!(await scan(part))) return cells.tally(false)
    return cells.tally(true)
  }

  timeRange(
    ledger: string,
    within?: { fromMs: number; toMs: number },
  ): { fromMs: number; toMs: number } | undefined {
    const known = this.find(ledger)
    const all = known && this.#zones.timesIn(positions(known, 0, known.cursor))
    if (!all || !within || (all.fromMs >= within.fromMs && all.toMs <= within.toMs)) return all
    // A zone's extremes hide the others of its times; the minutes of the rollup do not.
    const minutes = this.#rollup.minutesIn(known.id, { from: within.fromMs, to: within.toMs })
    if (!minutes) return undefined
    const fromMs = Math.max(minutes.from, all.fromMs, within.fromMs)
    const toMs = Math.min(minutes.to, all.toMs, within.toMs)
    return fromMs < toMs ? { fromMs, toMs } : undefined
  }

  explain(request: Pick<CandidateRequest, 'ledger' | 'filter' | 'nowMs'>): readonly string[] {
    const plan = this.#plan(request)
    const lookUp = this.#lookUp(plan)
    const sql = candidateSql(lookUp, 'newest')
    const terms = termsOf(lookUp)
    const steps = this.#db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...terms, 0, 1, 1)
    return [
      sql,
      ...terms,
      ...steps.map(({ detail }) => String(detail)),
      ...(plan.shapes ? [`${plan.shapes.size} of ${this.#shapes.all().size} shapes`] : []),
      plan.exact ? 'the index decides' : 'each candidate is compared with its record',
    ]
  }

  #plan({ filter, nowMs }: Pick<CandidateRequest, 'filter' | 'nowMs'>): FilterPlan {
    const known = {
      shapes: this.#shapes.all(),
      others: this.#shapes.hasOthers(),
      severalStatuses: this.#severalStatuses.get() !== undefined,
    }
    return planFilter(filter, known, nowMs)
  }

  /** How shapes are looked up: few or rare ones as terms, others by comparing rows. */
  #lookUp(plan: FilterPlan): FilterPlan {
    const { match, rows = [], shapes, ...rest } = plan
    if (!shapes) return plan
    const asTerms =
      shapes.size <= SHAPE_TERMS_MAX && shapes.size > 0 && this.#shapes.shareOf(shapes) < SPARSE_SHARE
    if (!asTerms)
      return { ...rest, ...(match !== undefined && { match }), rows: [...rows, shapeCondition(shapes)] }
    const all = match === undefined ? shapesMatch(shapes) : joined([match, shapesMatch(shapes)], 'and')
    return { ...rest, ...(rows.length > 0 && { rows }), match: all }
  }

  /** Counts rows one by one in the file; false: time ran out. */
  async #scan(
    known: KnownLedger,
    plan: FilterPlan,
    { range, cells, byActor }: { range: TimeSpan; cells: ShapeTally; byActor: boolean },
    deadline: Deadline,
  ): Promise<boolean> {
    const { from, to } = range
    const ranges = this.#zones.within(positions(known, 0, known.cursor), from, to)
    const { rows = [], ...rest } = this.#lookUp(plan)
    const ask = this.#db.prepare(
      tallySql({ ...rest, rows: [...rows, ...timeConditions(from, to)] }, cells.grain, byActor),
    )
    ask.setReturnArrays(true)
    const terms = termsOf(rest)
    for (const { low, high } of slicesOf(ranges, 'newest')) {
      const found = ask.all(...terms, low, high) as unknown as [number, number, number, string | null][]
      for (const [at, shape, count, actor = null] of found) cells.add(at, { shape, actor, count })
      if (!(await deadline.hasTime())) return false
    }
    return true
  }
}

function positions({ id, cursor }: KnownLedger, low: number, high: number): IndexSpan {
  return { low: positionOf(id, Math.min(low, cursor)), high: positionOf(id, Math.min(high, cursor)) }
}

/** Parameters: the terms if there are any, the positions' low and high bound, and the limit. */
function candidateSql({ match, rows = [] }: FilterPlan, order: Order): string {
  const direction = order === 'newest' ? 'DESC' : 'ASC'
  if (match === undefined) {
    const conditions = ['r.position >= ?', 'r.position < ?', ...rows.map(rowSql)].join(' AND ')
    return `SELECT r.position FROM indexed_entry AS r WHERE ${conditions} ORDER BY r.position ${direction} LIMIT ?`
  }
  const join = rows.length > 0 ? 'CROSS JOIN indexed_entry AS r ON r.position = t.rowid' : ''
  const conditions = ['t.entry_term MATCH ?', 't.rowid >= ?', 't.rowid < ?', ...rows.map(rowSql)].join(
    ' AND ',
  )
  return `SELECT t.rowid FROM entry_term AS t ${join} WHERE ${conditions} ORDER BY t.rowid ${direction} LIMIT ?`
}

/** Parameters: the terms if there are any, the positions' low and high bound. Rows: time, rounded down to the grain; shape; count; actor. */
function tallySql({ match, rows = [] }: FilterPlan, grainMs: number, byActor: boolean): string {
  const columns = [
    `r.timestamp_ms - ((r.timestamp_ms % ${grainMs}) + ${grainMs}) % ${grainMs}`,
    'r.shape',
    'count(*)',
  ]
  const from =
    match === undefined
      ? ['indexed_entry AS r', 'r.position >= ? AND r.position < ?']
      : [
          'entry_term AS t CROSS JOIN indexed_entry AS r ON r.position = t.rowid',
          't.entry_term MATCH ? AND t.rowid >= ? AND t.rowid < ?',
        ]
  const where = [from[1], ...rows.map(rowSql)].join(' AND ')
  if (!byActor) return `SELECT ${columns.join(', ')} FROM ${from[0]} WHERE ${where} GROUP BY 1, 2`
  return `SELECT at, shape, entries, (SELECT value FROM actor WHERE id = actor_id) FROM (
    SELECT ${columns[0]} AS at, r.shape AS shape, count(*) AS entries, r.actor AS actor_id
    FROM ${from[0]} WHERE ${where} GROUP BY 1, 2, 4)`
}

/** The FTS5 expression of a plan as a parameter. */
function termsOf(plan: FilterPlan): readonly string[] {
  const match = wholeMatch(plan)
  return match ? [ftsMatch(match)] : []
}
