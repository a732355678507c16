/** What is recorded in place of a record that could not be made, so that it is known what is missing. */
import { type Draft, eventDraft, SCHEMA_NAME } from './draft.ts'
import type { Producer } from './producer.ts'
import type { Trail } from './trail.ts'

/** What failed: to describe the exchange, to decide on sampling, or to mask and encode the record. */
export type SealStep = 'describe' | 'sample' | 'seal'

/** Nothing in it came from the application but the action: whatever could not be recorded may be in the rest. */
export function standInOfTrail(trail: Trail, producer: Producer, step: SealStep): Draft {
  const { action } = trail.parts
  return {
    ...eventDraft(producer, {
      atMs: trail.startedAtMs,
      action,
      errors: [errorOf(step)],
      metadata: {},
      outcome: 'unknown',
      requestId: trail.requestId,
      severity: 'error',
      spanId: trail.spanId,
      traceId: trail.traceId,
    }),
    id: trail.id,
    kind: 'trail',
    integrations: [],
    internal_steps: [],
    latency_ms: trail.latencyMs,
    request: {},
    response: {},
    schema: SCHEMA_NAME,
  }
}

/** The same of an event or a log line. */
export function standInOfEvent(
  { action, id, kind, timestamp, trace_id: traceId }: Draft,
  producer: Producer,
): Draft {
  const draft = eventDraft(producer, {
    kind: kind === 'log' ? 'log' : 'event',
    action: typeof action === 'string' ? action : undefined,
    errors: [errorOf('seal')],
    // A log line is nothing without one.
    message: kind === 'log' ? 'a line that could not be recorded' : undefined,
    outcome: kind === 'log' ? undefined : 'unknown',
    severity: 'error',
    traceId: typeof traceId === 'string' ? traceId : undefined,
  })
  return { ...draft, id, timestamp }
}

function errorOf(step: SealStep): object {
  return {
    code: 'not_recorded',
    message: `the record could not be made: ${step} failed`,
    name: 'Error',
    source: 'trailproof',
  }
}
