/** What a trail collects, before it is a record. */
import type { DeliveryMode } from '../delivery/sealed-record.ts'
import type { ObservedExchange } from './observed.ts'
import type { Json } from './snapshot.ts'
import type { IntegrationEntry, Step } from './step.ts'

export const OUTCOMES = ['success', 'failure', 'denied', 'unknown'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What untyped code says otherwise is `unknown`. */
export function knownOutcome(outcome: unknown): Outcome {
  return OUTCOMES.find((known) => known === outcome) ?? 'unknown'
}

/** One error as recorded. */
export interface TrailError {
  readonly code: string | undefined
  readonly message: string
  readonly name: string
  /** Where it arose: `handler`, `database`, your own word. */
  readonly source: string
  readonly stack: string | undefined
}

export interface TrailParts {
  action: string | undefined
  actor: Json | undefined
  changes: Json[]
  delivery: DeliveryMode | undefined
  /** Fills in what was observed, once, before the record is made. */
  describe: (() => void) | undefined
  errors: TrailError[]
  integrations: IntegrationEntry[]
  labels: Readonly<Record<string, string | number | boolean>> | undefined
  /** JSON Pointers of headers that were masked before they came into the trail. */
  masked: Set<string> | undefined
  message: string | undefined
  metadata: Record<string, Json>
  /** What the middleware saw; filled in by `describe`. */
  observed: ObservedExchange | undefined
  outcome: Outcome | undefined
  reason: string | undefined
  request: Readonly<Record<string, unknown>> | undefined
  response: Readonly<Record<string, unknown>> | undefined
  /** The route's template, where the middleware cannot ask for it. */
  route: string | undefined
  sessionId: string | undefined
  severity: string | undefined
  source: Json | undefined
  steps: Step[]
  targets: Json[]
}

export function emptyParts(): TrailParts {
  return {
    action: undefined,
    actor: undefined,
    changes: [],
    delivery: undefined,
    describe: undefined,
    errors: [],
    integrations: [],
    labels: undefined,
    masked: undefined,
    message: undefined,
    metadata: {},
    observed: undefined,
    outcome: undefined,
    reason: undefined,
    request: undefined,
    response: undefined,
    route: undefined,
    sessionId: undefined,
    severity: undefined,
    source: undefined,
    steps: [],
    targets: [],
  }
}

/** What is recorded need not be kept: a timer that a request left behind holds its trail. Who acted stays, for events that come late. */
export function forget(parts: TrailParts): void {
  const { actor, sessionId, source, delivery } = parts
  Object.assign(parts, emptyParts(), { actor, sessionId, source, delivery })
}
