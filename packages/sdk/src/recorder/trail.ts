/** The trail of one request, or of one job or message: collected in memory, handed over once, frozen afterwards. */
import type { Safe } from '../delivery/delivery.ts'
import type { DeliveryMode } from '../delivery/sealed-record.ts'
import { newRecordId } from '../trace-context/ids.ts'
import type { TraceContext } from '../trace-context/trace-context.ts'
import { LABELS_MAX, labelOf } from './labels.ts'
import type { ResolvedOptions } from './options.ts'
import {
  type Actor,
  type Change,
  changeOf,
  IDENTIFIER_CHARS_MAX,
  identified,
  type Oversized,
  type Target,
  targetOf,
} from './people.ts'
import { currentScope, runInScope } from './scope.ts'
import { settled } from './settled.ts'
import { errorOf, type Json, looksLikeIndex, messageOf, Snapshots } from './snapshot.ts'
import type { Integration, IntegrationEntry, IntegrationInit, IntegrationResult, Step } from './step.ts'
import { emptyParts, knownOutcome, type Outcome, type TrailParts } from './trail-parts.ts'
import { TRAIL_STATES, type TrailEvent, type TrailState } from './trail-states.ts'

/** Items of one list of a trail; more are counted, not kept. The server takes 10,000. */
export const TRAIL_ITEMS_MAX = 1_000

/** Told what a trail cannot decide by itself. */
export interface TrailOwner {
  readonly options: ResolvedOptions
  /** ms since the process began, monotonic, fractions of a microsecond. */
  clock(): number
  /** Another recorder has taken the trail over. */
  release(trail: Trail): void
  /** Something tried to change the trail after its end. */
  late(trail: Trail, method: string): void
  /** The trail ended; it will not change any more. Resolves once it is as safe as it asks for. */
  ended(trail: Trail): Promise<Safe> | undefined
}

/** What the middleware knows at the beginning. */
export interface TrailInit {
  readonly context: TraceContext
  /** ms since 1970. */
  readonly startedAtMs: number
  /** `noun.verb`; absent for requests, whose action is METHOD and route. */
  readonly action?: string
  readonly causationId?: string
}

export class Trail {
  /** The id of its record: what is caused by it can name it before it is recorded. */
  readonly id: string
  readonly context: TraceContext
  readonly startedAtMs: number
  readonly causationId: string | undefined
  /** @internal The recorder that opened it. */
  owner: TrailOwner
  readonly #started: number
  readonly #snapshots = new Snapshots()
  #state: TrailState = 'open'
  #latencyMs: number | undefined
  #stepIds = 0
  #leftOut: Record<string, number> | undefined

  /** @internal What the record is made of; read by seal.ts, written here and by the middleware that opened the trail. */
  readonly parts: TrailParts = emptyParts()

  constructor(init: TrailInit, owner: TrailOwner) {
    this.id = newRecordId(init.startedAtMs)
    this.context = init.context
    this.startedAtMs = init.startedAtMs
    this.causationId = init.causationId
    this.parts.action = init.action
    this.owner = owner
    this.#started = owner.clock()
  }

  get state(): TrailState {
    return this.#state
  }

  get isOpen(): boolean {
    return this.#state === 'open' || this.#state === 'noted'
  }

  /** ms from its beginning to its end, or until now. */
  get latencyMs(): number {
    return this.#latencyMs ?? this.#sinceStart()
  }

  get traceId(): string {
    return this.context.traceId
  }

  get requestId(): string {
    return this.context.requestId
  }

  get spanId(): string {
    return this.context.spanId
  }

  /** Begins a step inside `parent`, by default the one that runs now. Undefined when nothing can be added any more. */
  startStep(name: string, request?: unknown, parent = this.#runningStep()): Step | undefined {
    if (!this.#may('change', 'startStep')) return undefined
    if (!this.#hasRoom(this.parts.steps, 'internal_steps')) return undefined
    const kept =
      request === undefined
        ? undefined
        : this.take(request, `/internal_steps/${this.parts.steps.length}/request`)
    const step: Step = {
      error: undefined,
      id: ++this.#stepIds,
      latency_ms: null,
      name: nameOf(name),
      offset_ms: this.#sinceStart(),
      parent_id: parent?.id,
      request: kept,
      response: undefined,
    }
    this.parts.steps.push(step)
    return step
  }

  /** Ends a step, once; with what it gave, or with what it threw. */
  endStep(step: Step | undefined, result?: { response?: unknown; error?: unknown }): void {
    const { response, error } = result ?? {}
    if (step === undefined || !this.#may('change', 'endStep') || step.latency_ms !== null) return
    step.latency_ms = rounded(this.#sinceStart() - step.offset_ms)
    if (error !== undefined) step.error = briefly(error)
    if (response === undefined) return
    const kept = this.take(response, `/internal_steps/${this.parts.steps.indexOf(step)}/response`)
    if (kept !== undefined) step.response = kept
  }

  /**
   * Runs `fn` as a step, inside the one that runs now; what it does and calls belongs to the step. Gives back and throws
   * what `fn` does.
   */
  traceStep<Result>(name: string, fn: () => Result, options?: { request?: unknown }): Result {
    const step = this.startStep(name, options?.request)
    if (step === undefined) return fn()
    return settled(
      () => runInScope({ trail: this, step }, fn),
      (error) => this.endStep(step, error === undefined ? {} : { error }),
    )
  }

  /** Records a step that is over. `latencyMs`: how long it took; `parent`: the step that it was part of. */
  addStep(
    name: string,
    {
      latencyMs,
      parent,
      request,
      ...result
    }: {
      latencyMs: number
      parent?: Step | undefined
      request?: unknown
      response?: unknown
      error?: unknown
    },
  ): void {
    const step = this.startStep(name, request, parent)
    if (step === undefined) return
    this.endStep(step, result)
    step.latency_ms = Math.max(0, rounded(latencyMs))
    step.offset_ms = Math.max(0, rounded(step.offset_ms - latencyMs))
  }

  /** Begins the record of a call to something outside. Undefined when nothing can be added any more. */
  startIntegration(init: IntegrationInit): Integration | undefined {
    if (!this.#may('change', 'startIntegration')) return undefined
    const { integrations } = this.parts
    if (!this.#hasRoom(integrations, 'integrations')) return undefined
    const path = `/integrations/${integrations.length}`
    const entry: IntegrationEntry = {
      error: undefined,
      latency_ms: null,
      metadata: init.metadata === undefined ? undefined : this.take(init.metadata, `${path}/metadata`),
      name: nameOf(init.name),
      offset_ms: this.#sinceStart(),
      request: init.request === undefined ? undefined : this.take(init.request, `${path}/request`),
      response: undefined,
      step_id: this.#runningStep()?.id,
      type: nameOf(init.type),
    }
    integrations.push(entry)
    return {
      path,
      update: (result) => this.#updateIntegration(entry, path, result),
      end: (result) => this.#endIntegration(entry, path, result),
    }
  }

  /** Records a call that is over. `latencyMs`: how long it took. */
  addIntegration({
    latencyMs,
    ...call
  }: IntegrationInit & IntegrationResult & { readonly latencyMs?: number }): void {
    const { metadata, ...init } = call
    const running = this.startIntegration(metadata === undefined ? init : { ...init, metadata })
    if (running === undefined) return
    running.end({ response: call.response, error: call.error })
    const entry = this.parts.integrations.at(-1)!
    const isKnown = typeof latencyMs === 'number'
    entry.latency_ms = isKnown ? Math.max(0, rounded(latencyMs)) : null
    entry.offset_ms = Math.max(0, rounded(entry.offset_ms - (isKnown ? latencyMs : 0)))
  }

  /** Records something that went wrong. `source` default `handler`. */
  addError(thrown: unknown, options?: { source?: string; code?: string }): void {
    const { source = 'handler', code } = options ?? {}
    if (!this.#may('change', 'addError') || !this.#hasRoom(this.parts.errors, 'errors')) return
    const error = errorOf(thrown)
    this.parts.errors.push({
      code: code ?? error.code,
      message: error.message,
      name: error.name,
      source: nameOf(source),
      stack: error.stack,
    })
  }

  /** Adds to the free-form metadata; the same name again replaces. */
  setMetadata(name: string, value: unknown): void
  setMetadata(members: Readonly<Record<string, unknown>>): void
  setMetadata(named: string | Readonly<Record<string, unknown>>, value?: unknown): void {
    if (!this.#may('change', 'setMetadata')) return
    const members = typeof named === 'string' ? { [named]: value } : named
    const kept = this.take(members, '/metadata')
    if (isObject(kept)) Object.assign(this.parts.metadata, kept)
  }

  /** Adds an indexed label: text, number or boolean. */
  setLabel(name: string, value: string | number | boolean): void {
    if (!this.#may('change', 'setLabel')) return
    const key = nameOf(name)
    const labels = { ...this.parts.labels, [key]: labelOf(value) }
    if (Object.keys(labels).length > LABELS_MAX) {
      this.#leaveOut('labels')
      return
    }
    this.parts.labels = labels
    if (looksLikeIndex(key)) this.#snapshots.isOrdered = false
  }

  /** Says who does it; the last call counts. */
  setActor(actor: Actor): void {
    if (this.#may('change', 'setActor')) this.parts.actor = this.#identified(actor, '/actor')
  }

  setSession(id: string): void {
    if (!this.#may('change', 'setSession')) return
    const kept = this.#identified(id, '/session_id')
    if (typeof kept === 'string') this.parts.sessionId = kept
  }

  /** Says what it is done to. */
  addTarget(target: Target): void {
    if (!this.#may('change', 'addTarget') || !this.#hasRoom(this.parts.targets, 'targets')) return
    const kept = this.#identified(targetOf(target), `/targets/${this.parts.targets.length}`)
    if (kept !== undefined) this.parts.targets.push(targetOf(kept) as Json) // a snapshot may be a text that says why there is none
  }

  /** Says what was changed. */
  addChange(change: Change): void {
    if (!this.#may('change', 'addChange') || !this.#hasRoom(this.parts.changes, 'changes')) return
    const kept = this.take(changeOf(change), `/changes/${this.parts.changes.length}`)
    if (kept !== undefined) this.parts.changes.push(changeOf(kept) as Json)
  }

  /** Names what is done, as `noun.verb`; by default METHOD and route. */
  setAction(action: string): void {
    if (!this.#may('change', 'setAction')) return
    const kept = this.#identified(action, '/action')
    if (typeof kept === 'string') this.parts.action = kept
  }

  /** Says how it ended, where the status of the response does not; `reason` says why. */
  setOutcome(outcome: Outcome, reason?: string): void {
    if (!this.#may('change', 'setOutcome')) return
    this.parts.outcome = knownOutcome(outcome)
    if (reason !== undefined) this.parts.reason = this.#text(reason, '/reason')
  }

  /** A sentence for people. */
  setMessage(message: string): void {
    if (this.#may('change', 'setMessage')) this.parts.message = this.#text(message, '/message')
  }

  /** How sure to be that the record is kept before the response goes on; by default what the recorder says. */
  setDelivery(mode: DeliveryMode): void {
    if (this.#may('change', 'setDelivery')) this.parts.delivery = mode
  }

  /** Adds to the request: method, path, headers, body … */
  setRequest(request: Readonly<Record<string, unknown>>): void {
    if (this.#may('change', 'setRequest')) this.#merge('request', request)
  }

  /** Adds to the response: status, headers, body … The trail is then `noted`. */
  setResponse(response: Readonly<Record<string, unknown>>): void {
    if (this.#may('note', 'setResponse')) this.#merge('response', response)
  }

  /** Runs `fn`, and whatever it starts, as part of this trail. */
  run<Result>(fn: () => Result): Result {
    return runInScope({ trail: this, step: undefined }, fn)
  }

  /**
   * The response is complete: the record is made and goes out. Further calls change nothing. Resolves when the record is as
   * safe as its delivery asks for; undefined when that asks for nothing (`async`, or sampled out).
   */
  finish(): Promise<Safe> | undefined {
    return this.#end('finish')
  }

  /** There will be no complete response. */
  abandon(reason: { readonly code: string; readonly message: string }): Promise<Safe> | undefined {
    if (!this.isOpen) return undefined
    this.addError(reason, { source: 'request', code: reason.code })
    return this.#end('abandon')
  }

  /** @internal What was cut; the middleware adds the bodies that it cut. */
  get cuts(): Snapshots['cuts'] {
    return this.#snapshots.cuts
  }

  /** @internal See `Snapshots.isOrdered`. */
  get isOrdered(): boolean {
    return this.#snapshots.isOrdered
  }

  /** @internal A copy with the bounds of this trail, keys in order. */
  take(value: unknown, path: string): Json | undefined {
    return this.#snapshots.take(value, path)
  }

  /** @internal How many items of each list were left out. */
  get leftOut(): Readonly<Record<string, number>> | undefined {
    return this.#leftOut
  }

  #end(event: 'finish' | 'abandon'): Promise<Safe> | undefined {
    if (!this.#may(event, event)) return undefined
    this.#latencyMs = this.#sinceStart()
    return this.owner.ended(this)
  }

  #may(event: TrailEvent, method: string): boolean {
    const next = TRAIL_STATES[this.#state][event]
    if (next === 'refused') {
      this.owner.late(this, method)
      return false
    }
    this.#state = next
    return true
  }

  #hasRoom(list: readonly unknown[], name: string): boolean {
    if (list.length < TRAIL_ITEMS_MAX) return true
    this.#leaveOut(name)
    return false
  }

  #leaveOut(name: string): void {
    this.#leftOut ??= {}
    this.#leftOut[name] = (this.#leftOut[name] ?? 0) + 1
  }

  #endIntegration(entry: IntegrationEntry, path: string, result: IntegrationResult = {}): void {
    if (!this.#updateIntegration(entry, path, result)) return
    entry.latency_ms = rounded(this.#sinceStart() - entry.offset_ms)
  }

  #updateIntegration(entry: IntegrationEntry, path: string, result: IntegrationResult): boolean {
    if (!this.#may('change', 'endIntegration') || entry.latency_ms !== null) return false
    const { request, response, error, metadata } = result
    if (request !== undefined) this.#keep(entry, 'request', request, path)
    if (response !== undefined) this.#keep(entry, 'response', response, path)
    if (error !== undefined) entry.error = briefly(error)
    if (metadata !== undefined) {
      const before = entry.metadata
      this.#keep(entry, 'metadata', { ...(isObject(before) && before), ...metadata }, path)
    }
    return true
  }

  #keep(
    entry: IntegrationEntry,
    member: 'request' | 'response' | 'metadata',
    value: unknown,
    path: string,
  ): void {
    const kept = this.take(value, `${path}/${member}`)
    if (kept !== undefined) entry[member] = kept
  }

  #merge(part: 'request' | 'response', members: Readonly<Record<string, unknown>>): void {
    const kept = this.take(members, `/${part}`)
    if (isObject(kept)) this.parts[part] = { ...this.parts[part], ...kept }
  }

  #text(text: unknown, path: string): string | undefined {
    const kept = this.take(text, path)
    return typeof kept === 'string' ? kept : undefined
  }

  /** Without what the server would refuse the record for, which is said in its errors. */
  #identified(value: unknown, path: string): Json | undefined {
    const oversized: Oversized[] = []
    const kept = identified(value, path, this.#snapshots, oversized)
    for (const { field, chars } of oversized)
      this.addError(
        { message: `${field} was left out: it has ${chars} characters; at most ${IDENTIFIER_CHARS_MAX}` },
        { source: 'trailproof', code: 'too_long' },
      )
    return kept
  }

  #runningStep(): Step | undefined {
    const scope = currentScope()
    return scope?.trail === this ? scope.step : undefined
  }

  #sinceStart(): number {
    return rounded(this.owner.clock() - this.#started)
  }
}

function briefly(thrown: unknown): NonNullable<Step['error']> {
  const { code, message, name } = errorOf(thrown)
  return { ...(code !== undefined && { code }), message, name }
}

function nameOf(name: unknown): string {
  const text = typeof name === 'string' ? name : messageOf(name)
  return text.length <= IDENTIFIER_CHARS_MAX ? text : text.slice(0, IDENTIFIER_CHARS_MAX).toWellFormed()
}

/** Thousandths of a millisecond: more digits would be noise. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}

function isObject(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
