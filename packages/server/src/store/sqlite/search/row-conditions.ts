/** Tests of the fields that a row of the index holds itself, as conditions in SQL. Only numbers of ours go into it. */
import {
  type Bound,
  type FieldFilter,
  type FieldTest,
  parseDecimal,
  timeBounds,
} from '@trailproof/core/query'
import type { FilterPlan, KnownShapes } from './filter-plan.ts'

/** In the column of a record that has several different ones: each test asks the record. */
export const SEVERAL_STATUSES = -1

/** The plan of a test that rows can answer; undefined for other fields and tests. */
export function rowPart(
  filter: FieldFilter,
  { severalStatuses }: Pick<KnownShapes, 'severalStatuses'>,
  nowMs: number,
): FilterPlan | undefined {
  const { field, test } = filter
  if (field === 'actor.id' && test.op === 'exists') return exactly('r.actor IS NOT NULL')
  if (field === 'timestamp') return timePart(filter, nowMs)
  if (field === 'latency_ms') return numberPart('r.latency_ms', test)
  if (field !== 'response.status') return undefined
  const part = numberPart('r.status', test)
  if (!part || !severalStatuses) return part
  return { rows: [`(${part.rows!.join(' AND ')} OR r.status = ${SEVERAL_STATUSES})`], exact: false }
}

function numberPart(column: string, test: FieldTest): FilterPlan | undefined {
  if (test.op === 'range') return rangeOf(column, test)
  const values = test.op === 'equals' ? [test.value] : test.op === 'in' ? test.values : []
  const numbers = values.map(parseDecimal)
  if (numbers.length === 0 || numbers.includes(undefined)) return undefined
  return exactly(`${column} IN (${numbers.join(',')})`)
}

function exactly(condition: string): FilterPlan {
  return { rows: [condition], exact: true }
}

function timePart(filter: FieldFilter, nowMs: number): FilterPlan | undefined {
  if (filter.test.op === 'in') return undefined
  const { fromMs, toMs } = timeBounds(filter, nowMs)
  const rows = timeConditions(fromMs, toMs)
  return rows.length > 0 ? { rows, exact: true } : undefined
}

/** From `fromMs` to before `toMs`, where they are given. */
export function timeConditions(fromMs = -Infinity, toMs = Infinity): readonly string[] {
  return [
    ...(fromMs > -Infinity ? [`r.timestamp_ms >= ${fromMs}`] : []),
    ...(toMs < Infinity ? [`r.timestamp_ms < ${toMs}`] : []),
  ]
}

interface Range {
  readonly low?: Bound
  readonly high?: Bound
}

function rangeOf(column: string, { low, high }: Range): FilterPlan | undefined {
  const conditions: string[] = []
  for (const [bound, sign] of [
    [low, '>'],
    [high, '<'],
  ] as const) {
    if (!bound) continue
    const value = parseDecimal(bound.value)
    if (value === undefined) return undefined
    conditions.push(`${column} ${sign}${bound.inclusive ? '=' : ''} ${value}`)
  }
  return { rows: conditions, exact: true }
}
