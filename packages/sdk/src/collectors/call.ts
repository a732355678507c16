/** One call that the service makes, recorded in the trail it is made in; whatever goes wrong here stays here. */
import { currentTrail } from '../recorder/current-trail.ts'
import { report } from '../recorder/diagnostics.ts'
import { currentScope, runInScope } from '../recorder/scope.ts'
import type { Integration, IntegrationInit, IntegrationResult } from '../recorder/step.ts'
import type { Trail } from '../recorder/trail.ts'
import type { Method } from './collected.ts'

/** Undefined without a trail that is open, or where `describe` gives nothing. */
export function beginCall(
  describe: (trail: Trail) => IntegrationInit | undefined,
  trail: Trail | undefined = currentTrail(),
): Integration | undefined {
  if (trail === undefined || !trail.isOpen) return undefined
  try {
    const init = describe(trail)
    return init && trail.startIntegration(init)
  } catch (error) {
    report({ kind: 'fault', where: 'begin of a call', error }) // a getter of the host's threw
    return undefined
  }
}

/** Ends it even where what came of it cannot be read. */
export function endCall(call: Integration | undefined, describe: () => IntegrationResult): void {
  if (call === undefined) return
  let result: IntegrationResult = {}
  try {
    result = describe()
  } catch (error) {
    report({ kind: 'fault', where: 'end of a call', error })
  }
  call.end(result)
}

/** Connecting is no call of its own, unless it fails: then no other says so. Gives what to tell the failure. */
export function beginConnecting(call: Pick<IntegrationInit, 'type' | 'name'>): (error: unknown) => void {
  const trail = currentTrail()
  const startedMs = performance.now()
  return (error) => {
    if (trail?.isOpen === true)
      trail.addIntegration({ ...call, error, latencyMs: performance.now() - startedMs })
  }
}

/** `callback` as part of the trail that runs now, or of none, wherever its answer comes from: pools and sockets lose it. */
export function inScope(callback: Method, watch?: (...args: unknown[]) => void): Method {
  const scope = currentScope()
  return function (...args) {
    watch?.(...args)
    return runInScope(scope, () => callback.apply(this, args))
  }
}

/** The same promise type, settled alike, once `end` knows how: neither rejections nor their being unhandled are hidden. */
export function endWhenSettled<Result>(
  given: PromiseLike<Result>,
  end: (error: unknown, result?: Result) => void,
): PromiseLike<Result> {
  return given.then(
    (result) => {
      end(undefined, result)
      return result
    },
    (error: unknown) => {
      end(error ?? 'undefined was thrown')
      throw error
    },
  )
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
