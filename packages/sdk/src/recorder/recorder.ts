/** Opens trails, seals what they became, and hands it to delivery. Nothing in here ever throws into the host. */
import type { Delivery, Safe } from '../delivery/delivery.ts'
import type { DeliveryMode, SealedRecord } from '../delivery/sealed-record.ts'
import { activeSpan } from '../otel/active-span.ts'
import {
  type HeaderReader,
  incomingContext,
  newContext,
  type TraceContext,
} from '../trace-context/trace-context.ts'
import { report } from './diagnostics.ts'
import { actionOf, type Draft, eventDraft, outcomeOf, trailDraft } from './draft.ts'
import type { ResolvedOptions } from './options.ts'
import { SampledOut } from './sampled-out.ts'
import { type Sealer, seal, sealed } from './seal.ts'
import { type SealStep, standInOfEvent, standInOfTrail } from './stand-in.ts'
import type { Stream } from './stream.ts'
import { Trail, type TrailInit, type TrailOwner } from './trail.ts'
import { forget } from './trail-parts.ts'
import { TrailText } from './trail-text.ts'

export interface RecorderCounters {
  /** Trails begun, and how they ended. */
  readonly trails: { opened: number; finished: number; abandoned: number }
  /** Trails left out by sampling. */
  sampledOut: number
  /** Attempts to change a trail after its end; all were refused. */
  late: number
  /** Faults of the SDK itself, contained. */
  faults: number
}

/** More trails than this that end in one turn of the loop are sealed within it. */
const UNSEALED_MAX = 256

export class Recorder implements TrailOwner {
  readonly options: ResolvedOptions
  readonly delivery: Delivery
  readonly #sealer: Sealer
  readonly #text: TrailText
  readonly counters: RecorderCounters = {
    trails: { opened: 0, finished: 0, abandoned: 0 },
    sampledOut: 0,
    late: 0,
    faults: 0,
  }
  readonly #open = new Set<Trail>()
  /** Trails that have ended and are sealed at the end of this turn of the loop. */
  readonly #unsealed: Trail[] = []
  readonly #sampledOut = new SampledOut((trails, since) => this.#tellSampled(trails, since))
  readonly #closed = Promise.withResolvers<void>()

  /** Use `createRecorder`. */
  constructor(options: ResolvedOptions, stream: Stream, delivery: Delivery) {
    this.options = options
    this.#sealer = { redaction: options.redaction, stream }
    this.#text = new TrailText(options, stream.place)
    this.delivery = delivery
  }

  /** The stream of this recorder: its records are numbered and chained in it. */
  get streamId(): string {
    return this.#sealer.stream.id
  }

  /** A trail for what came in with these headers; or for something that nobody asked for, without them. */
  openTrail(init: Partial<TrailInit> = {}, header?: HeaderReader): Trail {
    const { headerNames, sampling } = this.options
    const asked = init.context ?? (header === undefined ? newContext() : incomingContext(header, headerNames))
    const context = withActiveSpan(asked)
    const trail = new Trail({ startedAtMs: Date.now(), ...init, context }, this)
    this.counters.trails.opened++
    this.#open.add(trail)
    if (!sampling.mayKeep(context.traceId)) unrecorded.add(trail)
    return trail
  }

  /** A trail that another recorder opened is recorded by this one. */
  adopt(trail: Trail): void {
    trail.owner.release(trail)
    trail.owner = this
    this.counters.trails.opened++
    this.#open.add(trail)
  }

  /** It is another's now. */
  release(trail: Trail): void {
    if (this.#open.delete(trail)) this.counters.trails.opened--
  }

  /** Whether the application wants no trail of it. What its function throws is contained, and means no. */
  ignores(method: string, path: string): boolean {
    try {
      return this.options.capture.ignore({ method, path })
    } catch (error) {
      this.fault('capture.ignore', error)
      return false
    }
  }

  /** Whether the trail will be left out whatever happens, so that nothing need be captured for it. */
  isUnrecorded(trail: Trail): boolean {
    return unrecorded.has(trail)
  }

  clock(): number {
    return performance.now()
  }

  late(trail: Trail, method: string): void {
    this.counters.late++
    report({ kind: 'late', method, traceId: trail.traceId })
  }

  /** Resolves when the trail is as safe as its delivery asks for; undefined when that asks for nothing. */
  ended(trail: Trail): Promise<Safe> | undefined {
    this.#open.delete(trail)
    this.counters.trails[trail.state === 'abandoned' ? 'abandoned' : 'finished']++
    if ((trail.parts.delivery ?? this.options.delivery) !== 'async') return this.#seal(trail)
    // Nobody waits for it: the responses that are ready go out first, and sealing many in a row takes half the time.
    if (this.#unsealed.length === 0) setImmediate(() => this.#sealAll())
    if (this.#unsealed.push(trail) >= UNSEALED_MAX) this.#sealAll()
    return undefined
  }

  #sealAll(): void {
    for (const trail of this.#unsealed.splice(0)) void this.#seal(trail)
  }

  #seal(trail: Trail): Promise<Safe> | undefined {
    let step: SealStep = 'describe'
    try {
      trail.parts.describe?.()
      step = 'sample'
      if (!this.#isSampled(trail)) {
        this.#leaveOut()
        return undefined
      }
      step = 'seal'
      const { producer, headers } = this.options
      const text = this.#text.of(trail)
      const record =
        text === undefined
          ? seal(trailDraft(trail, producer, headers), this.#sealer, trail.isOrdered)
          : sealed(text, { id: trail.id, kind: 'trail' }, this.#sealer.stream)
      return this.#deliver(record, trail.parts.delivery)
    } catch (error) {
      const mode = trail.parts.delivery
      return this.#standIn('trail', error, mode, () => standInOfTrail(trail, this.options.producer, step))
    } finally {
      // A trail that has grown old in memory must not take its request and response with it: it made each collection ten times longer.
      forget(trail.parts)
    }
  }

  /** Seals and delivers an event or a log line. Undefined when nothing has to be waited for. */
  record(draft: Draft, mode?: DeliveryMode): Promise<Safe> | undefined {
    try {
      return this.#deliver(seal(draft, this.#sealer), mode)
    } catch (error) {
      return this.#standIn(draft.kind, error, mode, () => standInOfEvent(draft, this.options.producer))
    }
  }

  /** In the place of a record that cannot be made stands one that says so, where at least that can be made. */
  #standIn(
    where: string,
    error: unknown,
    mode: DeliveryMode | undefined,
    draft: () => Draft,
  ): Promise<Safe> | undefined {
    this.fault(where, error)
    try {
      return this.#deliver(seal(draft(), this.#sealer), mode)
    } catch {
      report({ kind: 'dropped', reason: 'internal', records: 1, error }) // the first error tells more than the second
      return Promise.resolve({ kind: 'failed', error })
    }
  }

  #deliver(record: SealedRecord, mode: DeliveryMode = this.options.delivery): Promise<Safe> | undefined {
    if (mode !== 'async') return this.delivery.deliverSafely(record, mode)
    this.delivery.deliver(record)
    return undefined
  }

  /** Ends the trails that are still open, because the process does. */
  abandonOpen(): void {
    for (const trail of this.#open)
      void trail.abandon({
        code: 'process_ended',
        message: 'the process ended before the response was complete',
      })
    this.#sealAll()
  }

  /** Sends what waits. Resolves with false when the deadline came first. Default 5,000 ms. */
  flush(deadlineMs?: number): Promise<boolean> {
    this.#sealAll()
    this.tellSampled()
    return this.delivery.flush(deadlineMs)
  }

  /** Ends what is open, sends what waits until the deadline, and gives everything back. Never rejects. Default 5,000 ms. */
  async close(deadlineMs?: number): Promise<void> {
    this.abandonOpen()
    this.tellSampled()
    await this.delivery.close(deadlineMs)
    this.#closed.resolve()
  }

  /** Resolves when `close` has. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** Whether there is anything left to send. */
  get hasWaiting(): boolean {
    return (
      this.#unsealed.length > 0 || this.#sampledOut.untold > 0 || this.delivery.status().waitingRecords > 0
    )
  }

  get openTrails(): number {
    return this.#open.size
  }

  #leaveOut(): void {
    this.counters.sampledOut++
    this.#sampledOut.add()
  }

  /** Says in the stream itself how many trails are not in it. */
  tellSampled(): void {
    this.#sampledOut.tell()
  }

  #tellSampled(trails: number, since: number): void {
    const metadata = { since: new Date(since).toISOString(), trails }
    const parts = { action: 'stream.sampled', outcome: 'success', severity: 'info', metadata } as const
    void this.record(eventDraft(this.options.producer, parts), 'async')
  }

  #isSampled(trail: Trail): boolean {
    if (unrecorded.has(trail)) return false
    const { sampling } = this.options
    if (sampling.keepsAll) return true
    return sampling.keeps({
      traceId: trail.traceId,
      action: actionOf(trail),
      failed: outcomeOf(trail) !== 'success',
      latencyMs: trail.latencyMs,
    })
  }

  /** A trail that was to be safe before its response went out is not: what becomes of the response. */
  undelivered(trail: Trail, mode: 'disk' | 'ack', error: unknown): 'fail' | 'pass' {
    const policy = this.options.onUndelivered === 'pass' ? 'pass' : 'fail'
    report({ kind: 'undelivered', mode, policy, error })
    if (policy === 'fail') {
      // The trail may still arrive, and says what the handler answered; so it is said that the client got another answer.
      const { traceId, requestId, spanId } = trail
      void this.record(
        eventDraft(this.options.producer, {
          action: 'response.withheld',
          outcome: 'failure',
          reason: `the trail was not safe in time (${mode})`,
          traceId,
          requestId,
          spanId,
        }),
        'async',
      )
    }
    return policy
  }

  /** A fault of the SDK itself, contained: counted and told on the diagnostics channel. */
  fault(where: string, error: unknown): void {
    this.counters.faults++
    report({ kind: 'fault', where, error })
  }
}

/** Where OpenTelemetry traces too, both speak of the same span. */
function withActiveSpan(context: TraceContext): TraceContext {
  const span = activeSpan()
  if (span === undefined) return context
  return {
    ...context,
    traceId: span.traceId,
    spanId: span.spanId,
    w3cTraceId: span.traceId,
    flags: (span.traceFlags & 1) === 1 ? '01' : '00',
    tracestate: span.traceState?.serialize() ?? context.tracestate,
  }
}

/** Trails that sampling has left out already. */
const unrecorded = new WeakSet<Trail>()
