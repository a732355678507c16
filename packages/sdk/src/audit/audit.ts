/** Business events: who did what to what. They are never sampled, and belong to the trail they happen in. */
import type { Safe } from '../delivery/delivery.ts'
import type { DeliveryMode } from '../delivery/sealed-record.ts'
import { currentTrail } from '../recorder/current-trail.ts'
import { currentRecorder, type RecorderChoice } from '../recorder/default-recorder.ts'
import { eventDraft } from '../recorder/draft.ts'
import { labelsOf } from '../recorder/labels.ts'
import { changeOf, IDENTIFIER_CHARS_MAX, identified, type Oversized, targetOf } from '../recorder/people.ts'
import { errorOf, type Json, Snapshots } from '../recorder/snapshot.ts'
import type { Trail } from '../recorder/trail.ts'
import { knownOutcome } from '../recorder/trail-parts.ts'
import { ACTIONS, type ActionCatalogue, type EventData, type EventOf } from './actions.ts'

export interface EventOptions {
  /** Default: what the recorder says. */
  readonly delivery?: DeliveryMode | undefined
}

/** How sure the record is: `queued` for `async`, else as its delivery went. */
export type Recorded = { readonly kind: 'queued' } | Safe

export interface Audit<Catalogue extends ActionCatalogue> {
  /**
   * Records an event. What the catalogue requires of its action is required by the types, and noted in the record where it is
   * missing all the same. Never throws and never rejects; await it where the delivery is `disk` or `ack` and say what then.
   */
  event<Action extends (keyof Catalogue & string) | (string & {})>(
    action: Action,
    data: Action extends keyof Catalogue ? EventOf<Catalogue, Action> : EventData,
    options?: EventOptions,
  ): Promise<Recorded>
  /** The same with outcome `denied`: who was not let, to do what, and why. */
  denied(
    action: (keyof Catalogue & string) | (string & {}),
    data: EventData & { readonly reason: string },
    options?: EventOptions,
  ): Promise<Recorded>
  /** An audit that knows your actions too. */
  with<More extends ActionCatalogue>(actions: More): Audit<Catalogue & More>
}

/** The audit of a recorder; by default that of the process. */
export function createAudit<More extends ActionCatalogue = typeof ACTIONS>(
  actions?: More,
  choice?: RecorderChoice,
): Audit<typeof ACTIONS & More> {
  return auditOf({ ...ACTIONS, ...actions } as typeof ACTIONS & More, choice)
}

function auditOf<Catalogue extends ActionCatalogue>(
  catalogue: Catalogue,
  choice: RecorderChoice,
): Audit<Catalogue> {
  return {
    event: (action, data, options) => record(catalogue, choice, action, data, options),
    denied: (action, data, options) =>
      record(catalogue, choice, action, { ...data, outcome: 'denied' }, options),
    with: (actions) => auditOf({ ...catalogue, ...actions }, choice),
  }
}

/** The audit of the process. */
export const audit: Audit<typeof ACTIONS> = createAudit()

async function record(
  catalogue: ActionCatalogue,
  choice: RecorderChoice,
  action: string,
  data: EventData,
  options: EventOptions | undefined,
): Promise<Recorded> {
  const recorder = currentRecorder(choice)
  try {
    const draft = eventDraft(
      recorder.options.producer,
      partsOf(catalogue, action, data ?? {}, currentTrail()),
    )
    return (await recorder.record(draft, options?.delivery)) ?? { kind: 'queued' }
  } catch (error) {
    recorder.fault('audit', error)
    return { kind: 'failed', error }
  }
}

function partsOf(catalogue: ActionCatalogue, action: string, data: EventData, trail: Trail | undefined) {
  const snapshots = new Snapshots()
  const oversized: Oversized[] = []
  const tooMany: TooMany[] = []
  const take = (value: unknown, path: string) => snapshots.take(value, path)
  const identify = (value: unknown, path: string) => identified(value, path, snapshots, oversized)
  const name = text(identify(action, '/action')) ?? 'event.unnamed'
  const entry = Object.hasOwn(catalogue, name) ? catalogue[name] : undefined
  const targets = data.targets ?? (data.target === undefined ? undefined : [data.target])
  const outcome = knownOutcome(data.outcome ?? (data.error === undefined ? 'success' : 'failure'))
  const missing = (entry?.requires ?? []).filter((field) =>
    field === 'target' || field === 'targets' ? targets === undefined : data[field] === undefined,
  )
  const parts = {
    action: name,
    actor: data.actor === undefined ? trail?.parts.actor : identify(data.actor, '/actor'),
    causationId: text(identify(data.causationId, '/causation_id')) ?? trail?.causationId,
    changes: items(take(first('/changes', data.changes, tooMany), '/changes'), changeOf),
    labels: labelsOf(data.labels),
    message: text(take(data.message, '/message')),
    metadata: take(data.metadata, '/metadata'),
    outcome,
    reason: text(take(data.reason, '/reason')),
    requestId: trail?.requestId,
    sessionId: text(identify(data.sessionId, '/session_id')) ?? trail?.parts.sessionId,
    severity: text(identify(data.severity, '/severity')) ?? entry?.severity ?? severityOf(outcome),
    source: trail?.parts.source,
    spanId: trail?.spanId,
    targets: items(identify(first('/targets', targets, tooMany), '/targets'), targetOf),
    traceId: trail?.traceId,
    truncated: snapshots.cuts,
  }
  return { ...parts, errors: errorsOf(data.error, missing, oversized, tooMany) }
}

/** What was wrong, with the deed and with the telling of it. */
function errorsOf(
  thrown: unknown,
  missing: readonly string[],
  oversized: readonly Oversized[],
  tooMany: readonly TooMany[],
): object[] | undefined {
  const errors: object[] = thrown === undefined ? [] : [{ ...errorOf(thrown), source: 'event' }]
  for (const name of missing)
    errors.push({ code: 'missing', message: `${name} is required for this action`, source: 'trailproof' })
  for (const { field, chars } of oversized)
    errors.push({
      code: 'too_long',
      message: `${field} was left out: it has ${chars} characters; at most ${IDENTIFIER_CHARS_MAX}`,
      source: 'trailproof',
    })
  for (const { field, items: count } of tooMany)
    errors.push({
      code: 'too_many',
      message: `of ${field} only the first ${ITEMS_MAX} were kept: it has ${count} items`,
      source: 'trailproof',
    })
  return errors.length === 0 ? undefined : errors
}

/** A list longer than a server takes (docs/record.md). */
const ITEMS_MAX = 10_000

interface TooMany {
  readonly field: string
  readonly items: number
}

/** What cannot be read as a list stays what it is: its snapshot says so. */
function first(field: string, list: unknown, tooMany: TooMany[]): unknown {
  try {
    if (!Array.isArray(list) || list.length <= ITEMS_MAX) return list
    tooMany.push({ field, items: list.length })
    return list.slice(0, ITEMS_MAX)
  } catch {
    return list
  }
}

function severityOf(outcome: string): string {
  return outcome === 'failure' || outcome === 'denied' ? 'warn' : 'info'
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Without items there is no list, as in trails: not every way to a ledger can tell an empty one from none. */
function items(kept: Json | undefined, itemOf: (item: unknown) => unknown): Json | undefined {
  if (kept === undefined || (Array.isArray(kept) && kept.length === 0)) return undefined
  return (Array.isArray(kept) ? kept : [kept]).map(itemOf) as Json // snapshots, with members of our own
}
