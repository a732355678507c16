/**
 * What happened when, in one picture: the records of a trace, and within those of requests their steps and their calls to
 * others.
 */
import type { ShownRecord } from '../api/answers.ts'
import { type Outcome, outcomeOf } from '../search/outcomes.ts'

export interface Span {
  readonly key: string
  readonly name: string
  /** What kind of work: `request`, `event`, `log`, `internal`, or an integration's type, such as `database`. */
  readonly lane: string
  /** Of steps and calls that of their record. */
  readonly service: string | undefined
  readonly outcome: Outcome
  /** Depth below the record: 0 for the record itself. */
  readonly depth: number
  /** ms after the first of all. */
  readonly startMs: number
  /** Undefined: it did not measure it, or never ended. */
  readonly durationMs: number | undefined
  /** Id of the record that tells of it. */
  readonly toldBy: string
  /** Of a record itself. */
  readonly recordId: string | undefined
}

export interface TrailSpans {
  readonly spans: readonly Span[]
  /** From the first beginning to the last end. */
  readonly totalMs: number
}

interface Part {
  readonly name?: unknown
  readonly type?: unknown
  readonly offset_ms?: unknown
  readonly latency_ms?: unknown
  readonly error?: unknown
}

/** By the time at which they began. A record's `timestamp` is its beginning. */
export function spansOf(records: readonly ShownRecord[]): TrailSpans {
  const started = records
    .map((record) => ({ record, at: Date.parse(record.timestamp ?? record.recorded_at) }))
    .filter(({ at }) => !Number.isNaN(at))
    .toSorted((a, b) => a.at - b.at || a.record.index - b.record.index)
  const zero = started[0]?.at ?? 0
  const spans = started.flatMap(({ record, at }) => [
    recordSpan(record, at - zero),
    ...[
      ...parts(record, 'internal_steps', () => 'internal', at - zero),
      ...parts(record, 'integrations', ({ type }) => (typeof type === 'string' ? type : 'custom'), at - zero),
    ].toSorted((a, b) => a.startMs - b.startMs),
  ])
  const totalMs = Math.max(0, ...spans.map(({ startMs, durationMs = 0 }) => startMs + durationMs))
  return { spans, totalMs }
}

function recordSpan(record: ShownRecord, startMs: number): Span {
  const { kind, action, latency_ms: latency, id, service, outcome } = record
  return {
    key: id,
    name: action ?? record.message ?? kind ?? 'record',
    lane: kind === 'trail' ? 'request' : (kind ?? 'event'),
    service,
    outcome: outcomeOf(outcome),
    depth: 0,
    startMs,
    durationMs: typeof latency === 'number' ? latency : undefined,
    toldBy: id,
    recordId: id,
  }
}

function parts(
  record: ShownRecord,
  field: 'internal_steps' | 'integrations',
  laneOf: (part: Part) => string,
  zeroMs: number,
): Span[] {
  const list = record[field]
  if (!Array.isArray(list)) return []
  return (list as readonly Part[]).map((part, i) => ({
    key: `${record.id} ${field} ${i}`,
    name: typeof part.name === 'string' ? part.name : `${field} ${i + 1}`,
    lane: laneOf(part),
    service: record.service,
    outcome: part.error === undefined || part.error === null ? 'success' : 'failure',
    depth: 1,
    startMs: zeroMs + (typeof part.offset_ms === 'number' ? part.offset_ms : 0),
    durationMs: typeof part.latency_ms === 'number' ? part.latency_ms : undefined,
    toldBy: record.id,
    recordId: undefined,
  }))
}
