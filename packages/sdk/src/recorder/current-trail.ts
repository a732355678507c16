/**
 * What code deep inside a request calls, without being handed anything. Without a trail the functions do nothing, and
 * `traceStep` just runs its function: the same code works in a script or a test.
 */
import type { Actor, Change, Target } from './people.ts'
import { currentScope, runInScope } from './scope.ts'
import type { Integration, IntegrationInit, IntegrationResult, Step } from './step.ts'
import type { Trail } from './trail.ts'

/** The trail that the running code belongs to, finished or not. */
export function currentTrail(): Trail | undefined {
  return currentScope()?.trail as Trail | undefined // nothing else is ever put there
}

/** The same, where a missing trail is a mistake: throws. */
export function mustCurrentTrail(): Trail {
  const trail = currentTrail()
  if (trail === undefined)
    throw new Error('no trail here: this code runs outside of any request, job or message')
  return trail
}

export function hasTrail(): boolean {
  return currentScope() !== undefined
}

/** See `Trail.startStep`. */
export function startStep(name: string, request?: unknown): Step | undefined {
  return currentTrail()?.startStep(name, request)
}

/** See `Trail.endStep`. */
export function endStep(step: Step | undefined, result?: { response?: unknown; error?: unknown }): void {
  currentTrail()?.endStep(step, result)
}

/** Runs `fn` as a step of the current trail; gives back and throws what it does. See `Trail.traceStep`. */
export function traceStep<Result>(name: string, fn: () => Result, options?: { request?: unknown }): Result {
  const trail = currentTrail()
  return trail === undefined ? fn() : trail.traceStep(name, fn, options)
}

/** See `Trail.startIntegration`. Undefined without a trail that is open. */
export function startIntegration(init: IntegrationInit): Integration | undefined {
  return currentTrail()?.startIntegration(init)
}

/** See `Trail.addIntegration`. */
export function addIntegration(
  call: IntegrationInit & IntegrationResult & { readonly latencyMs?: number },
): void {
  currentTrail()?.addIntegration(call)
}

/** See `Trail.addError`. */
export function addError(thrown: unknown, options?: { source?: string; code?: string }): void {
  currentTrail()?.addError(thrown, options)
}

/** See `Trail.setMetadata`. */
export function setMetadata(name: string, value: unknown): void
export function setMetadata(members: Readonly<Record<string, unknown>>): void
export function setMetadata(named: string | Readonly<Record<string, unknown>>, value?: unknown): void {
  currentTrail()?.setMetadata(typeof named === 'string' ? { [named]: value } : named)
}

/** See `Trail.setActor`. */
export function setActor(actor: Actor): void {
  currentTrail()?.setActor(actor)
}

/** See `Trail.addTarget`. */
export function addTarget(target: Target): void {
  currentTrail()?.addTarget(target)
}

/** See `Trail.addChange`. */
export function addChange(change: Change): void {
  currentTrail()?.addChange(change)
}

/** `fn` as part of the trail that runs now, whenever it is called: for queues, emitters and pools that lose it. */
export function bindTrail<Args extends unknown[], Result>(
  fn: (...args: Args) => Result,
): (...args: Args) => Result {
  const scope = currentScope()
  return function (this: unknown, ...args) {
    return runInScope(scope, () => fn.apply(this, args))
  }
}

/** Runs `fn` as part of no trail: for what outlives the request, such as starting a timer that all requests share. */
export function runOutside<Result>(fn: () => Result): Result {
  return runInScope(undefined, fn)
}
