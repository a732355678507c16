/** Tests of the fields that a row of the index holds itself. */
import {
  type Bound,
  type FieldFilter,
  type FieldTest,
  parseDecimal,
  timeBounds,
} from '@trailproof/core/query'
import type { FilterPlan, KnownShapes, RowColumn, RowCondition } from './filter-plan.ts'

/** In the column of a record that has several different ones: each test asks the record. */
export const SEVERAL_STATUSES = -1

/** The plan of a test that rows can answer; undefined for other fields and tests. */
export function rowPart(
  filter: FieldFilter,
  { severalStatuses }: Pick<KnownShapes, 'severalStatuses'>,
  nowMs: number,
): FilterPlan | undefined {
  const { field, test } = filter
  if (field === 'actor.id' && test.op === 'exists') return exactly({ kind: 'present', column: 'actor' })
  if (field === 'timestamp') return timePart(filter, nowMs)
  if (field === 'latency_ms') return numberPart('latency_ms', test)
  if (field !== 'response.status') return undefined
  const part = numberPart('status', test)
  if (!part || !severalStatuses) return part
  const several: RowCondition = { kind: 'compare', column: 'status', sign: '=', value: SEVERAL_STATUSES }
  return { rows: [{ kind: 'any', parts: [{ kind: 'all', parts: part.rows! }, several] }], exact: false }
}

function numberPart(column: RowColumn, test: FieldTest): FilterPlan | undefined {
  if (test.op === 'range') return rangeOf(column, test)
  const values = test.op === 'equals' ? [test.value] : test.op === 'in' ? test.values : []
  const numbers = values.map(parseDecimal).filter((number) => number !== undefined)
  if (numbers.length === 0 || numbers.length < values.length) return undefined
  return exactly({ kind: 'in', column, values: numbers })
}

function exactly(condition: RowCondition): FilterPlan {
  return { rows: [condition], exact: true }
}

function timePart(filter: FieldFilter, nowMs: number): FilterPlan | undefined {
  if (filter.test.op === 'in') return undefined
  const { fromMs, toMs } = timeBounds(filter, nowMs)
  const rows = timeConditions(fromMs, toMs)
  return rows.length > 0 ? { rows, exact: true } : undefined
}

/** From `fromMs` to before `toMs`, where they are given. */
export function timeConditions(fromMs = -Infinity, toMs = Infinity): readonly RowCondition[] {
  return [
    ...(fromMs > -Infinity ? [timeCondition('>=', fromMs)] : []),
    ...(toMs < Infinity ? [timeCondition('<', toMs)] : []),
  ]
}

function timeCondition(sign: '<' | '>=', value: number): RowCondition {
  return { kind: 'compare', column: 'timestamp_ms', sign, value }
}

interface Range {
  readonly low?: Bound
  readonly high?: Bound
}

function rangeOf(column: RowColumn, { low, high }: Range): FilterPlan | undefined {
  const conditions: RowCondition[] = []
  for (const [bound, sign] of [
    [low, '>'],
    [high, '<'],
  ] as const) {
    if (!bound) continue
    const value = parseDecimal(bound.value)
    if (value === undefined) return undefined
    conditions.push({ kind: 'compare', column, sign: bound.inclusive ? `${sign}=` : sign, value })
  }
  return { rows: conditions, exact: true }
}
