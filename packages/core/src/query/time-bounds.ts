/** Between which instants the records of a filter can lie. */

import type { FieldTest, Filter } from './query.ts'
import { parseTimeSpan } from './time-span.ts'

/** Milliseconds since 1970; a side that is missing is open. */
export interface TimeBounds {
  /** Inclusive. */
  readonly fromMs?: number
  /** Exclusive. */
  readonly toMs?: number
}

const OPEN: TimeBounds = {}
/** Of a test that no time passes. */
const NEVER: TimeBounds = { fromMs: 0, toMs: 0 }

/**
 * Bounds that the `timestamp` of every record lies within that passes the filter; not every record within them
 * passes. A saved search counts as open: expand it first.
 */
export function timeBounds(filter: Filter | undefined, nowMs: number): TimeBounds {
  switch (filter?.kind) {
    case 'and':
      return filter.parts.map((part) => timeBounds(part, nowMs)).reduce(both, OPEN)
    case 'or':
      return filter.parts.map((part) => timeBounds(part, nowMs)).reduce(either)
    case 'field':
      return filter.field === 'timestamp' ? testBounds(filter.test, nowMs) : OPEN
    case undefined:
    case 'not':
    case 'text':
    case 'saved':
      return OPEN
  }
}

/** Exactly the instants that pass one test of a time, for every test but `in`; of that the outer bounds. */
export function testBounds(test: FieldTest, nowMs: number): TimeBounds {
  switch (test.op) {
    case 'last':
      return { fromMs: nowMs - test.seconds * 1000 }
    case 'equals':
      return parseTimeSpan(test.value) ?? NEVER
    case 'in':
      return test.values.map((value): TimeBounds => parseTimeSpan(value) ?? NEVER).reduce(either)
    case 'range': {
      const low = test.low && parseTimeSpan(test.low.value)
      const high = test.high && parseTimeSpan(test.high.value)
      if ((test.low && !low) || (test.high && !high)) return NEVER
      return {
        ...(low && { fromMs: test.low?.inclusive ? low.fromMs : low.toMs }),
        ...(high && { toMs: test.high?.inclusive ? high.toMs : high.fromMs }),
      }
    }
    case 'exists':
      return OPEN
    case 'wildcard':
    case 'regex':
    case 'cidr':
      return NEVER
  }
}

export function isWithin(ms: number, { fromMs, toMs }: TimeBounds): boolean {
  return (fromMs === undefined || ms >= fromMs) && (toMs === undefined || ms < toMs)
}

function both(a: TimeBounds, b: TimeBounds): TimeBounds {
  return bounds(
    a.fromMs === undefined || b.fromMs === undefined ? (a.fromMs ?? b.fromMs) : Math.max(a.fromMs, b.fromMs),
    a.toMs === undefined || b.toMs === undefined ? (a.toMs ?? b.toMs) : Math.min(a.toMs, b.toMs),
  )
}

/** A time that never is widens the bounds to 1970, which is only loose. */
function either(a: TimeBounds, b: TimeBounds): TimeBounds {
  return bounds(
    a.fromMs === undefined || b.fromMs === undefined ? undefined : Math.min(a.fromMs, b.fromMs),
    a.toMs === undefined || b.toMs === undefined ? undefined : Math.max(a.toMs, b.toMs),
  )
}

function bounds(fromMs: number | undefined, toMs: number | undefined): TimeBounds {
  return { ...(fromMs !== undefined && { fromMs }), ...(toMs !== undefined && { toMs }) }
}
