/** Work that no request began: a job, a message, a tick of a timer, each as a trail of its own. */
import { ACTOR_HEADER, verifyActor } from '../trace-context/signed-actor.ts'
import { idOf } from '../trace-context/trace-context.ts'
import { CAUSATION, type Carrier } from './carrier.ts'
import { type RecorderChoice, recorderOf } from './default-recorder.ts'
import type { Recorder } from './recorder.ts'
import type { Trail } from './trail.ts'

export interface WorkInit {
  /** `noun.verb`: what is done. */
  readonly action: string
  /** Where it comes from. Default: a trace of its own. */
  readonly carrier?: Carrier | null | undefined
  /** What it was given, as the record's `request`. */
  readonly request?: Readonly<Record<string, unknown>> | undefined
}

/**
 * Runs `fn` as a trail of its own: a job, a message, a tick of a timer. Gives back and throws what it does; where the delivery must be
 * sure, only after the trail is. Rejects when it is not and the recorder's policy is `fail`.
 */
export async function runTrail<Result>(
  init: WorkInit,
  fn: (trail: Trail) => Promise<Result> | Result,
  choice?: RecorderChoice,
): Promise<Result> {
  const recorder = recorderOf(choice)
  const trail = openWork(recorder, init)
  try {
    const result = await trail.run(() => fn(trail))
    await settle(recorder, trail)
    return result
  } catch (error) {
    if (trail.isOpen) {
      trail.addError(error)
      if (trail.parts.outcome === undefined) trail.setOutcome('failure')
      await trail.finish()
    }
    throw error
  }
}

async function settle(recorder: Recorder, trail: Trail): Promise<void> {
  const mode = trail.parts.delivery ?? recorder.options.delivery
  const safe = await trail.finish()
  if (safe?.kind !== 'failed' || mode === 'async') return
  if (recorder.undelivered(trail, mode, safe.error) === 'fail')
    throw new Error('the work was done, but its trail could not be recorded', { cause: safe.error })
}

function openWork(recorder: Recorder, { action, carrier, request }: WorkInit): Trail {
  const given: Readonly<Record<string, unknown>> = carrier ?? {} // a table may have kept null

  const read = (name: string): string | undefined => {
    const value = given[name]
    return typeof value === 'string' ? value : undefined
  }
  const causationId = idOf(read(CAUSATION))
  const trail = recorder.openTrail({ action, ...(causationId !== undefined && { causationId }) }, read)
  const { contextKey } = recorder.options
  if (contextKey !== undefined) {
    const seal = { key: contextKey, traceId: trail.traceId, way: 'carrier' } as const
    const actor = verifyActor(read(ACTOR_HEADER), Date.now(), seal)
    if (actor !== undefined) trail.parts.actor = actor
  }
  try {
    if (request !== undefined) trail.setRequest(request)
  } catch (error) {
    recorder.fault('request', error) // a getter of the host's threw
  }
  return trail
}
